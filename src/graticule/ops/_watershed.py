"""Flooding from markers, which every watershed is made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import ImageError

Array: TypeAlias = np.ndarray[Any, Any]

_LEVELS = 1 << 16


def flooded(
    values: Array, markers: Array, mask: Array | None, connectivity: int, *, lines: bool = False
) -> Array:
    """Return the labels that a flood from markers gives to every sample it reaches.

    The lowest sample next to the flood is taken first; of equals, the one that was reached
    first, so that a plateau is shared between the floods at its ends. Markers enter in the
    order of their value and then of raster. Where values differ, the result is that of
    ``skimage.segmentation.watershed``.

    Parameters
    ----------
    values : array
        Numbers, with one axis or more, all of them spatial. NaN is flooded last.
    markers : array
        Integers of the same shape, 0 where there is no marker.
    mask : array, optional
        Bools of the same shape: where the flood may go.
    connectivity : int
        A flood takes steps along at most so many axes at once.
    lines : bool
        Leave 0 where floods meet.

    Returns
    -------
    array
        int32.

    Raises
    ------
    ImageError
        If a marker is more than 2,147,483,647, or the image is that large.

    Examples
    --------
    >>> flooded(np.array([0, 1, 5, 1, 0]), np.array([1, 0, 0, 0, 2]), None, 1)
    array([1, 1, 1, 2, 2], dtype=int32)
    """
    from graticule.ops import _watershed_kernels as kernels

    most = np.iinfo(np.int32).max
    if int(markers.max()) > most:
        raise ImageError(f"a marker must be at most {most}, not {int(markers.max())}")
    labels = _padded_labels(markers, mask)
    if labels.size > most:
        raise ImageError(f"an image of {values.size} samples is too large to be flooded")
    offsets = _offsets(labels.shape, connectivity)
    flat = labels.reshape(-1)
    levels = None if lines else _levels(values)
    if levels is not None:
        kernels.flood_levels(_padded(levels), flat, offsets, int(levels.max()) + 1)
    else:
        heights = _heights(values)
        padded = _padded(heights)
        if lines:
            kernels.flood_with_lines(padded, flat, offsets)
        else:
            kernels.flood_values(padded, flat, offsets, *_scale(heights))
    inner = labels[(slice(1, -1),) * labels.ndim]
    return np.maximum(inner, 0)


def _padded_labels(markers: Array, mask: Array | None) -> Array:
    labels = np.full([size + 2 for size in markers.shape], -1, np.int32)
    inner = labels[(slice(1, -1),) * labels.ndim]
    inner[...] = markers
    if mask is not None:
        inner[~mask] = -1
    return labels


def _padded(values: Array) -> Array:
    """Return values with one more sample on every side, flat; these are never read."""
    padded = np.zeros([size + 2 for size in values.shape], values.dtype)
    padded[(slice(1, -1),) * values.ndim] = values
    return padded.reshape(-1)


def _offsets(shape: Sequence[int], connectivity: int) -> Array:
    """Return the steps to the neighbours in a flat array, the nearest first."""
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    steps = itertools.product((-1, 0, 1), repeat=len(shape))
    near = [step for step in steps if 0 < sum(map(abs, step)) <= connectivity]
    ordered = sorted((sum(map(abs, step)), int(np.dot(step, strides))) for step in near)
    return np.array([offset for _, offset in ordered], np.int64)


def _levels(values: Array) -> Array | None:
    """Return integers as levels from 0, where they span few enough of them."""
    if values.dtype.kind not in "biu":
        return None
    if values.dtype.itemsize <= 2 and values.dtype.kind != "i":
        return values.astype(np.uint16, copy=False)
    low = int(values.min())
    if int(values.max()) - low >= _LEVELS:
        return None
    if values.dtype.itemsize <= 2:
        values = values.astype(np.int32)
    return (values - values.dtype.type(low)).astype(np.uint16)


def _heights(values: Array) -> Array:
    """Return float32 or float64, with infinity for NaN."""
    wide = values.dtype in (np.float32, np.float16)
    heights = values.astype(np.float32 if wide else np.float64, copy=False)
    missing = np.isnan(heights)
    return np.where(missing, heights.dtype.type(np.inf), heights) if missing.any() else heights


def _scale(heights: Array) -> tuple[float, float]:
    """Return the lowest finite value, and levels by unit of value."""
    low, high = float(heights.min()), float(heights.max())
    if not np.isfinite(high - low):
        finite = heights[np.isfinite(heights)]
        low = float(finite.min(initial=np.inf))
        high = float(finite.max(initial=-np.inf))
    return (low, _LEVELS / (high - low)) if np.isfinite(high - low) and high > low else (0.0, 0.0)
