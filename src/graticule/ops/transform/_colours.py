"""What ops on colours share: three channels, as parts of full light."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graticule.core import ALL, Image, map_ranges
from graticule.core.dims import COLOURS, FEATURES
from graticule.core.errors import ImageError
from graticule.core.typing import Array

_NATIVE = ("uint8", "uint16", "float32", "float64")

DOC = {
    "colours": """\
image : Image
    With three channels along ``c``, ``channel`` or ``rgb``: red, green and blue; of a fourth,
    opacity, nothing is made.""",
    "white": """\
white : float, optional
    The value of full light; by default the largest an integer can have, and 1 for floats.""",
    "colours_error": """\
ImageError
    If there is no dim of three or four channels.""",
}


def channel_dims(image: Image) -> list[str]:
    """Return the dims of features of an image."""
    return [str(dim) for dim in image.dims if dim in FEATURES]


def all_channels(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return a halo over all channels."""
    return dict.fromkeys(channel_dims(image), ALL)


def white_of(image: Image, white: float | None) -> float:
    """Return the value of full light."""
    whole = np.iinfo(image.dtype).max if image.dtype.kind in "iu" else 1.0
    return float(whole if white is None else white)


def rows_of(image: Image) -> tuple[Array, Image]:
    """Return red, green and blue of each sample as a row, and a plain image.

    The plain image has the dims and coordinates of one channel.
    """
    along = [dim for dim in channel_dims(image) if dim in COLOURS]
    if len(along) != 1 or image.sizes[along[0]] not in (3, 4) or len(channel_dims(image)) > 1:
        said = ", ".join(f"{dim} of {size}" for dim, size in image.sizes.items())
        raise ImageError(
            f"must have red, green and blue along c, and no other features; it has {said}",
            hint="name the axes with dims: [y, x, c] when reading",
        )
    axis = image.get_axis_num(along[0])
    values = np.moveaxis(image.values, axis, -1)[..., :3]
    if values.dtype.name not in _NATIVE:
        values = values.astype(np.float32 if values.dtype == np.float16 else np.float64)
    return values.reshape(-1, 3), image.isel({along[0]: 0}, drop=True)


def in_parts(work: Callable[[int, int, Array], None], plain: Image) -> list[Array]:
    """Return three images that ``work(begin, end, out)`` fills in for ranges of samples."""
    out = np.empty((3, plain.size), np.float32)
    map_ranges(lambda begin, end: work(begin, end, out), plain.size, least=1 << 16)
    return [part.reshape(plain.shape) for part in out]


def optical_density(light: Array) -> Array:
    """Return the density of light that came through, at most 6."""
    with np.errstate(invalid="ignore"):
        return np.asarray(-np.log10(np.clip(light, 1e-6, None)))
