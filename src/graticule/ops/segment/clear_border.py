"""Removing objects that the image cuts off."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Length, Reduction, filtered_dims, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.segment.filter_by_size import without


def _map(labels: Image, *, block: BlockInfo, margin: Length) -> Array:
    """Return the labels of a block that lie in the margin of the whole image."""
    touching = [np.zeros(0, labels.dtype)]
    for dim in filtered_dims(labels):
        size, first = block.shape[dim], block.offset[dim]
        thick = 1 + math.floor(margin.samples(labels, dim))
        position = np.arange(first, first + labels.sizes[dim])
        near = (position < thick) | (position >= size - thick)
        touching.append(np.unique(labels.values.compress(near, axis=labels.get_axis_num(dim))))
    return np.unique(np.concatenate(touching))


_SCOPE = Reduction(_map, np.union1d, apply=without)


@op(version=1, scope=_SCOPE, dtype="same", doc=DOC)
def clear_border(
    labels: Labels,
    *,
    margin: Annotated[Length, Field(title="Margin", ge=0)] = Length(0),
) -> Labels:
    """Remove the objects that touch the border of the image.

    Such objects are cut off, so their size and shape would be wrong. The rest keep their
    numbers. Only the ends of ``z y x`` are borders, or of all dims where the image has none of
    these.

    Parameters
    ----------
    labels : Labels
        Any dims.
    margin : Length
        Also remove what comes closer to the border than this, in pixels or as a length.

    Returns
    -------
    Labels
        In the dtype of ``labels``.

    %(raises_length)s

    See Also
    --------
    skimage.segmentation.clear_border : equal, with ``buffer_size=margin``.

    %(examples)s
    >>> gt.segment.clear_border(np.array([[1, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]))
    array([[0, 0, 0, 0],
           [0, 0, 2, 0],
           [0, 0, 0, 0]])
    """
    cleared: Labels = _SCOPE.whole(labels, margin=margin)
    return cleared
