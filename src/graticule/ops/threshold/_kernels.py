"""Compiled passes over the values of an image, shared by all histogram thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def finite_range(values: Any) -> tuple[float, float]:
    """Return the smallest and largest finite value; (inf, -inf) where there is none."""
    low, high = np.inf, -np.inf
    for value in values:
        if np.isfinite(value):
            low = min(low, value)
            high = max(high, value)
    return low, high


@njit(cache=True, nogil=True)
def count_in_bins(values: Any, edges: Any) -> Any:
    """Count finite values in bins ``edges[i] <= value < edges[i + 1]``; the last is closed.

    The guess by division may be one bin off where rounding meets an edge, so it is compared
    with the edges themselves: the counts are those of ``np.histogram``.
    """
    bins = edges.size - 1
    counts = np.zeros(bins, np.int64)
    low, high = edges[0], edges[-1]
    scale = bins / (float(high) - float(low))
    for value in values:
        if np.isfinite(value) and low <= value <= high:
            index = min(int((float(value) - float(low)) * scale), bins - 1)
            if value < edges[index]:
                index -= 1
            elif index < bins - 1 and value >= edges[index + 1]:
                index += 1
            counts[index] += 1
    return counts


@njit(cache=True, nogil=True)
def count_values(values: Any, low: int, size: int) -> Any:
    """Count integers value by value from ``low``; two counters hide repeated increments."""
    even = np.zeros(size, np.int64)
    odd = np.zeros(size, np.int64)
    turn = False
    for value in values:
        if turn:
            odd[value - low] += 1
        else:
            even[value - low] += 1
        turn = not turn
    return even + odd
