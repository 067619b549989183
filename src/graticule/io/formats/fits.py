"""FITS: scaled integers, axis keywords or WCS, image extensions, tile compression.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> from graticule.core import as_image
>>> frame = as_image(np.ones((3, 4), np.float32), spacing={"y": "2 arcsec", "x": "2 arcsec"})
>>> with tempfile.TemporaryDirectory() as folder:
...     read = gt.read(gt.write(Path(folder) / "frame.fits", frame)).load()
>>> read.shape, read.x.attrs["units"], float(read.x[1] - read.x[0])
((3, 4), 'arcsec', 2.0)
"""

from __future__ import annotations

import gzip
import io
import math
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import format_bytes
from graticule.core.typing import Array
from graticule.io.axes import axis_of, build, plain
from graticule.io.format import Address, Format, choose_array
from graticule.io.formats._fits_axes import fits_axes
from graticule.io.formats._fits_sky import sky_cards
from graticule.io.formats._fits_tiles import STORED, Tiles, tiles_of
from graticule.io.formats._fits_units import Unit, header_unit, units
from graticule.io.lazy import Box, FileArray, as_dask, native, store
from graticule.io.raw import Raw, RawTarget
from graticule.io.safety import decoding_room, noted, require_complete, require_modest

_CODES = {np.dtype(code).newbyteorder("="): bits for bits, code in STORED.items()}
_UNSIGNED = {("u2", 16): 2**15, ("u4", 32): 2**31, ("u8", 64): 2**63, ("i1", 8): -128}
_KEYWORD = re.compile("[A-Z0-9_-]{1,8}")
_STRUCTURE = ("SIMPLE", "BITPIX", "NAXIS", "EXTEND", "BSCALE", "BZERO", "BLANK", "XTENSION",
              "PCOUNT", "GCOUNT", "GROUPS", "END", "BUNIT", "CTYPE", "CDELT", "CRPIX", "CRVAL",
              "CUNIT", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", "PC", "CD", "CROTA",
              "WCS", "EXTNAME")  # fmt: skip
_DISTORTION = re.compile("[AB]P?_(ORDER|DMAX|[0-9]_[0-9])|CPDIS[0-9]|CQDIS[0-9]|D2IM.*|PV[0-9].*")
"""Keywords of world coordinates that say something of those of the file read, and of no other."""
_BUFFER = 2**18
_LISTED = 30
"""Extensions that a message names."""
_MARK = b"SIMPLE  ="
_ZIPPED = b"\x1f\x8b"
_IDLE = (
    "Verification reported errors",
    "Note: astropy.io.fits uses zero-based",
    "File may have been truncated",  # astropy is given the header alone
)
"""Beginnings of astropy's warnings that say nothing, or nothing without the others."""


def _sniff(path: Path, head: bytes) -> bool:
    if head[:2] == _ZIPPED:
        try:
            with gzip.open(path) as file:
                head = file.read(len(_MARK))
        except (OSError, EOFError, zlib.error):
            return False
    return head.startswith(_MARK)


@dataclass(frozen=True)
class _Scaling:
    """From stored numbers to values."""

    bits: int
    scale: float
    zero: float
    blank: int | None
    dtype: str

    def __call__(self, stored: Array) -> Array:
        dtype = np.dtype(self.dtype)
        if dtype.kind in "ui" and stored.dtype.newbyteorder("=") != dtype:
            native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
            return np.asarray(_flipped(native).view(dtype))
        values = np.array(stored, dtype=dtype)
        if self.scale != 1:
            values *= dtype.type(self.scale)
        if self.zero != 0:
            values += dtype.type(self.zero)
        if self.blank is not None:
            values[stored == self.blank] = np.nan
        return values


@dataclass(frozen=True)
class _Plain:
    """Reads a box of a FITS array that is not compressed."""

    offset: int
    code: str
    shape: tuple[int, ...]
    scaling: _Scaling
    in_place: ClassVar[bool] = True

    def __call__(self, path: Path, box: Box) -> Array:
        return self.scaling(Raw(self.offset, self.code, self.shape).stored(path, box))


@dataclass(frozen=True)
class _Packed:
    """Reads a box of a tile-compressed FITS array: only the tiles it touches."""

    tiles: Tiles
    scaling: _Scaling

    def __call__(self, path: Path, box: Box) -> Array:
        with _plain(path) as file:
            stored = self.tiles.read(file, box)
        return self.scaling(stored.astype(STORED[self.tiles.bits]))


def _is_zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_ZIPPED)) == _ZIPPED


def _unzipped(path: Path) -> bytes:
    """Return what a zipped file holds.

    Left to astropy, a damaged zipped file can be read for ever (met with astropy 8.0).
    """
    limit = decoding_room() // 2  # for an image is taken from them
    pieces = bytearray()
    with gzip.open(path) as packed:
        while piece := packed.read(2**24):
            pieces += piece
            if len(pieces) > limit:
                raise UnsafeFileError(
                    f"would unpack to more than {format_bytes(limit)}",
                    hint="if it is genuine, unpack it with gunzip, or allow more with --memory "
                    "or GRATICULE_MEMORY",
                )
    return bytes(pieces)


@contextmanager
def _plain(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, unpacked in memory if it is zipped."""
    if _is_zipped(path):
        yield io.BytesIO(_unzipped(path))
        return
    with path.open("rb", buffering=_BUFFER) as file:
        yield file


def _open(address: Address, level: int) -> xr.DataArray:
    import astropy.io.fits  # noqa: F401  # before `noted`: on its import it takes over all warnings

    with noted() as notes, _plain(address.path) as file:
        unit = _pick(_images(units(address.path, file, notes)), address.inside, notes)
        with header_unit(file, unit) as hdu:
            header = _cards(hdu.header, notes)
            scaling = _scaling(hdu)
            packed = hdu._bintable.header if unit.kind == "compressed image" else None
            data = _data(address.path, file, unit, scaling, packed, hdu.header)
        if packed is not None and "NULL_PIXEL_MASK" in packed.values():
            notes.append("the mask of pixels without a value, NULL_PIXEL_MASK, is not read")
        axes = fits_axes(header, unit.shape)
        units_of_values = str(header.get("BUNIT", "")).strip()
        notes = [note for note in notes if not note.startswith(_IDLE)] + axes.notes
        return build(
            data, axes.dims, axes.coords, header=header, units=units_of_values, notes=notes
        )


def _data(
    path: Path, file: IO[bytes], unit: Unit, scaling: _Scaling, packed: Any, header: Any
) -> Any:
    """Return the values of a unit: lazily, but of a zipped file that is not tile-compressed."""
    dtype, size = np.dtype(scaling.dtype), file.seek(0, os.SEEK_END)
    if packed is not None:
        tiles = tiles_of(packed, header, unit.data, size)
        read = _Packed(tiles, scaling)
        return as_dask(FileArray(path, unit.shape, dtype, read), tiles.tile)
    code = STORED[scaling.bits]
    require_complete(size - unit.data, math.prod(unit.shape) * np.dtype(code).itemsize)
    if isinstance(file, io.BytesIO):
        require_modest(unit.shape, np.dtype(code).itemsize + 2 * dtype.itemsize)
        stored = np.ndarray(unit.shape, code, file.getbuffer(), unit.data)
        return scaling(stored)
    chunks = (1,) * (len(unit.shape) - 1) + unit.shape[-1:]
    read_plain = _Plain(unit.data, code, unit.shape, scaling)
    return as_dask(FileArray(path, unit.shape, dtype, read_plain), chunks)


def _pick(images: Sequence[Unit], inside: str, notes: list[str]) -> Unit:
    """Return the unit that is asked for, or the only one with an image."""
    for unit in images:
        name = unit.name
        if inside and (
            inside == str(unit.index) or inside.upper() in (name, f"{name},{unit.version}")
        ):
            return unit
    if inside:
        held = ", ".join(f"{unit.index} ({unit.name or 'unnamed'})" for unit in images[:_LISTED])
        more = f" and {len(images) - _LISTED} more" if len(images) > _LISTED else ""
        hint = f"it has {held or 'none'}{more}"
        raise FormatError(f"holds no image {inside!r}", hint=hint)
    if not images:
        raise FormatError("holds no image", hint="tables are not read")
    if len(images) == 1:
        return images[0]
    names = [unit.name or str(unit.index) for unit in images]
    if len(set(names)) < len(names):
        names = [str(unit.index) for unit in images]
    shapes = (unit.shape for unit in images)
    chosen = choose_array(dict(zip(names, shapes, strict=True)), "")
    others = [name for name in names if name != chosen]
    more = f" and {len(others) - _LISTED} more" if len(others) > _LISTED else ""
    notes.append(f"{chosen} was read; the file also holds {', '.join(others[:_LISTED])}{more}")
    return images[names.index(chosen)]


def _images(found: Sequence[Unit]) -> list[Unit]:
    return [unit for unit in found if unit.kind and unit.shape and math.prod(unit.shape) > 0]


def _names(address: Address) -> list[str]:
    with _plain(address.path) as file:
        return [str(unit.index) for unit in _images(units(address.path, file, []))]


def _scaling(hdu: Any) -> _Scaling:
    bits, blank = int(hdu._orig_bitpix), hdu._orig_blank
    scale, zero = float(hdu._orig_bscale), float(hdu._orig_bzero)
    blank = blank if bits > 0 and isinstance(blank, int) else None
    return _Scaling(bits, scale, zero, blank, _dtype(bits, scale, zero, blank).str)


def _dtype(bits: int, scale: float, zero: float, blank: int | None) -> np.dtype[Any]:
    """Return what values become: integers stay so where nothing but their sign is scaled."""
    stored = np.dtype(STORED[bits]).newbyteorder("=")
    if bits < 0:
        return stored
    if blank is None and scale == 1:
        if zero == 0:
            return stored
        for (code, width), offset in _UNSIGNED.items():
            if (bits, zero) == (width, offset):
                return np.dtype(code)
    return np.dtype("f4" if bits <= 16 else "f8")


def _cards(header: Any, notes: list[str]) -> dict[str, Any]:
    """Return the values of a header by keyword; what is odd about a card is told in a note.

    Of a keyword that stands twice the last one counts, as it does for `astropy.wcs`.
    """
    from astropy.io.fits import VerifyError
    from astropy.io.fits.card import Undefined

    cards: dict[str, Any] = {}
    for card in header.cards:
        keyword = card.keyword
        try:
            value = card.value
        except VerifyError:
            value = card.image[9:].strip()
            notes.append(f"the card {keyword} is not of the standard, and kept as text: {value}")
        value = None if isinstance(value, Undefined) else plain(value)
        if keyword in ("COMMENT", "HISTORY", ""):
            if str(value).strip():
                cards.setdefault(keyword or "COMMENT", []).append(str(value))
            continue
        if keyword in cards and cards[keyword] != value:
            notes.append(f"{keyword} stands twice: {value!r} counts, {cards[keyword]!r} does not")
        cards[keyword] = value
    return cards


def _flipped(values: Any) -> Any:
    """Flip the top bit: so FITS stores integers of the sign that it has no type for."""
    bits = np.dtype(f"u{values.dtype.itemsize}")
    return values.view(bits) ^ bits.type(1 << 8 * bits.itemsize - 1)


def write(path: Path, image: xr.DataArray, labels: bool) -> None:
    """Write an image as the primary array, with its axes as keywords."""
    from astropy.io import fits

    dtype = native(image)
    if not image.ndim or not image.size:
        raise FormatError("a FITS image has at least one axis and one sample")
    if dtype.kind == "b":
        raise FormatError("a FITS image holds no bools", hint="convert to uint8 first")
    header = fits.Header()
    bits, zero = _stored(dtype)
    header["SIMPLE"] = (True, "conforms to the FITS standard")
    header["BITPIX"], header["NAXIS"] = bits, image.ndim
    for number, dim in enumerate(reversed(image.dims), start=1):
        header[f"NAXIS{number}"] = image.sizes[dim]
    header["EXTEND"] = True
    if zero:
        header["BSCALE"], header["BZERO"] = 1, zero
    _describe(header, image)
    text = header.tostring(sep="", endcard=True, padding=True).encode("ascii")
    size = image.size * abs(bits) // 8
    with path.open("wb") as file:
        file.write(text)
        file.truncate(len(text) + math.ceil(size / 2880) * 2880)
    store(_shifted(image, zero), RawTarget(path, len(text), STORED[bits], image.shape))


def _stored(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return BITPIX and BZERO for a dtype."""
    for (code, bits), zero in _UNSIGNED.items():
        if np.dtype(code) == dtype:
            return bits, zero
    if dtype not in _CODES:
        raise FormatError(f"a FITS image holds no {dtype}", hint="convert to float32 first")
    return _CODES[dtype], 0


def _shifted(image: xr.DataArray, zero: int) -> xr.DataArray:
    if not zero:
        return image
    kind = native(image)
    stored = np.dtype(f"i{kind.itemsize}" if kind.kind == "u" else "u1")
    return image.copy(data=_flipped(image.astype(kind).data).view(stored))


def _describe(header: Any, image: xr.DataArray) -> None:
    sky = sky_cards(image)
    header.update(sky)
    for number, dim in enumerate(reversed(image.dims if not sky else ()), start=1):
        header[f"CTYPE{number}"] = _ascii(str(dim), "the name of a dim")
        axis = axis_of(image, str(dim))
        if axis is not None:
            header[f"CRPIX{number}"] = 1.0
            header[f"CDELT{number}"], header[f"CRVAL{number}"] = axis[0], axis[1]
            if axis[2]:
                header[f"CUNIT{number}"] = _ascii(axis[2], f"the unit of {dim}")
    if image.attrs.get("units"):
        header["BUNIT"] = _ascii(str(image.attrs["units"]), "the unit of the values")
    kept = image.attrs.get("header", {})
    for key, value in kept.items() if isinstance(kept, Mapping) else ():
        name = str(key)
        simple = isinstance(value, (int, float)) or (
            isinstance(value, str) and value.isascii() and value.isprintable()
        )
        fits_has = _KEYWORD.fullmatch(name) and not name.startswith(_STRUCTURE)
        if simple and fits_has and name not in sky and not _DISTORTION.fullmatch(name):
            header[name] = value


def _ascii(text: str, what: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise FormatError(f"a FITS header holds ASCII alone; {what} is {text!r}")
    return text


FORMAT = Format(
    "FITS", _sniff, _open, suffixes=(".fits", ".fit", ".fts"), write=write, names=_names
)
