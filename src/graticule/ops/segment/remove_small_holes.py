"""Filling small holes of a mask."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Area, Mask, Whole, op, with_values
from graticule.ops._parameters import Connectivity
from graticule.ops.segment._runs import SIZE_DOC, large_parts


@op(
    version=1,
    scope=Whole("the size of a hole depends on all of it", memory=8.0),
    dtype="bool",
    doc=SIZE_DOC,
)
def remove_small_holes(
    mask: Mask,
    *,
    min_size: Annotated[Area, Field(title="Smallest hole", ge=0)] = Area(64),
    connectivity: Connectivity = 1,
) -> Mask:
    """Fill small holes of a mask.

    A hole is a connected part of the background; those smaller than ``min_size`` are filled, at the
    border of the image too.
    For labels use `segment.filter_by_size`.

    Parameters
    ----------
    %(parameters)s

    Returns
    -------
    Mask
        Of the same dims; nowhere False where ``mask`` is True.

    %(size_raises)s

    See Also
    --------
    skimage.morphology.remove_small_holes : equal, with ``max_size=min_size - 1``.

    %(examples)s
    >>> gt.segment.remove_small_holes(np.array([1, 0, 1, 0, 0, 1], bool), min_size=2).astype(int)
    array([1, 1, 1, 0, 0, 1])
    """
    large = large_parts(mask, min_size, connectivity, value=False)
    return with_values(large, ~large.values)
