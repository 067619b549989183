"""Writing FITS: the header first, then the samples block by block."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.axes import axis_of
from graticule.io.formats._fits_types import CODES, TYPES, UNSIGNED, flipped
from graticule.io.storing import native, store

_KEYWORD = re.compile("[A-Z0-9_-]{1,8}")
_STRUCTURE = ("SIMPLE", "BITPIX", "NAXIS", "EXTEND", "BSCALE", "BZERO", "BLANK", "XTENSION",
              "PCOUNT", "GCOUNT", "GROUPS", "END", "BUNIT", "CTYPE", "CDELT", "CRPIX", "CRVAL",
              "CUNIT", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY", "PC", "CD", "CROTA",
              "WCS", "EXTNAME")  # fmt: skip


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
    target = np.memmap(path, TYPES[bits], "r+", len(text), image.shape)
    store(_shifted(image, zero), target)
    target.flush()


def _stored(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return BITPIX and BZERO for a dtype."""
    for (code, bits), zero in UNSIGNED.items():
        if np.dtype(code) == dtype:
            return bits, zero
    if dtype not in CODES:
        raise FormatError(f"a FITS image holds no {dtype}", hint="convert to float32 first")
    return CODES[dtype], 0


def _shifted(image: xr.DataArray, zero: int) -> xr.DataArray:
    if not zero:
        return image
    kind = native(image)
    stored = np.dtype(f"i{kind.itemsize}" if kind.kind == "u" else "u1")
    return image.copy(data=flipped(image.astype(kind).data).view(stored))


def _describe(header: Any, image: xr.DataArray) -> None:
    for number, dim in enumerate(reversed(image.dims), start=1):
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
        if simple and fits_has:
            header[name] = value


def _ascii(text: str, what: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise FormatError(f"a FITS header holds ASCII alone; {what} is {text!r}")
    return text
