"""The header of ENVI: a text of keys and values that says how a raw file is to be read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.axes import coordinate, short_unit

MARK = re.compile(rb"(?:\xef\xbb\xbf)?ENVI[ \t]*(?:\r|\n|$)")
_LARGEST = 64 * 2**20
"""Bytes above which a header is none."""
_TYPES = {
    1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 6: "c8",
    9: "c16", 12: "u2", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_ORDERS = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (2, 0, 1)}
"""Where bands, lines and samples stand among the axes of the file."""
_KINDS = {
    "wavenumber": ("wavenumber", "1/cm"),
    "ghz": ("frequency", "GHz"),
    "mhz": ("frequency", "MHz"),
    "unknown": ("wavelength", ""),
    "index": ("band", ""),
}
"""What units make of an axis other than a wavelength in a unit of length."""
_NO_DATA = "data ignore value"


@dataclass
class Header:
    """What a header says of its raw file.

    Attributes
    ----------
    bands, lines, samples : int
        Sizes.
    offset : int
        Byte at which the values begin.
    dtype : dtype
        As stored, byte order included.
    order : tuple of int
        Where bands, lines and samples stand among the axes of the file.
    missing : float or None
        The value that stands for none.
    keys : dict
        All of it, as text.
    notes : list of str
        What was not understood.
    """

    bands: int
    lines: int
    samples: int
    offset: int
    dtype: np.dtype[Any]
    order: tuple[int, int, int]
    missing: float | None
    keys: Mapping[str, str]
    notes: list[str] = field(default_factory=list)

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Sizes in the order of the file."""
        sizes = {self.order[0]: self.bands, self.order[1]: self.lines, self.order[2]: self.samples}
        return tuple(sizes[axis] for axis in range(3))

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return self.bands * self.lines * self.samples * self.dtype.itemsize


def header_of(path: Path) -> Header:
    """Return what a header says.

    Raises
    ------
    FormatError
        If a key that must be there is not, or says what cannot be.
    """
    keys = _keys(path)
    notes: list[str] = []
    samples, lines, bands = (_count(keys, key) for key in ("samples", "lines", "bands"))
    if keys.get("file compression", "0") not in ("0", ""):
        raise FormatError(
            "says that its values are compressed", hint="save it again without compression"
        )
    for key in ("major frame offsets", "minor frame offsets"):
        if any(number for number in numbers(keys.get(key, "")) or ()):
            raise FormatError(f"has {key}, bytes between its values, which are not read")
    offset = _number(keys, "header offset", 0)
    return Header(
        bands,
        lines,
        samples,
        offset,
        _dtype(keys),
        _order(keys, bands),
        _missing(keys, notes),
        keys,
        notes,
    )


def _keys(path: Path) -> dict[str, str]:
    size = path.stat().st_size
    if size > _LARGEST:
        raise FormatError(f"is a header of {size} bytes; one of ENVI has some thousand")
    content = path.read_bytes()
    mark = MARK.match(content)
    if mark is None:
        raise FormatError("is no header of ENVI: its first line is not ENVI")
    text = re.sub(r"(?m)^[ \t]*;.*$", "", content[mark.end() :].decode("utf-8", "replace"))
    keys: dict[str, str] = {}
    at = 0
    start = re.compile(r"[ \t]*([^=\r\n{}]+?)[ \t]*=[ \t]*")
    while at < len(text):
        found = start.match(text, at)
        end = _next_line(text, at)
        if found is not None:
            value = text[found.end() : end]
            if value.startswith("{"):
                closed = text.find("}", found.end())
                if closed < 0:
                    raise FormatError(f"ends within the braces of {found[1]}")
                value, end = text[found.end() + 1 : closed], _next_line(text, closed)
            keys[" ".join(found[1].lower().split())] = value.strip()
        at = end
    return keys


def _next_line(text: str, at: int) -> int:
    ends = [place for place in (text.find("\n", at), text.find("\r", at)) if place >= 0]
    return min(ends) + 1 if ends else len(text)


def _count(keys: Mapping[str, str], key: str) -> int:
    _require(keys, key, "their number")
    count = _number(keys, key, 0)
    if count < 1:
        raise FormatError(f"says {key} = {keys[key]}; there must be one or more")
    return count


def _number(keys: Mapping[str, str], key: str, default: int) -> int:
    text = keys.get(key, "") or str(default)
    if not re.fullmatch(r"\+?\d{1,18}", text):
        raise FormatError(f"says {key} = {text[:60]!r}, which is no whole number from 0")
    return int(text)


def _require(keys: Mapping[str, str], key: str, values: str) -> None:
    if not keys.get(key):
        raise FormatError(f"does not say {key}", hint=f"add a line {key} = {values}")


def _dtype(keys: Mapping[str, str]) -> np.dtype[Any]:
    _require(keys, "data type", "4 for float32, 12 for uint16, ...")
    code = _number(keys, "data type", 0)
    if code not in _TYPES:
        known = ", ".join(f"{number} ({name})" for number, name in _TYPES.items())
        raise FormatError(f"says data type = {code}, which is none of {known}")
    dtype = np.dtype(_TYPES[code])
    if dtype.itemsize > 1:
        _require(keys, "byte order", "0 (least significant byte first) or 1")
    order = _number(keys, "byte order", 0)
    if order not in (0, 1):
        raise FormatError(f"says byte order = {order}, which is neither 0 nor 1")
    return dtype.newbyteorder(">" if order else "<")


def _order(keys: Mapping[str, str], bands: int) -> tuple[int, int, int]:
    if bands > 1:
        _require(keys, "interleave", "bsq, bil or bip")
    said = keys.get("interleave", "").lower() or "bsq"
    if said not in _ORDERS:
        raise FormatError(f"says interleave = {said!r}, which is none of bsq, bil, bip")
    return _ORDERS[said]


def _missing(keys: Mapping[str, str], notes: list[str]) -> float | None:
    said = keys.get(_NO_DATA, "")
    if not said:
        return None
    given = numbers(said)
    if given is None or len(given) != 1:
        notes.append(f"{_NO_DATA} is {said[:60]!r}, which is no number")
        return None
    return float(given[0])


def numbers(text: str) -> list[float] | None:
    """Return the numbers of a list; None where one of them is none."""
    words = text.replace("\n", " ").replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError:
        return None


def spectral_axis(header: Header) -> tuple[str, dict[str, Any]]:
    """Return the name of the axis of bands, and the coordinates along it.

    ``wavelength`` where the header says them, else ``band``; beside it the width of each band
    (``fwhm``), whether it is good (``good``, of the bad bands list) and its name.
    """
    keys, notes = header.keys, header.notes
    dim, unit = _KINDS.get(
        keys.get("wavelength units", "unknown").lower(),
        ("wavelength", short_unit(keys.get("wavelength units", ""))),
    )
    positions = _along(header, "wavelength")
    if positions is None:
        dim, unit = "band", ""
    coords: dict[str, Any] = {}
    attrs = {"units": unit} if unit else {}
    if positions is not None:
        coords[dim] = (dim, positions, attrs)
    widths = _along(header, "fwhm")
    if widths is not None:
        coords["fwhm"] = (dim, widths, attrs)
    good = _along(header, "bbl")
    if good is not None:
        coords["good"] = (dim, good != 0)
    names = [each.strip() for each in keys.get("band names", "").split(",") if each.strip()]
    if len(names) == header.bands and "band" not in coords:
        coords["band"] = (dim, np.array(names))
    elif names and len(names) != header.bands:
        notes.append(f"it names {len(names)} bands; there are {header.bands}")
    scale = keys.get("reflectance scale factor", "")
    if scale:
        notes.append(f"values are as stored: divided by {scale} they are reflectances")
    return dim, coords


def _along(header: Header, key: str) -> Array | None:
    said = header.keys.get(key, "")
    given = numbers(said)
    if not said:
        return None
    if given is None or len(given) != header.bands or not all(map(math.isfinite, given)):
        count = "no numbers" if given is None else f"{len(given)} numbers"
        header.notes.append(f"{key} has {count}; there are {header.bands} bands: it is left out")
        return None
    return np.array(given)


def places(header: Header) -> dict[str, Any]:
    """Return the coordinates along lines and samples, where the header places them on a map."""
    said = [word.strip() for word in header.keys.get("map info", "").split(",")]
    about = dict(word.lower().split("=", 1) for word in said if "=" in word)
    given = numbers(",".join(said[1:7]))
    if len(said) < 7 or given is None or len(given) != 6:
        if said != [""]:
            header.notes.append("its map info is no place and no size of pixels")
        return {}
    column, row, east, north, width, height = given
    if not (width > 0 and height > 0 and all(map(math.isfinite, given))):
        header.notes.append(f"its map info says pixels of {width:g} x {height:g}")
        return {}
    is_geographic = said[0].lower().startswith("geographic")
    unit = short_unit(about.get("units", "degrees" if is_geographic else "meters"))
    if (numbers(about.get("rotation", "0")) or [1.0])[0] != 0:
        header.notes.append("is turned against its map: y and x are lengths from its first pixel")
        return {"y": coordinate("y", header.lines, height, unit=unit),
                "x": coordinate("x", header.samples, width, unit=unit)}  # fmt: skip
    # the upper left corner of the first pixel is (1, 1), and a sample lies in its middle
    left, top = east + (1.5 - column) * width, north - (1.5 - row) * height
    return {"y": coordinate("y", header.lines, -height, origin=top, unit=unit),
            "x": coordinate("x", header.samples, width, origin=left, unit=unit)}  # fmt: skip
