"""Axes of a FITS image: names, spacing, units, from the whole of its world coordinates.

The linear part alone is looked at (CD, or PC times CDELT, or CROTA with CDELT): it gives the
length of a pixel along each of its axes, turned or not. Projections and distortions are left to
`graticule.ops.transform.to_sky`, from the header that is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graticule.core.errors import UnitsError
from graticule.core.typing import Array
from graticule.core.units import unit_scale
from graticule.io.axes import coordinate, default_dims, short_unit

# what CTYPE calls an axis (before the projection), and what it is called here
_NAMES = {
    "HPLN": "x", "HPLT": "y", "SOLAR-X": "x", "SOLAR-Y": "y", "SOLARX": "x", "SOLARY": "y",
    "CRLN": "x", "CRLT": "y", "HGLN": "x", "HGLT": "y", "RA": "x", "DEC": "y",
    "GLON": "x", "GLAT": "y", "ELON": "x", "ELAT": "y", "XLON": "x", "XLAT": "y",
    "LINEAR": "", "PIXEL": "", "TIME": "time", "UTC": "time", "TAI": "time",
    "WAVE": "wavelength", "AWAV": "wavelength", "FREQ": "frequency", "ENER": "energy",
    "VELO": "velocity", "VRAD": "velocity", "VOPT": "velocity", "STOKES": "stokes",
}  # fmt: skip

_ALIGNED = 1e-3
"""Largest part of a pixel's side that may lie along another axis of an image that is not turned."""


@dataclass
class FitsAxes:
    """The axes of a FITS image, in the order of the array.

    Attributes
    ----------
    dims : tuple of str
        Names.
    coords : dict
        Coordinates, as xarray takes them, of the dims that have a spacing.
    notes : list of str
        What could not be understood, in words.
    """

    dims: tuple[str, ...]
    coords: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fits_axes(header: Mapping[str, Any], shape: Sequence[int]) -> FitsAxes:
    """Return names and coordinates of the axes of an image of this shape.

    Parameters
    ----------
    header : mapping
        Values by keyword.
    shape : sequence of int
        Of the array: FITS counts its axes from the last one, and from 1.
    """
    ndim = len(shape)
    axes = FitsAxes(_dims(header, ndim))
    matrix = _matrix(header, ndim)
    units = [_unit(header, number) for number in range(1, ndim + 1)]
    for axis, dim in enumerate(axes.dims):
        pixel = ndim - 1 - axis
        found = _spacing(matrix[:, pixel], pixel, units)
        if found is None:
            _say_why(axes, header, matrix[:, pixel], pixel, dim)
            continue
        step, unit, world = found
        reference = _number(header, f"CRPIX{pixel + 1}", 1.0)
        if world is None:
            axes.notes.append(
                f"{dim} is turned against the axes of the sky or of the world: its positions are "
                "lengths from the reference pixel"
            )
            origin = (1 - reference) * step
        else:
            origin = _number(header, f"CRVAL{world + 1}", 0.0) + (1 - reference) * step
        axes.coords[dim] = coordinate(dim, shape[axis], step, origin=origin, unit=unit)
    return axes


def _spacing(
    column: Array, pixel: int, units: Sequence[str]
) -> tuple[float, str, int | None] | None:
    """Return the length of a pixel along one of its axes, its unit, and the world axis it follows.

    None where there is none; the world axis is None where it follows none.
    """
    if not np.isfinite(column).all() or not column.any():
        return None
    strongest = pixel if column[pixel] else int(np.abs(column).argmax())
    unit = units[strongest]
    parts = np.array([_in_unit(step, own, unit) for step, own in zip(column, units, strict=True)])
    parts = np.nan_to_num(parts)
    length = math.hypot(*parts)
    across = math.hypot(*np.delete(parts, pixel))
    if parts[pixel] and across <= _ALIGNED * length:
        return math.copysign(length, column[pixel]) if across else float(column[pixel]), unit, pixel
    return length, unit, None


def _in_unit(value: float, own: str, unit: str) -> float:
    """Return a step in another unit; NaN where the two measure different things."""
    if value == 0 or own == unit:
        return float(value)
    try:
        (scale, base), (other, other_base) = unit_scale(own), unit_scale(unit)
    except UnitsError:
        return math.nan
    return value * scale / other if base == other_base else math.nan


def _say_why(
    axes: FitsAxes, header: Mapping[str, Any], column: Array, pixel: int, dim: str
) -> None:
    named = [f"CDELT{pixel + 1}", f"CD{pixel + 1}_{pixel + 1}"]
    given = next((key for key in named if header.get(key) is not None), None)
    if given is not None:
        axes.notes.append(f"{given} = {header[given]!r} is no spacing; {dim} is counted in pixels")


def _matrix(header: Mapping[str, Any], ndim: int) -> Array:
    """Return the step along each world axis (rows) of a pixel along each axis (columns).

    A column is NaN where the header gives no spacing.
    """
    numbers = range(1, ndim + 1)
    if any(f"CD{i}_{j}" in header for i in numbers for j in numbers):
        return np.array([[_number(header, f"CD{i}_{j}", 0.0) for j in numbers] for i in numbers])
    turned = any(f"PC{i}_{j}" in header for i in numbers for j in numbers)
    rotation = np.array(
        [[_number(header, f"PC{i}_{j}", float(i == j)) for j in numbers] for i in numbers]
    )
    steps = np.array([_number(header, f"CDELT{i}", 1.0 if turned else math.nan) for i in numbers])
    angle = _number(header, "CROTA2", 0.0)
    if not turned and ndim >= 2 and angle and np.isfinite(steps[:2]).all():
        # the convention of before the PC matrix (Greisen & Calabretta 2002, section 6.1)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        ratio = steps[1] / steps[0] if steps[0] else math.nan
        rotation[:2, :2] = [[cos, -sin * ratio], [sin / ratio if ratio else math.nan, cos]]
    with np.errstate(invalid="ignore"):
        matrix: Array = steps[:, None] * rotation
    matrix[~np.isfinite(steps), :] = 0
    for number, step in enumerate(steps):
        if not math.isfinite(step):
            matrix[number, number] = math.nan
    return matrix


def _number(header: Mapping[str, Any], key: str, otherwise: float) -> float:
    """Return the number of a card; NaN where it holds none."""
    value = header.get(key)
    if value is None:
        return otherwise
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if good else math.nan


def _unit(header: Mapping[str, Any], number: int) -> str:
    unit = short_unit(header.get(f"CUNIT{number}", ""))
    # a projected axis is in degrees unless it says otherwise (FITS standard, table 22)
    kind = str(header.get(f"CTYPE{number}", ""))
    if not unit and kind[4:5] == "-":
        return "deg"
    # images of the Sun from before that standard do not say it: MDI, EIT, SXT
    if not unit and kind.strip().lower().replace("_", "-") in ("solar-x", "solar-y"):
        return "arcsec"
    return unit


def _dims(header: Mapping[str, Any], ndim: int) -> tuple[str, ...]:
    """Return the names that CTYPE gives, and default names where it gives none or one twice."""
    fallback = default_dims(ndim)
    named = [_name(str(header.get(f"CTYPE{ndim - axis}", ""))) for axis in range(ndim)]
    dims: list[str] = []
    for axis, name in enumerate(named):
        taken = not name or named.count(name) > 1
        dims.append(fallback[axis] if taken else name)
    return tuple(dims) if len(set(dims)) == ndim else fallback


def _name(ctype: str) -> str:
    text = ctype.strip()
    if text.islower() and "-" not in text:  # no name of the standard
        return text
    base = text.upper() if text.upper() in _NAMES else text.upper().split("-")[0]
    return _NAMES.get(base, text)
