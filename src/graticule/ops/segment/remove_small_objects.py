"""Removing small objects of a mask."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Area, Mask, Whole, op
from graticule.ops._parameters import Connectivity
from graticule.ops.segment._runs import SIZE_DOC, large_parts


@op(
    version=1,
    scope=Whole("the size of an object depends on all of it", memory=8.0),
    dtype="bool",
    doc=SIZE_DOC,
)
def remove_small_objects(
    mask: Mask,
    *,
    min_size: Annotated[Area, Field(title="Smallest object", ge=0)] = Area(64),
    connectivity: Connectivity = 1,
) -> Mask:
    """Remove small objects of a mask.

    An object is a connected part of the mask; those smaller than ``min_size`` go.
    For labels use `segment.filter_by_size`.

    Parameters
    ----------
    %(parameters)s

    Returns
    -------
    Mask
        Of the same dims; nowhere True where ``mask`` is False.

    %(size_raises)s

    See Also
    --------
    skimage.morphology.remove_small_objects : equal, with ``max_size=min_size - 1``.

    %(examples)s
    >>> gt.segment.remove_small_objects(np.array([1, 0, 1, 1, 1, 0], bool), min_size=2).astype(int)
    array([0, 0, 1, 1, 1, 0])
    """
    return large_parts(mask, min_size, connectivity, value=True)
