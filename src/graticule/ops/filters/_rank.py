"""The value at a given rank among the samples of a window."""

from __future__ import annotations

import itertools

import numpy as np

from graticule.core import Image, Length, map_ranges
from graticule.core.typing import Array
from graticule.ops._morphology import footprint_of
from graticule.ops._windows import footprint_offsets, line_starts, over_blocks
from graticule.ops.filters._merge import merged_in_boxes

MEDIAN = -1.0
"""The percentile that stands for the median: of an even number, the mean of the middle two."""

_CV2 = ("uint8", "uint16", "int16", "float32")
_MOST_COMPARED = 64
_MOST_MERGED = 750
_SIDES = {1: 4096, 2: 64, 3: 24}


def rank_filter(image: Image, radius: Length, shape: str, percent: float) -> Array:
    """Return a percentile of the values under a footprint around each sample, in their dtype."""
    values = image.values
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    elif values.dtype == np.float16:
        values = values.astype(np.float32)
    footprint = footprint_of(image, radius, shape)
    percentiles = over_blocks(image, values, lambda block: _filter_block(block, footprint, percent))
    if image.dtype == np.bool_:
        return percentiles.view(np.bool_)
    return percentiles.astype(image.dtype, copy=False)


def _filter_block(values: Array, footprint: Array, percent: float) -> Array:
    if footprint.size == 1:
        return values.copy()
    whole = values.dtype.kind != "f" or not np.isnan(values.min())
    if percent == MEDIAN and whole and _suits_cv2(values, footprint):
        import cv2

        return np.asarray(cv2.medianBlur(values, footprint.shape[0]))
    padded = np.pad(values, [(size // 2, size // 2) for size in footprint.shape], mode="edge")
    found = _by_comparing(padded, values.shape, footprint, percent)
    if found is None:
        return _by_histogram(padded, np.empty_like(values), footprint, percent)
    return found if whole else _by_histogram(padded, found, footprint, percent, only_nan=True)


def _by_comparing(
    padded: Array, shape: tuple[int, ...], footprint: Array, percent: float
) -> Array | None:
    """Return what holds where a window has no NaN; None for windows that are too large."""
    if footprint.size <= _MOST_MERGED and footprint.all():
        size = footprint.size
        rank = size // 2 if percent == MEDIAN else min(int(size * percent / 100), size - 1)
        return merged_in_boxes(padded, footprint.shape, rank)
    if percent == MEDIAN and np.count_nonzero(footprint) <= _MOST_COMPARED:
        return _by_network(padded, shape, footprint)
    return None


def _suits_cv2(values: Array, footprint: Array) -> bool:
    side = footprint.shape[0]
    square = values.ndim == 2 and footprint.shape == (side, side) and bool(footprint.all())
    most = 255 if values.dtype == np.uint8 else 5
    return square and values.dtype.name in _CV2 and 3 <= side <= most


def _by_network(padded: Array, shape: tuple[int, ...], footprint: Array) -> Array:
    from graticule.ops.filters._rank_kernels import network_medians

    offsets = footprint_offsets(footprint, padded.shape)
    starts = line_starts(padded.shape, shape)
    out = np.empty((starts.size, shape[-1]), padded.dtype)
    flat = padded.reshape(-1)
    map_ranges(
        lambda a, b: network_medians(flat, out, a, b, starts, offsets),
        starts.size,
        least=max(1, 4096 // shape[-1]),
    )
    return out.reshape(shape)


def _by_histogram(
    padded: Array, out: Array, footprint: Array, percent: float, *, only_nan: bool = False
) -> Array:
    """Fill boxes of ``out``, in each of which the values are numbered in their order.

    All of them, or only those that NaN is in reach of.
    """
    shape = out.shape
    side = _SIDES.get(len(shape), 8)
    steps = [max(side, 2 * size) for size in footprint.shape]
    cuts = [range(0, size, step) for size, step in zip(shape, steps, strict=True)]
    corners = list(itertools.product(*cuts))

    def part(first: int, last: int) -> None:
        for corner in corners[first:last]:
            stop = [min(n, c + s) for n, c, s in zip(shape, corner, steps, strict=True)]
            box = tuple(map(slice, corner, stop))
            wide = tuple(
                slice(s.start, s.stop + n - 1) for s, n in zip(box, footprint.shape, strict=True)
            )
            if not only_nan or np.isnan(padded[wide]).any():
                out[box] = _of_box(padded[wide], out[box].shape, footprint, percent)

    map_ranges(part, len(corners))
    return out


def _of_box(padded: Array, shape: tuple[int, ...], footprint: Array, percent: float) -> Array:
    from graticule.ops.filters._rank_kernels import histogram_ranks

    table, ranks = _as_ranks(padded)
    rows = footprint.any(axis=-1)
    along = np.zeros_like(footprint)
    along[..., footprint.shape[-1] // 2] = rows
    lines = footprint_offsets(along, padded.shape)
    halves = (np.count_nonzero(footprint, axis=-1)[rows] - 1) // 2
    starts = line_starts(padded.shape, shape)
    low_and_high = np.empty((2, starts.size, shape[-1]), np.int32)
    histogram_ranks(ranks.ravel(), len(table), starts, lines, halves, percent, low_and_high)
    low, high = low_and_high.reshape(2, *shape)
    out: Array = table[low]
    between = low != high
    if between.any():
        out[between] = out[between] / 2 + table[high[between]] / 2
    if table.dtype.kind == "f":
        out[low < 0] = np.nan
    return out


def _as_ranks(values: Array) -> tuple[Array, Array]:
    """Return the different values in their order, and the number of each sample; -1 for NaN."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        low, high = int(values.min()), int(values.max())
        table = np.arange(low, high + 1).astype(values.dtype)
        return table, values.astype(np.int32) - np.int32(low)
    table, numbers = np.unique(values, return_inverse=True)
    ranks = numbers.reshape(values.shape).astype(np.int32)
    if table.dtype.kind == "f" and np.isnan(table[-1]):
        ranks[ranks == len(table) - 1] = -1
    return table, ranks
