"""Axes of a FITS image: names, spacing, units, from the whole of its world coordinates.

The linear part alone is looked at (CD, or PC times CDELT, or CROTA with CDELT): it gives the
length and direction of a pixel's sides, turned or not. Projections and distortions are left to
`graticule.ops.transform.to_sky`, from the header that is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graticule.core.dims import KNOWN
from graticule.core.errors import UnitsError
from graticule.core.image import DIRECTION, HEADER_AXIS
from graticule.core.typing import Array
from graticule.core.units import unit_scale
from graticule.io.axes import coordinate, default_dims, short_unit
from graticule.io.safety import require_modest

# what CTYPE calls an axis (before the projection), where that is not the word in small letters
_NAMES = {
    "HPLN": "x", "HPLT": "y", "SOLAR-X": "x", "SOLAR-Y": "y", "SOLARX": "x", "SOLARY": "y",
    "CRLN": "x", "CRLT": "y", "HGLN": "x", "HGLT": "y", "RA": "x", "DEC": "y",
    "GLON": "x", "GLAT": "y", "ELON": "x", "ELAT": "y", "XLON": "x", "XLAT": "y",
    "LINEAR": "", "PIXEL": "", "TIME": "time", "UTC": "time", "TAI": "time",
    "TT": "time", "TDB": "time", "TDT": "time", "ET": "time", "UT1": "time", "GPS": "time",
    "WAVE": "wavelength", "AWAV": "wavelength", "LAMBDA": "wavelength", "WAVN": "wavenumber",
    "FREQ": "frequency", "ENER": "energy", "ZOPT": "redshift",
    "VELO": "velocity", "VRAD": "velocity", "VOPT": "velocity", "FELO": "velocity",
}  # fmt: skip

_CTYPE = re.compile("CTYPE[1-9][A-Z]?")
_PROJECTED = re.compile("[A-Z][A-Z0-9-]{3}-[A-Z]{3}")
_SPECTRAL = re.compile("[A-Z]{4}-(LOG|TAB|GRI|GRA|[A-Z]2[A-Z])")
"""What CTYPE calls a spectral axis whose samples are not evenly spaced (Greisen et al. 2006)."""
_TABLES = re.compile("CPDIS[1-9]|CQDIS[1-9]|D2IMDIS[1-9]|D2IMARR|AXISCORR")
_POSITION = 8
"""Bytes of a position."""
_ALIGNED = 1e-3
"""Largest part of a pixel's side that may lie along another axis of an image that is not turned."""
_SQUARE = 1e-5
"""Largest cosine of an angle that counts as right: the area is off by less than 1e-10 then."""
_FLAT = 1e-7
"""Sides closer to a line or plane than this have no area."""
_LARGEST = 1e100
"""No side is as long as this, in any unit, nor as short as one over it: a volume is a float."""
_FINEST = 1e12
"""Farthest position that still tells samples apart, in steps."""


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


@dataclass(frozen=True)
class _Side:
    """One side of a pixel: its length and unit, signed as positions run, and its direction.

    ``world`` is the world axis it follows; None where it follows none. ``direction`` is a unit
    vector over the world axes, in the sense of rising positions.
    """

    step: float
    unit: str
    world: int | None
    direction: Array


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
    matrix, units = linear_part(header, ndim)
    sides: dict[str, _Side] = {}
    for axis, dim in enumerate(axes.dims):
        pixel = ndim - 1 - axis
        side = _side(matrix[:, pixel], pixel, units)
        uneven = _SPECTRAL.match(str(header.get(f"CTYPE{pixel + 1}", "")).strip().upper())
        if uneven is not None:
            _add_uneven(axes, header, side, pixel, dim, shape[axis], uneven[1])
            continue
        if side is None:
            _say_why(axes, header, matrix[:, pixel], pixel, dim)
            continue
        origin = _origin(axes, header, side, pixel, dim, shape[axis])
        axes.coords[dim] = coordinate(dim, shape[axis], side.step, origin=origin, unit=side.unit)
        if is_celestial(header):
            axes.coords[dim][2][HEADER_AXIS] = [pixel + 1, origin, side.step]
        sides[dim] = side
    _say_turned(axes, header, sides, matrix)
    _add_directions(axes, sides)
    tables = [key for key in header if _TABLES.fullmatch(key)]
    if tables and is_celestial(header):
        axes.notes.append(
            f"the distortion by tables ({', '.join(tables)}) is left out: positions on the sky are "
            "without it"
        )
    return axes


def _add_uneven(
    axes: FitsAxes,
    header: Mapping[str, Any],
    side: _Side | None,
    pixel: int,
    dim: str,
    size: int,
    algorithm: str,
) -> None:
    """Add the positions along a spectral axis that is even in the logarithm; note any other one.

    A step of ``LOG`` is that at the reference pixel (Greisen et al. 2006, equation 5).
    """
    middle = _number(header, f"CRVAL{pixel + 1}", 0.0)
    if algorithm != "LOG" or side is None or side.world is None or not middle > 0:
        axes.notes.append(
            f"CTYPE{pixel + 1} = {header[f'CTYPE{pixel + 1}']!r} places samples by a rule that is "
            f"not read; {dim} is counted in samples"
        )
        return
    require_modest((size,), 2 * _POSITION, what=f"the axis {dim}")
    steps = np.arange(1, size + 1) - _number(header, f"CRPIX{pixel + 1}", 0.0)
    with np.errstate(all="ignore"):
        positions = middle * np.exp(steps * side.step / middle)
    axes.coords[dim] = (dim, positions, {"units": side.unit} if side.unit else {})


def linear_part(header: Mapping[str, Any], ndim: int) -> tuple[Array, list[str]]:
    """Return the step along each world axis (rows) of a pixel along each axis, and their units.

    A column is NaN where the header gives no spacing.
    """
    units = [_unit(header, number) for number in range(1, ndim + 1)]
    return _matrix(header, units), units


def is_celestial(header: Mapping[str, Any]) -> bool:
    """Whether a header places its image on the sky, in its main coordinates or others."""
    return any(
        _CTYPE.fullmatch(key)
        and isinstance(kind, str)
        and _PROJECTED.match(kind)
        and not _SPECTRAL.match(kind)
        for key, kind in header.items()
    )


def _origin(
    axes: FitsAxes, header: Mapping[str, Any], side: _Side, pixel: int, dim: str, size: int
) -> float:
    """Return the position of the first sample."""
    key = f"CRPIX{pixel + 1}"
    reference = _number(header, key, 0.0)  # the default of the standard
    if not abs(reference) < _LARGEST:
        axes.notes.append(f"{key} = {header[key]!r} is no pixel; {dim} starts at 0")
        return 0.0
    first = (1 - reference) * side.step
    if side.world is None:
        return first
    key = f"CRVAL{side.world + 1}"
    origin = _number(header, key, 0.0) + first
    # positions that far out would not tell one sample from the next
    if not abs(origin) + abs(side.step) * size < _FINEST * abs(side.step):
        axes.notes.append(
            f"{key} = {header[key]!r} is no position for steps of {side.step:g}; positions along "
            f"{dim} are lengths from the reference pixel"
        )
        return first
    return origin


def _say_turned(
    axes: FitsAxes, header: Mapping[str, Any], sides: Mapping[str, _Side], matrix: Array
) -> None:
    turned = [dim for dim, side in sides.items() if side.world is None]
    if not turned:
        return
    kinds = [str(header.get(f"CTYPE{n + 1}", "")).strip() for n in range(len(axes.dims))]
    frame = str(header.get("RADESYS", "")).strip()
    sky = f" ({' and '.join(filter(None, kinds))}{', ' if frame else ''}{frame})"
    angle = ""
    if len(axes.dims) >= 2 and np.isfinite(matrix[:2, :2]).all():
        degrees = math.degrees(math.atan2(-matrix[0, 1], matrix[1, 1]))
        angle = f" by {degrees:.6g} degrees"
    axes.notes.append(
        f"{' and '.join(turned)} {'is' if len(turned) == 1 else 'are'} turned{angle} against the "
        f"axes of the sky or of the world{sky if any(kinds) else ''}: positions are lengths from "
        "the reference pixel"
    )


def _add_directions(axes: FitsAxes, sides: Mapping[str, _Side]) -> None:
    """Tell the directions of pixels that are not at right angles; leave out what has no area."""
    vectors = np.array([side.direction for side in sides.values()])
    if len(sides) < 2 or (np.abs(vectors @ vectors.T - np.eye(len(sides))) <= _SQUARE).all():
        return
    if np.linalg.matrix_rank(vectors, tol=_FLAT) < len(vectors):
        axes.notes.append(
            "the pixels have sides along one another, and no area; "
            f"{' and '.join(sides)} are counted in pixels"
        )
        axes.coords.clear()
        return
    for dim, side in sides.items():
        axes.coords[dim][2][DIRECTION] = side.direction.tolist()


def _side(column: Array, pixel: int, units: Sequence[str]) -> _Side | None:
    """Return the side of a pixel along one of its axes; None where it has no length."""
    if not np.isfinite(column).all() or not column.any():
        return None
    strongest = pixel if column[pixel] else int(np.abs(column).argmax())
    unit = units[strongest]
    parts = np.array([_in_unit(step, own, unit) for step, own in zip(column, units, strict=True)])
    parts = np.nan_to_num(parts)
    length = math.hypot(*parts)
    if not 1 / _LARGEST < length < _LARGEST:
        return None
    direction = parts / length
    across = math.hypot(*np.delete(direction, pixel))
    if not parts[pixel] or across > _ALIGNED:
        return _Side(length, unit, None, direction)
    step = math.copysign(length, column[pixel]) if across else float(column[pixel])
    return _Side(step, unit, pixel, direction * math.copysign(1, step))


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


def _matrix(header: Mapping[str, Any], units: Sequence[str]) -> Array:
    ndim = len(units)
    numbers = range(1, ndim + 1)
    if any(f"CD{i}_{j}" in header for i in numbers for j in numbers):
        return np.array([[_number(header, f"CD{i}_{j}", 0.0) for j in numbers] for i in numbers])
    turned = any(f"PC{i}_{j}" in header for i in numbers for j in numbers)
    rotation = np.array(
        [[_number(header, f"PC{i}_{j}", float(i == j)) for j in numbers] for i in numbers]
    )
    steps = np.array([_number(header, f"CDELT{i}", 1.0 if turned else math.nan) for i in numbers])
    if not turned and ndim >= 2:
        rotation[:2, :2] = _rotation(_number(header, "CROTA2", 0.0), steps, units)
    with np.errstate(invalid="ignore", over="ignore"):
        matrix = steps[:, None] * rotation
    return np.where(rotation == 0, 0.0, matrix)


def _rotation(degrees: float, steps: Array, units: Sequence[str]) -> Array:
    """Return the matrix of an angle, for axes of one kind.

    The convention of before the PC matrix (Greisen & Calabretta 2002, section 6.1).
    """
    ratio = _in_unit(steps[1], units[1], units[0]) / steps[0] if steps[0] else math.nan
    if not (math.isfinite(ratio * degrees) and ratio):
        return np.eye(2)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, -sin * ratio], [sin / ratio, cos]])


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
    if not unit and kind[4:5] == "-" and not _SPECTRAL.match(kind):
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
    own = text.lower() if text.isupper() or text.lower() in KNOWN else text
    return _NAMES.get(base, own)
