"""The spectral axis of a cube: which dim it is, where its bins begin and end, and its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core import ALL, Image
from graticule.core.dims import FEATURES
from graticule.core.errors import ImageError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import scale_to
from graticule.ops import _parameters

TIMES = ("tof", "time_of_flight")
_MARKS = ("step", "inferred", "counted")
"""Attributes of a coordinate that hold for its samples as they are, and not for others."""

DOC = _parameters.DOC | {
    "cube": """\
image : Image
    With one spectral dim, found by its name wherever it stands (``tof``, ``wavelength``,
    ``energy``, ``band``, ...), and any others.""",
    "error": """\
error : Image, optional
    One standard deviation of every value. Where it is not given, the values are counts: the
    variance of what is made of them is their number together (1 where there is none).""",
    "spectral_error": """\
ImageError
    If the image has no spectral dim, or several.""",
    "axis_error": """\
UnitsError
    If the spectral dim has no coordinate, or one in another kind of unit.""",
}
"""Paragraphs that the docstrings of the family share."""


def spectral_dim(image: Image, what: str = "") -> str:
    """Return the dim along which an image has spectra, found by its name.

    Examples
    --------
    >>> import xarray as xr
    >>> spectral_dim(xr.DataArray(np.zeros((2, 3, 4)), dims=("y", "wavelength", "x")))
    'wavelength'
    """
    dims = [str(dim) for dim in image.dims]
    found = [dim for dim in dims if dim in FEATURES]
    owner = f"{what} " if what else ""
    if not found:
        raise ImageError(
            f"{owner}has no spectral dim; its dims are {', '.join(dims)}",
            hint="name the axes when reading, in their order, as dims: [tof, y, x]; "
            "wavelength, energy and band are known too",
        )
    if len(found) > 1:
        raise ImageError(
            f"{owner}has several spectral dims, {' and '.join(found)}",
            hint=f"take one index along {found[0]} with transform.select first",
        )
    return found[0]


def whole_spectra(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of an op that sees the whole spectrum of a place."""
    return dict.fromkeys((dim for dim in map(str, image.dims) if dim in FEATURES), ALL)


def unit_of(image: Image, dim: str) -> str:
    """Return the unit of a dim's coordinate; empty where it has none."""
    return str(image[dim].attrs.get("units", "")) if has_axis(image, dim) else ""


def has_axis(image: Image, dim: str) -> bool:
    """Whether a dim has a coordinate of numbers that is not just counted."""
    if dim not in image.coords or image.coords[dim].attrs.get("counted"):
        return False
    return image.coords[dim].dtype.kind in "iuf"


def positions_in(image: Image, dim: str, unit: str) -> tuple[Array, float]:
    """Return the positions along a dim in its own unit, and the factor from that to ``unit``.

    Raises
    ------
    UnitsError
        If it has no coordinate, or one without a unit or of another kind.
    """
    if not unit_of(image, dim):
        raise UnitsError(
            f"the dim {dim} has no {'unit' if has_axis(image, dim) else 'coordinate'}",
            hint=f"say when reading where its samples lie, with a unit such as {unit}",
        )
    return np.asarray(image[dim].values, np.float64), scale_to(unit_of(image, dim), unit)


def bounds_of(image: Image, dim: str) -> tuple[Array, Array]:
    """Return where each bin begins and ends, in the unit of the coordinate.

    They are what the coordinates ``<dim>_left`` and ``<dim>_right`` say, and without them the
    middles between the positions. A dim without a coordinate is counted.
    """
    left, right = f"{dim}_left", f"{dim}_right"
    if left in image.coords and right in image.coords:
        sides = (image.coords[side].values.astype(np.float64) for side in (left, right))
        return next(sides), next(sides)
    counted = np.arange(image.sizes[dim], dtype=np.float64)
    centres = image[dim].values.astype(np.float64) if has_axis(image, dim) else counted
    if centres.size < 2:
        half = float(image[dim].attrs.get("step", 1.0)) / 2 if dim in image.coords else 0.5
        return centres - half, centres + half
    middles = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - middles[0], 2 * centres[-1] - middles[-1]
    edges = np.concatenate([[first], middles, [last]])
    return edges[:-1], edges[1:]


def require_same_bins(image: Image, other: Image, dim: str, what: str = "open_beam") -> None:
    """Raise `ImageError` where the bins of another image, called ``what``, lie elsewhere."""
    theirs = spectral_dim(other, what)
    if theirs != dim:
        raise ImageError(
            f"{what} has spectra along {theirs}, and the image along {dim}",
            hint="bring both to wavelength with spectra.to_wavelength",
        )
    if not (has_axis(image, dim) and has_axis(other, dim)):
        return
    at, others = (each[dim].values.astype(np.float64) for each in (image, other))
    wrong = np.abs(at - others) > 1e-4 * np.maximum(np.abs(at), np.abs(others))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ImageError(
            f"{what} and image have other bins along {dim}: {others[first]:.6g} and "
            f"{at[first]:.6g} for the same sample",
            hint="bin both alike with spectra.rebin, by the same flight path and offset",
        )


def attributes_of(image: Image, dim: str) -> dict[str, Any]:
    """Return the attributes of a dim's coordinate that hold for other samples along it too."""
    if dim not in image.coords:
        return {}
    attrs = image.coords[dim].attrs
    return {str(key): value for key, value in attrs.items() if key not in _MARKS}


def renamed_axis(image: Image, dim: str, name: str, unit: str, scale: float, shift: float) -> Image:
    """Return the image with the dim called ``name``, at ``scale`` (position - ``shift``)."""
    sides = [side for side in (f"{dim}_left", f"{dim}_right") if side in image.coords]
    moved = {
        name + old.removeprefix(dim): scale * (image.coords[old].values - shift)
        for old in (dim, *sides)
    }
    clashing = [new for new in moved if new in image.coords]
    bare = image.drop_vars([dim, *sides, *clashing]).rename({dim: name})
    return bare.assign_coords(
        {new: (name, values, {"units": unit}) for new, values in moved.items()}
    )
