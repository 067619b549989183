"""Numbering labels anew."""

from __future__ import annotations

import numpy as np

from graticule.core import Labels, Whole, like, op
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("the number of an object depends on all before it", memory=4.0),
    dtype="int32",
    doc=DOC,
)
def relabel(labels: Labels) -> Labels:
    """Give objects the numbers 1, 2, ... by their first sample in raster order.

    What was one label stays one label; gaps between numbers close, and the order is that of
    `segment.label`.

    Parameters
    ----------
    labels : Labels
        Any dims and numbers.

    Returns
    -------
    Labels
        int32.

    See Also
    --------
    skimage.segmentation.relabel_sequential : numbers by the old ones, not by place.

    %(examples)s
    >>> gt.segment.relabel(np.array([0, 7, 7, 3, 0, 9, 3]))
    array([0, 1, 1, 2, 0, 3, 2], dtype=int32)
    """
    from graticule.ops.segment._kernels import number_pairs

    values = labels.values.reshape(-1)
    numbered = np.empty(labels.shape, np.int32)
    number_pairs(values, values, numbered.reshape(-1))
    return like(labels, numbered)
