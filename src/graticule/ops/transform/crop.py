"""Cutting a part out of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Pointwise, Quantity, op
from graticule.core.errors import ImageError, ParameterError, UnitsError, suggest
from graticule.core.image import level_of
from graticule.core.units import unit_scale
from graticule.ops._parameters import DOC

Bounds = dict[str, Quantity]


def _index(image: Image, params: Mapping[str, Any]) -> dict[str, slice]:
    start, stop, by = params["start"], params["stop"], params["by"]
    dims = [str(dim) for dim in image.dims]
    for side, bounds in (("start", start), ("stop", stop)):
        unknown = [dim for dim in bounds if dim not in dims]
        if unknown:
            raise ImageError(
                f"{side} names the dim {unknown[0]!r}; the image has {', '.join(dims)}",
                hint=suggest(unknown[0], dims),
            )
    named = [dim for dim in dims if dim in start or dim in stop]
    return {dim: _slice(image, dim, start.get(dim), stop.get(dim), by) for dim in named}


def _slice(image: Image, dim: str, start: Quantity | None, stop: Quantity | None, by: str) -> slice:
    size = int(image.sizes[dim])
    first = 0 if start is None else _position(image, dim, start, by, last=False)
    end = size if stop is None else _position(image, dim, stop, by, last=True)
    if not 0 <= first < end <= size:
        raise ImageError(
            f"along {dim}, {_shown(start)} to {_shown(stop)} is samples {first} to {end}, "
            f"and the image has 0 to {size}",
            hint="the start must lie before the stop, and both inside the image",
        )
    return slice(first, end)


def _shown(bound: Quantity | None) -> str:
    return "the end" if bound is None else str(bound)


def _position(image: Image, dim: str, bound: Quantity, by: str, *, last: bool) -> int:
    if bound.base or by == "coordinate":
        return _at_coordinate(image, dim, bound, last=last)
    index = bound.samples(image, dim)
    if level_of(image):
        index = _at_level(index, int(image.sizes[dim]), last=last)
    if index != int(index):
        raise ParameterError(
            f"an index must be a whole number, not {index:g}",
            where=f"{'stop' if last else 'start'}.{dim}",
            hint="by: coordinate takes numbers between samples",
        )
    return int(index) + (image.sizes[dim] if index < 0 else 0)


def _at_level(index: float, size: int, *, last: bool) -> int:
    """Return the sample of a coarser level that holds an index, or for ``last`` the one after."""
    counted = index + size if index < 0 else index
    return min(math.ceil(counted), size) if last else min(math.floor(counted), size - 1)


def _at_coordinate(image: Image, dim: str, bound: Quantity, *, last: bool) -> int:
    """Return the index of the first sample at or after a coordinate (``last``: after it)."""
    if dim not in image.coords or image.coords[dim].dtype.kind not in "iuf":
        raise UnitsError(
            f"the dim {dim} has no coordinate to find {bound} on",
            hint=f"give the spacing along {dim} when reading, or crop by index",
        )
    coordinate = image.coords[dim]
    positions = np.asarray(coordinate.values, np.float64)
    wanted = bound.value
    if bound.base:
        unit = str(coordinate.attrs.get("units", ""))
        if not unit:
            raise UnitsError(
                f"the dim {dim} has no unit, so {bound} lies nowhere on it",
                hint=f"give the spacing along {dim} with a unit when reading",
            )
        factor, base = unit_scale(unit)
        if base != bound.base:
            raise UnitsError(f"{bound} does not fit the dim {dim}, counted in {base}")
        wanted = bound.value / factor
    # A decimal bound such as 0.3 must find the sample at 3 * 0.1 in spite of rounding.
    slack = 1e-9 * max(float(np.abs(positions).max()), abs(wanted))
    rising = positions.size < 2 or positions[-1] >= positions[0]
    if not rising:
        positions, wanted = -positions, -wanted
    return int(np.searchsorted(positions, wanted + (slack if last else -slack), side="left"))


@op(version=1, scope=Pointwise(index=_index), dtype="same", doc=DOC)
def crop(
    image: Image,
    *,
    start: Annotated[Bounds, Field(title="First sample, by dim")] = {},  # noqa: B006
    stop: Annotated[Bounds, Field(title="End, by dim")] = {},  # noqa: B006
    by: Annotated[Literal["index", "coordinate"], Field(title="What a plain number means")] = (
        "index"
    ),
) -> Image:
    """Cut out the part of an image between ``start`` and ``stop``.

    Along each dim the samples ``start <= index < stop`` are kept, as NumPy slices do; negative
    indices count from the end. Bounds with a unit, and plain numbers with ``by="coordinate"``,
    are positions on the dim's coordinate, and both ends are kept: ``start <= position <= stop``.
    A dim that is not named is kept whole.

    Parameters
    ----------
    image : Image
        Any dims, any dtype.
    start : dict of str to Quantity
        By dim: an index, or a position such as ``"5 um"``, in the coordinate's direction.
    stop : dict of str to Quantity
        By dim: the index after the last sample, or the position of the last.
    by : {"index", "coordinate"}
        Whether plain numbers are indices or positions on the coordinate, in its unit.

    Returns
    -------
    Image
        Values, dtype, coordinates and units as in ``image``.

    Raises
    ------
    ImageError
        If a dim does not exist, nothing is left, or a bound lies outside the image.
    ParameterError
        If an index is not a whole number.
    UnitsError
        If a position is asked for on a dim without a coordinate, or in another kind of unit.

    See Also
    --------
    xarray.DataArray.isel, xarray.DataArray.sel : the same, by index and by coordinate.

    %(examples)s
    >>> gt.transform.crop(np.arange(12).reshape(3, 4), start={"x": 1}, stop={"x": -1, "y": 2})
    array([[1, 2],
           [5, 6]])
    """
    return image.isel(_index(image, {"start": start, "stop": stop, "by": by}))
