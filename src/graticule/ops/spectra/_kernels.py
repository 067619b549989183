# mypy: disable-error-code="no-any-return"
"""Compiled passes over cubes laid out as (places before, bins, places after)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _variance(value: Any, given: Any, is_given: bool) -> Any:
    """Return what a value adds to the variance of a sum: by its error, or as counts."""
    if is_given:
        return np.float64(given) * np.float64(given)
    return value if value >= 0 else np.nan


@njit(cache=True, nogil=True)
def _of_sum(variance: Any) -> Any:
    """Return the variance of a sum of counts, 1 where there is none."""
    return 1.0 if variance == 0 else variance


@njit(cache=True, nogil=True)
def _deviation(value: Any, variance: Any) -> Any:
    """Return the root of a variance; NaN where it or the value is none."""
    if not (np.isfinite(value) and np.isfinite(variance)):
        return np.nan
    return np.sqrt(variance)


@njit(cache=True, nogil=True)
def overlap(
    counts: Any,
    error: Any,
    opened: Any,
    begins: Any,
    exact: bool,
    out: Any,
    spread: Any,
    block: tuple[int, int, int, int],
) -> None:
    """Give back what occupied pixels did not count, for a block of places; see the op.

    ``error`` is empty where the counts are Poisson distributed; ``begins`` says for each bin
    whether a shutter interval begins with it, ``opened`` how often it was opened.
    """
    top, bottom, left, right = block
    is_given = error.size > 0
    before = np.zeros(right - left)
    for outer in range(top, bottom):
        for number in range(counts.shape[1]):
            openings = opened[number]
            if begins[number]:
                before[:] = 0.0
            for inner in range(left, right):
                value = np.float64(counts[outer, number, inner])
                free = openings - before[inner - left]
                before[inner - left] += value
                given = error[outer, number, inner] if is_given else value
                if not free > 0:
                    out[outer, number, inner] = spread[outer, number, inner] = np.nan
                    continue
                busy, slope = value / free, openings / free
                variance = _variance(value, given, is_given)
                if not is_given:
                    variance = _of_sum(variance) * max(1.0 - busy, 0.0)
                corrected = value * slope
                if exact:
                    corrected = -openings * np.log1p(-busy) if busy < 1 else np.nan
                    slope = slope / (1.0 - busy) if busy != 1 else np.nan
                out[outer, number, inner] = corrected
                spread[outer, number, inner] = _deviation(corrected, variance * slope * slope)


@njit(cache=True, nogil=True)
def join(
    values: Any,
    error: Any,
    starts: Any,
    mean: bool,
    out: Any,
    spread: Any,
    block: tuple[int, int, int, int],
) -> None:
    """Sum or average groups of bins, for a block of places.

    ``error`` is empty where the values are Poisson distributed; ``starts`` holds the first bin of
    each group, and after the last one the number of bins.
    """
    top, bottom, left, right = block
    is_given = error.size > 0
    totals, variances = np.zeros(right - left), np.zeros(right - left)
    for outer in range(top, bottom):
        for group in range(starts.size - 1):
            totals[:] = 0.0
            variances[:] = 0.0
            first, last = starts[group], starts[group + 1]
            for number in range(first, last):
                for inner in range(left, right):
                    value = np.float64(values[outer, number, inner])
                    given = error[outer, number, inner] if is_given else value
                    totals[inner - left] += value
                    variances[inner - left] += _variance(value, given, is_given)
            scale = np.float64(last - first) if mean else 1.0
            for inner in range(left, right):
                total = totals[inner - left] / scale
                out[outer, group, inner] = total
                variance = variances[inner - left]
                if not is_given:
                    variance = _of_sum(variance)
                variance /= scale * scale
                spread[outer, group, inner] = _deviation(total, variance)
