"""The compiled passes of raw sums over labels, run by run along the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def label_range(labels: Any) -> Any:
    """Return the smallest and largest label above 0 of uint32; 1 and 0 where there is none."""
    low, high, one = np.uint32(0xFFFFFFFF), np.uint32(0), np.uint32(1)
    for label in labels:
        if label > high:  # the built-in max is not vectorised
            high = label
        less = np.uint32(label - one)  # of background, the largest number there is
        if less < low:
            low = less
    if high == 0:
        return 1, 0
    return np.int64(low) + 1, np.int64(high)


@njit(cache=True, nogil=True, inline="always")
def _add_run(sums: Any, ends: Any, at: int, n: int, z: int, y: int, first: int) -> None:
    """Add ``n`` samples from ``first`` on along x to the sums of a label."""
    steps = n * (n - 1) // 2
    x = n * first + steps
    row = sums[at]
    row[0] += n
    row[1] += n * z
    row[2] += n * y
    row[3] += x
    row[4] += n * z * z
    row[5] += n * y * y
    row[6] += first * (n * first + 2 * steps) + steps * (2 * n - 1) // 3
    row[7] += n * z * y
    row[8] += z * x
    row[9] += y * x
    end = ends[at]
    end[0] = min(end[0], z)
    end[1] = max(end[1], z)
    end[2] = min(end[2], y)
    end[3] = max(end[3], y)
    end[4] = min(end[4], first)
    end[5] = max(end[5], first + n - 1)


@njit(cache=True, nogil=True)
def _empty_sums(size: int) -> tuple[Any, Any]:
    sums = np.zeros((size, 10), np.int64)
    ends = np.empty((size, 6), np.int64)
    ends[:, 0::2] = np.iinfo(np.int64).max
    ends[:, 1::2] = -1
    return sums, ends


@njit(cache=True, nogil=True, inline="always")
def _run_end(line: Any, start: int, size: int) -> int:
    """Return where the run of one label ends; background is passed over eight at a time."""
    stop = start + 1
    if line[start] == 0:
        while stop + 8 <= size:
            low = line[stop] | line[stop + 1] | line[stop + 2] | line[stop + 3]
            high = line[stop + 4] | line[stop + 5] | line[stop + 6] | line[stop + 7]
            if low | high:
                break
            stop += 8
    while stop < size and line[stop] == line[start]:
        stop += 1
    return stop


@njit(cache=True, nogil=True)
def sum_positions(labels: Any, offset: Any, low: int, high: int) -> tuple[Any, Any]:
    """Return sums and extrema of the positions of labels ``low..high``, exact in integers.

    ``labels`` has three axes. The sums are n, z, y, x, zz, yy, xx, zy, zx, yx; the extrema are
    first and last index along each axis. Sums may wrap around; they are right modulo 2**64.
    """
    sums, ends = _empty_sums(high - low + 1)
    size = labels.shape[2]
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            line = labels[k, j]
            stop = 0
            while stop < size:
                start = stop
                stop = _run_end(line, start, size)
                if line[start] != 0:
                    z, y, first = k + offset[0], j + offset[1], start + offset[2]
                    _add_run(sums, ends, line[start] - low, stop - start, z, y, first)
    return sums, ends


@njit(cache=True, nogil=True)
def sum_both(labels: Any, values: Any, offset: Any, low: int, high: int) -> tuple[Any, Any, Any]:
    """Return what `sum_positions` does, and of integer values sum, square sum and extrema."""
    sums, ends = _empty_sums(high - low + 1)
    out = np.zeros((high - low + 1, 5), np.int64)
    out[:, 3] = np.iinfo(np.int64).max
    out[:, 4] = np.iinfo(np.int64).min
    size = labels.shape[2]
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            line, grey = labels[k, j], values[k, j]
            stop = 0
            while stop < size:
                start = stop
                stop = _run_end(line, start, size)
                if line[start] == 0:
                    continue
                total, squares = np.int64(0), np.int64(0)
                least = most = grey[start]
                for i in range(start, stop):
                    value = np.int64(grey[i])
                    total += value
                    squares += value * value
                    least = grey[i] if grey[i] < least else least
                    most = grey[i] if grey[i] > most else most
                at = line[start] - low
                z, y, first = k + offset[0], j + offset[1], start + offset[2]
                _add_run(sums, ends, at, stop - start, z, y, first)
                row = out[at]
                row[0] += stop - start
                row[1] += total
                row[2] += squares
                row[3] = min(row[3], np.int64(least))
                row[4] = max(row[4], np.int64(most))
    return sums, ends, out


@njit(cache=True, nogil=True)
def sum_floats(labels: Any, values: Any, low: int, high: int) -> Any:
    """Return number, mean, sum of squared deviations, minimum and maximum by label; no NaN.

    Sums are taken from the first value of a label, so that a large mean does not swallow a
    small spread; from 0 if that is infinite, so that the mean is infinite wherever it stands.
    """
    out = np.zeros((high - low + 1, 5))
    first = np.zeros(high - low + 1)
    out[:, 3] = np.inf
    out[:, 4] = -np.inf
    for index in range(labels.size):
        label = labels[index]
        if label == 0:
            continue
        value = float(values[index])
        if np.isnan(value):
            continue
        row = out[label - low]
        if row[0] == 0 and np.isfinite(value):
            first[label - low] = value
        difference = value - first[label - low]
        row[0] += 1
        row[1] += difference
        row[2] += difference * difference
        row[3] = min(row[3], value)
        row[4] = max(row[4], value)
    for index in range(high - low + 1):
        row = out[index]
        if row[0] > 0:
            row[2] -= row[1] * row[1] / row[0]
            row[2] = max(row[2], 0.0)
            row[1] = row[1] / row[0] + first[index]
    return out


@njit(cache=True, nogil=True)
def sum_weighted(labels: Any, values: Any, offset: Any, low: int, high: int) -> Any:
    """Return the sums of value, value times z, times y and times x by label; no NaN."""
    out = np.zeros((high - low + 1, 4))
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            for i in range(labels.shape[2]):
                label = labels[k, j, i]
                if label == 0:
                    continue
                value = float(values[k, j, i])
                if np.isnan(value):
                    continue
                row = out[label - low]
                row[0] += value
                row[1] += value * (k + offset[0])
                row[2] += value * (j + offset[1])
                row[3] += value * (i + offset[2])
    return out


@njit(cache=True, nogil=True)
def gather(labels: Any, values: Any, low: int, high: int) -> tuple[Any, Any]:
    """Return how many values each label has, and the values label by label; no NaN."""
    sizes = np.zeros(high - low + 1, np.int64)
    for index in range(labels.size):
        if labels[index] > 0 and not np.isnan(float(values[index])):
            sizes[labels[index] - low] += 1
    free = np.zeros(high - low + 1, np.int64)
    free[1:] = np.cumsum(sizes)[:-1]
    out = np.empty(sizes.sum(), values.dtype)
    for index in range(labels.size):
        if labels[index] > 0 and not np.isnan(float(values[index])):
            out[free[labels[index] - low]] = values[index]
            free[labels[index] - low] += 1
    return sizes, out


@njit(cache=True, nogil=True)
def quantiles(values: Any, starts: Any, levels: Any) -> Any:
    """Return quantiles of each group ``values[starts[n]:starts[n + 1]]``, linear between values.

    The groups are sorted in place; an empty one has NaN.
    """
    out = np.full((starts.size - 1, levels.size), np.nan)
    for group in range(starts.size - 1):
        part = values[starts[group] : starts[group + 1]]
        if part.size == 0:
            continue
        part.sort()
        for number, level in enumerate(levels):
            place = level * (part.size - 1)
            below = int(place)
            above = min(below + 1, part.size - 1)
            low, high = float(part[below]), float(part[above])
            out[group, number] = low if low == high else low + (high - low) * (place - below)
    return out


@njit(cache=True, nogil=True)
def count_in_blocks(phases: Any, valid: Any, first: Any, steps: Any, grid: Any, count: int) -> Any:
    """Return how many valid samples of each phase ``0..count - 1`` lie in each block.

    ``phases`` and ``valid`` have three axes and begin at ``first``; blocks are ``steps`` wide and
    there are ``grid`` of them along each axis.
    """
    out = np.zeros((grid[0] * grid[1] * grid[2], count), np.int64)
    for k in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            row = (k + first[0]) // steps[0] * grid[1] + (j + first[1]) // steps[1]
            for i in range(phases.shape[2]):
                if valid[k, j, i]:
                    out[row * grid[2] + (i + first[2]) // steps[2], phases[k, j, i]] += 1
    return out
