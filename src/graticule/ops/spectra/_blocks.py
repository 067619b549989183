"""Cubes as compiled passes see them: places before the bins, bins, places after."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graticule.core import Image, map_ranges
from graticule.core.typing import Array
from graticule.ops.spectra._errors import require_error

Block = tuple[int, int, int, int]
_LEAST = 256
"""Places that are worth a thread."""


def as_layers(image: Image, dim: str) -> Array:
    """Return the values as three axes: what lies before the spectral dim, it, what lies after."""
    values = image.values
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    axis = image.get_axis_num(dim)
    before, bins = int(np.prod(image.shape[:axis])), image.shape[axis]
    return np.ascontiguousarray(values).reshape(before, bins, -1)


def error_layers(image: Image, error: Image | None, dim: str, what: str = "error") -> Array:
    """Return the errors in the same way; nothing where the values are counts.

    Raises
    ------
    ImageError
        As of `graticule.ops.spectra._errors.variances`.
    """
    require_error(image, error, what)
    if error is None:
        return np.empty((0, 0, 0), np.float32)
    return as_layers(error.transpose(*image.dims), dim)


def for_places(work: Callable[[Block], None], layers: Array) -> None:
    """Call ``work`` for all places, side by side."""
    before, _, after = layers.shape
    if before == 1:
        map_ranges(lambda start, stop: work((0, 1, start, stop)), after, least=_LEAST)
    else:
        least = max(1, _LEAST // max(1, after))
        map_ranges(lambda start, stop: work((start, stop, 0, after)), before, least=least)
