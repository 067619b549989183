"""Removing small objects of a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from graticule.core import Area, Mask, Whole, filtered_dims, op
from graticule.core.typing import Array
from graticule.ops._parameters import Connectivity


@op(version=1, scope=Whole("the size of an object depends on all of it", memory=8.0), dtype="bool")
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
    mask : Mask
        Any dims; worked on along ``z y x``, or along all where it has none of these, for every
        index along the others.
    min_size : Area
        In pixels, or as an area (``"20 um2"``) in two dims and a volume (``"20 um3"``) in three.
    connectivity : int
        Samples of an object differ by one step along at most so many dims.

    Returns
    -------
    Mask
        Of the same dims; nowhere True where ``mask`` is False.

    Raises
    ------
    ParameterError
        If ``connectivity`` is more than the number of dims.
    UnitsError
        If ``min_size`` has a unit that does not fit the dims of the image.

    See Also
    --------
    skimage.morphology.remove_small_objects : equal, with ``max_size=min_size - 1``.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.segment.remove_small_objects(np.array([1, 0, 1, 1, 1, 0], bool), min_size=2).astype(int)
    array([0, 0, 1, 1, 1, 0])
    """
    from graticule.ops.segment._runs import by_runs, parts_of
    from graticule.ops.segment.label import require_connectivity

    dims = filtered_dims(mask)
    require_connectivity(connectivity, dims)
    least = min_size.pixels(mask, dims)

    def work(values: Array, axes: Sequence[int]) -> Array:
        parts = parts_of(values, axes, connectivity, value=True)
        keep = parts.sizes() >= least
        keep[0] = False
        return parts.painted(keep)

    return by_runs(mask, work)
