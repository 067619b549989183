"""Flooding from markers, which every watershed is made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array

_BITS = 12
"""There are at most ``2**_BITS`` buckets of levels."""

_FULL = 12
"""A bucket is for ``2**_FULL`` samples or more: it takes room, and time to turn to."""

_FEW = 1 << 20
"""Levels that need no ranking: their queues are small beside any cache."""


def flooded(
    values: Array, markers: Array, mask: Array | None, connectivity: int, *, lines: bool = False
) -> Array:
    """Return the labels that a flood from markers gives to every sample it reaches.

    The lowest sample next to the flood is taken first; of equals, the one that was reached
    first, so that a plateau is shared between the floods at its ends. Markers enter in the
    order of their value and then of raster. Where values differ, the result is that of
    ``skimage.segmentation.watershed``.

    All axes of ``values`` are spatial, and NaN is flooded last; ``markers`` are 0 where there is
    none, the flood may go where ``mask`` is True, and with ``lines`` 0 is left where floods meet.
    Labels are int32: a larger marker, or an image with more samples, is an `ImageError`.

    Examples
    --------
    >>> flooded(np.array([0, 1, 5, 1, 0]), np.array([1, 0, 0, 0, 2]), None, 1)
    array([1, 1, 1, 2, 2], dtype=int32)
    """
    from graticule.ops import _watershed_kernels as kernels

    most = np.iinfo(np.int32).max
    if int(markers.max()) > most:
        raise ImageError(f"a marker must be at most {most}, not {int(markers.max())}")
    levels, count = _levels(values, mask)
    samples = _padded(levels, markers, mask)
    if samples.size > most:
        raise ImageError(f"an image of {values.size} samples is too large to be flooded")
    offsets = _offsets(samples.shape, connectivity)
    flat = samples.reshape(-1)
    bits = min(_BITS, max(0, samples.size.bit_length() - _FULL))
    shift = max(0, (count - 1).bit_length() - bits)
    buckets = np.tile([-1, 0], (((count - 1) >> shift) + 1, 1))
    chunks = samples.size // kernels.CHUNK + len(buckets) + 1
    waiting = np.empty((chunks * kernels.CHUNK, 2), np.int32)
    kernels.flood(flat["level"], flat["label"], offsets, waiting, buckets, shift, lines)
    del waiting
    labels: Array = np.maximum(samples["label"][(slice(1, -1),) * values.ndim], 0)
    return labels


def _padded(levels: Array, markers: Array, mask: Array | None) -> Array:
    """Return what the flood must know of a sample in one place, with a border it cannot cross.

    Samples are taken in no order that memory could foresee: level and label are best fetched at
    once.
    """
    fields = [("level", np.int32), ("label", np.int32)]
    samples = np.empty([size + 2 for size in markers.shape], fields)
    samples["label"] = -1
    inner = samples[(slice(1, -1),) * markers.ndim]
    inner["level"] = levels
    inner["label"] = markers if mask is None else np.where(mask, markers, -1)
    return samples


def _offsets(shape: Sequence[int], connectivity: int) -> Array:
    """Return the steps to the neighbours in a flat array, the nearest first."""
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    steps = itertools.product((-1, 0, 1), repeat=len(shape))
    near = [step for step in steps if 0 < sum(map(abs, step)) <= connectivity]
    ordered = sorted((sum(map(abs, step)), int(np.dot(step, strides))) for step in near)
    return np.array([offset for _, offset in ordered], np.int64)


def _levels(values: Array, mask: Array | None) -> tuple[Array, int]:
    """Return values as integers from 0 in the same order, and how many levels there are.

    What is outside of the mask is never flooded, and has any level.
    """
    from graticule.ops._watershed_kernels import dense_ranks

    if values.dtype.kind in "bu" and values.dtype.itemsize <= 2:
        return values, int(values.max()) + 1
    if values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if high - low < _FEW:
            shifted = values.astype(np.int64) - low if values.dtype.kind == "i" else values - low
            return shifted, high - low + 1
    keys = _keys(values.reshape(-1) if mask is None else values[mask])
    ranks = np.empty(keys.size, np.int32)
    # NumPy asks for large pages, compiled code does not; samples are reached in no order.
    places = np.empty((2, keys.size), np.int32)
    count = dense_ranks(keys, np.empty_like(keys), places, ranks)
    if mask is None:
        return ranks.reshape(values.shape), int(count)
    levels = np.zeros(values.shape, np.int32)
    levels[mask] = ranks
    return levels, int(count)


def _keys(values: Array) -> Array:
    """Return unsigned integers in the order of values of any dtype; NaN is as infinity."""
    if values.dtype.kind in "bu":
        return np.array(values, np.uint64)
    if values.dtype.kind == "i":
        return values.astype(np.int64).view(np.uint64) ^ np.uint64(1 << 63)
    wide = values.dtype.itemsize > 4
    heights: Array = values.astype(np.float64 if wide else np.float32) + 0  # no minus zero
    heights[np.isnan(heights)] = np.inf
    bits: Any = np.ascontiguousarray(heights).view(np.int64 if wide else np.int32)
    lowest = np.iinfo(bits.dtype).min
    keys: Array = np.where(bits < 0, ~bits, bits ^ lowest).view(np.uint64 if wide else np.uint32)
    return keys
