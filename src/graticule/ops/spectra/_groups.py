"""Which bins are joined: by their number, by a width, or until there are counts enough."""

from __future__ import annotations

import numpy as np

from graticule.core import Image, Quantity, Table
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import unit_scale
from graticule.ops.spectra._axis import attributes_of, bounds_of, has_axis, unit_of


def groups_of_width(image: Image, dim: str, width: Quantity) -> Array:
    """Return the first bin of each interval of a width: a bin is in that of its centre.

    Raises
    ------
    UnitsError
        If the dim has no coordinate, or the width is of another kind.
    ImageError
        If the coordinate turns back.
    """
    if not has_axis(image, dim):
        raise UnitsError(
            f"the dim {dim} has no coordinate to measure a width on",
            hint="give bins, how many to join, or say when reading where the samples lie",
        )
    step = width.value
    if width.base:
        unit = unit_of(image, dim)
        factor, base = unit_scale(unit) if unit else (1.0, "")
        if base != width.base:
            raise UnitsError(f"a width of {width} does not fit the dim {dim}, which is in {unit}")
        step /= factor
    left, right = bounds_of(image, dim)
    centres = (left + right) / 2
    falls = centres[-1] < centres[0]
    from_first = (centres - (right[0] if falls else left[0])) * (-1 if falls else 1)
    if (np.diff(from_first) <= 0).any():
        raise ImageError(
            f"the coordinate along {dim} turns back", hint="sort the bins by it when reading"
        )
    # 3 bins of 0.1 are a width of 0.3 in spite of rounding
    number = np.floor(from_first / step + 1e-9)
    return np.concatenate([[0], np.flatnonzero(np.diff(number)) + 1]).astype(np.int64)


def groups_of_counts(image: Image, dim: str, spectrum: Table | None, counts: float) -> Array:
    """Return the first bin of groups that have enough counts each in the spectra of a table.

    Raises
    ------
    ImageError
        If the table has other bins.
    ParameterError
        If there is none.
    """
    if spectrum is None:
        raise ParameterError(
            "needs a spectrum, so that all pixels have the same bins",
            where="counts",
            hint="give the table of spectra.regions as spectrum",
        )
    missing = [name for name in ("region", dim, "mean") if name not in spectrum.columns]
    if missing:
        raise ImageError(f"spectrum has no column {missing[0]}", hint="as spectra.regions gives it")
    size = image.sizes[dim]
    rows = spectrum[spectrum["pixels"] > 0] if "pixels" in spectrum.columns else spectrum
    parts = [part["mean"].to_numpy(np.float64) for _, part in rows.groupby("region", sort=False)]
    if not parts or any(len(part) != size for part in parts):
        raise ImageError(
            f"spectrum must have {size} bins along {dim} as the image; it has "
            f"{len(parts[0]) if parts else 0}",
            hint="measure it on the cube that is to be binned",
        )
    least = np.nan_to_num(np.min(parts, axis=0), nan=0.0, posinf=0.0, neginf=0.0)
    starts, held = [0], 0.0
    for number, value in enumerate(least.tolist()):
        if held >= counts:
            starts.append(number)
            held = 0.0
        held += value
    if held < counts and len(starts) > 1:
        starts.pop()  # what is left over at the end goes with the group before
    return np.array(starts, np.int64)


def joined(image: Image, dim: str, starts: Array, values: Array) -> Image:
    """Return joined values with the coordinates of the groups of bins."""
    import xarray as xr

    coords = {name: each for name, each in image.coords.items() if dim not in each.dims}
    stops = np.append(starts[1:], image.sizes[dim])
    alone = stops - starts == 1
    if has_axis(image, dim):
        left, right = bounds_of(image, dim)
        first, last = left[starts], right[stops - 1]
        centres = np.where(alone, image[dim].values[starts], (first + last) / 2)
        attrs = attributes_of(image, dim)
        if alone.all():
            centres, attrs = image[dim].values, dict(image[dim].attrs)
        coords[dim] = (dim, centres, attrs)
        if not alone.all() or f"{dim}_left" in image.coords:
            units = {"units": attrs["units"]} if "units" in attrs else {}
            coords |= {f"{dim}_left": (dim, first, units), f"{dim}_right": (dim, last, units)}
    for name, each in image.coords.items():
        if each.dims == (dim,) and name not in coords and not str(name).startswith(dim):
            held = each.values
            if all((held[a:b] == held[a]).all() for a, b in zip(starts, stops, strict=True)):
                coords[name] = (dim, held[starts], each.attrs)
    kept = {key: value for key, value in image.attrs.items() if key != "units"}
    return xr.DataArray(values, coords, image.dims, name=image.name, attrs=kept)
