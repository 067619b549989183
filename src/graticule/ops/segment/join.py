"""Intersection of two label images."""

from __future__ import annotations

import numpy as np

from graticule.core import Labels, Whole, like, op
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("the number of an object depends on all before it", memory=11.0),
    dtype="int32",
    doc=DOC,
)
def join(labels: Labels, others: Labels) -> Labels:
    """Give a number to each pair of labels that meet.

    Two samples have the same label in the result if they have the same in both images. Where
    both are background, the result is background; where one is, the other decides alone.

    Parameters
    ----------
    labels, others : Labels
        Of the same dims and sizes.

    %(numbered)s

    Raises
    ------
    ImageError
        If dims or sizes differ.

    See Also
    --------
    skimage.segmentation.join_segmentations : the same partition.

    %(examples)s
    >>> gt.segment.join(np.array([1, 1, 1, 0, 0]), np.array([0, 2, 2, 2, 0]))
    array([1, 2, 2, 3, 0], dtype=int32)
    """
    from graticule.core.errors import ImageError
    from graticule.ops.segment._kernels import number_pairs

    if set(labels.dims) != set(others.dims):
        raise ImageError(
            f"labels and others must have the same dims, not {', '.join(map(str, labels.dims))} "
            f"and {', '.join(map(str, others.dims))}"
        )
    joined = np.empty(labels.shape, np.int32)
    there = others.transpose(*labels.dims).values
    number_pairs(labels.values.reshape(-1), there.reshape(-1), joined.reshape(-1))
    return like(labels, joined)
