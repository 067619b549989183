"""The world coordinates of an image of the sky, as a FITS file that is written states them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core.image import HEADER_AXIS, Image
from graticule.io.axes import axis_of
from graticule.io.formats._fits_axes import fits_axes, is_celestial, linear_part

_SIP = re.compile("([AB])P?_([0-9])_([0-9])")
_KEPT = re.compile("[AB]P?_(ORDER|DMAX)|P[VS][0-9]_[0-9]+|L(ON|AT)POLE|RADE(C)?SYS|EQUINOX")


def sky_cards(image: Image) -> dict[str, Any]:
    """Return cards that place the samples of an image where the file it was read from did.

    Crops, flips, strides and averages move and scale the reference pixel, the matrix and the
    polynomials of SIP. Empty where the image's axes are not those of a header with a sky.
    """
    header = image.attrs.get("header")
    dims = [str(dim) for dim in reversed(image.dims)]
    if not isinstance(header, Mapping) or not is_celestial(header):
        return {}
    places = [image.coords[d].attrs.get(HEADER_AXIS) if d in image.coords else None for d in dims]
    known = [place[0] for place in places if place]
    read = fits_axes(header, image.shape)
    if known != list(range(1, image.ndim + 1)) or read.dims != image.dims:
        return {}
    matrix, units = linear_part(header, image.ndim)
    if not np.isfinite(matrix).all():
        return {}
    cards: dict[str, Any] = {}
    scales = []
    for number, (dim, place) in enumerate(zip(dims, places, strict=True), start=1):
        axis = axis_of(image, dim)
        assert axis is not None
        assert place is not None
        _, first, step = place
        scale = axis[0] / step if image.sizes[dim] > 1 else 1.0
        reference = _number(header, f"CRPIX{number}") - 1 - (axis[1] - first) / step
        cards[f"CTYPE{number}"] = str(header.get(f"CTYPE{number}", ""))
        cards[f"CRPIX{number}"] = reference / scale + 1
        cards[f"CRVAL{number}"] = _number(header, f"CRVAL{number}")
        if units[number - 1]:
            cards[f"CUNIT{number}"] = units[number - 1]
        scales.append(scale)
    for row, column in np.ndindex(matrix.shape):
        cards[f"CD{row + 1}_{column + 1}"] = float(matrix[row, column] * scales[column])
    cards |= {key: value for key, value in header.items() if _KEPT.fullmatch(key)}
    return cards | _distortion(header, scales)


def _number(header: Mapping[str, Any], key: str) -> float:
    value = header.get(key, 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _distortion(header: Mapping[str, Any], scales: list[float]) -> dict[str, float]:
    """Return the polynomials of SIP in samples of another size."""
    found = {}
    for key, value in header.items():
        term = _SIP.fullmatch(key)
        if term and isinstance(value, (int, float)) and len(scales) >= 2:
            across, up = int(term[2]), int(term[3])
            own = scales["AB".index(term[1])]
            found[key] = float(value * scales[0] ** across * scales[1] ** up / own)
    return found
