"""Axes of files: names, evenly spaced coordinates, and units in one spelling."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graticule.core.errors import FormatError, UnitsError
from graticule.core.image import DEFAULT_DIMS, Image, may_be_colours, step_of, variable_of
from graticule.core.typing import Array
from graticule.core.units import is_unit
from graticule.io.safety import require_modest

UNNAMED = "axis_"
GUESSED = "; name them with dims="
"""End of a note that the names of axes are a guess, which those who name them need not read."""
_POSITION = 24
"""Bytes of a position while it is computed."""

_PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n",
    "micro": "u", "milli": "m", "centi": "c", "deci": "d", "": "", "deca": "da", "hecto": "h",
    "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "exa": "E", "zetta": "Z",
    "yotta": "Y",
}  # fmt: skip
LONG_NAMES = {
    **{f"{word}meter": f"{letter}m" for word, letter in _PREFIXES.items()},
    **{f"{word}second": f"{letter}s" for word, letter in _PREFIXES.items()},
    "angstrom": "Angstrom",
    "minute": "min",
    "hour": "h",
    "day": "d",
}
"""The spelled-out units of OME-Zarr, and the short form that coordinates carry."""

_WORDS = {
    **{name.lower(): short for name, short in LONG_NAMES.items()},
    "micron": "um", "micrn": "um", "mum": "um", "sec": "s", "msec": "ms", "usec": "us",
    "nsec": "ns", "mins": "min", "hr": "h", "hrs": "h", "degree": "deg", "degs": "deg",
    "arcmin": "arcmin", "arcminute": "arcmin", "amin": "arcmin", "arcsec": "arcsec",
    "arcsecond": "arcsec", "asec": "arcsec",
    "radian": "rad", "deg": "deg", "rad": "rad", "mas": "mas", "hz": "Hz",
    "angstroem": "Angstrom", "ångstrom": "Angstrom", "ångström": "Angstrom",
    "ang": "Angstrom", "inch": "inch", "inche": "inch", "in": "inch", "feet": "ft", "foot": "ft",
    "pixel": "", "px": "", "pix": "", "sample": "", "voxel": "", "reference frame": "",
    "none": "", "null": "", "n/a": "", "unknown": "", "undefined": "", "arbitrary": "",
}  # fmt: skip
_LETTERS = {
    "Å": "Angstrom",
    "A": "Angstrom",
    '"': "arcsec",
    "''": "arcsec",
    "°": "deg",
    "'": "arcmin",
}
_MICRO = re.compile(r"Âµ|µ|μ|\\u00[bB]5|&micro;|&#181;")
_PER_PIXEL = re.compile(r"(?i) *(/|per) *(px|pix|pixel|voxel|sample)s?$")


def short_unit(text: object) -> str:
    r"""Return the short spelling of a unit of length, angle or time; other text as it is.

    Words are known in any case, as plurals, and in British spelling.

    Examples
    --------
    >>> short_unit("micrometer"), short_unit("µm"), short_unit(r"\u00B5m"), short_unit("pixel")
    ('um', 'um', 'um', '')
    >>> short_unit("Nanometres"), short_unit("microns"), short_unit("Mm"), short_unit("µm/pixel")
    ('nm', 'um', 'Mm', 'um')
    """
    name = _PER_PIXEL.sub("", _MICRO.sub("u", str(text or "").strip()).replace("\u212b", "Å"))
    if name in _LETTERS:
        return _LETTERS[name]
    word = name.lower().replace("metre", "meter")
    return _WORDS.get(word, _WORDS.get(word.removesuffix("s"), name) if len(word) > 2 else name)


def default_dims(ndim: int) -> tuple[str, ...]:
    """Return ``x``, ``y x`` or ``z y x``; beyond three axes, names that ask for better ones."""
    return DEFAULT_DIMS.get(ndim) or tuple(f"{UNNAMED}{axis}" for axis in range(ndim))


def colour_notes(shape: Sequence[int]) -> list[str]:
    """Return what is to be said of unnamed axes of which the last may be that of colours."""
    if not may_be_colours(shape):
        return []
    return [f"its last axis, of {shape[-1]} samples, is taken as x, not as colours{GUESSED}"]


def coordinate(
    dim: str, size: int, step: float, *, origin: float = 0.0, unit: str = ""
) -> tuple[str, Array, dict[str, Any]]:
    """Return an evenly spaced coordinate as xarray takes it.

    A file may say a step that is none, as 0 or NaN: then `build` leaves the coordinate out.
    """
    require_modest((size,), _POSITION, what=f"the axis {dim}")
    attrs: dict[str, Any] = {"units": unit} if unit else {}
    if size == 1:
        # one position does not tell the spacing, so it is kept beside it
        attrs["step"] = abs(step)
    with np.errstate(all="ignore"):
        return dim, origin + np.arange(size) * step, attrs


def axis_of(image: Image, dim: str) -> tuple[float, float, str] | None:
    """Return signed step, origin and unit of an evenly spaced dim; None without a coordinate.

    Raises
    ------
    FormatError
        If the samples are not evenly spaced, which files with one step per axis cannot say.
    """
    if dim not in image.coords or image.coords[dim].dtype.kind not in "iuf":
        return None
    positions = image.coords[dim].values
    try:
        step, unit = step_of(image, dim)
    except UnitsError as error:
        raise FormatError(
            f"this format keeps one spacing for an axis: {error.what}",
            hint=f"drop the coordinate {dim}, or resample along it",
        ) from None
    backwards = positions.size > 1 and positions[-1] < positions[0]
    return (-step if backwards else step), float(positions[0]) if positions.size else 0.0, unit


def build(
    data: Any,
    dims: Sequence[str],
    coords: Mapping[str, Any] | None = None,
    *,
    header: Mapping[str, Any] | None = None,
    units: str = "",
    notes: Sequence[str] = (),
) -> Image:
    """Return the image of an opened file; ``notes`` say what of it was not understood."""
    import xarray as xr

    kept, told = _sound(dict(coords or {}))
    attrs: dict[str, Any] = {"header": plain(dict(header or {}))}
    if notes or told:
        attrs["notes"] = list(dict.fromkeys([*notes, *told]))
    if units:
        attrs["units"] = units
    image = xr.DataArray(variable_of(data, tuple(dims), attrs), coords=kept)
    image.name = None  # xarray would call it by dask's name of the array
    return image


def _sound(coords: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the coordinates that place samples, and in words which do not, or in what unit."""
    kept, notes = {}, []
    for dim, coordinate_ in coords.items():
        is_variable = isinstance(coordinate_, tuple)
        positions = np.asarray(coordinate_[1] if is_variable else coordinate_)
        attrs = coordinate_[2] if is_variable and len(coordinate_) > 2 else {}
        if positions.dtype.kind in "iuf" and not _places(positions, attrs.get("step")):
            notes.append(f"what it says of the spacing along {dim} is none, and is left out")
            continue
        unit = str(attrs.get("units", ""))
        if unit and not is_unit(unit):
            notes.append(f"the unit {unit!r} of {dim} is not known: it is kept, and not converted")
        kept[dim] = coordinate_
    return kept, notes


def _places(positions: Array, step: float | None) -> bool:
    """Whether positions are finite and differ, and so does the step of a single one from 0."""
    if not np.isfinite(positions).all() or (step is not None and not 0 < step < math.inf):
        return False
    return positions.size < 2 or bool((positions != positions[0]).any())


def plain(value: Any) -> Any:
    """Return a header value as what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist()) if value.size <= 1024 else f"array of {value.shape}"
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")[:4096]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
