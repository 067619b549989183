"""Compiled passes that find stripes and trails."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def is_still(values: Any, out: Any) -> None:
    """Tell where a sample and its neighbours are all equal: where there is no noise."""
    rows, columns = values.shape
    level = np.empty((3, columns), np.bool_)
    for j in range(-1, rows):
        row = values[min(j + 1, rows - 1)]
        flat = level[(j + 1) % 3]
        for i in range(1, columns - 1):
            flat[i] = (row[i - 1] == row[i]) & (row[i] == row[i + 1])
        flat[0] = row[0] == row[min(1, columns - 1)]
        flat[columns - 1] = row[max(0, columns - 2)] == row[columns - 1]
        if j >= 0:
            here, above = values[j], values[max(0, j - 1)]
            own, before = level[j % 3], level[max(0, j - 1) % 3]
            after = level[min(j + 1, rows - 1) % 3] if j + 1 < rows else own
            for i in range(columns):
                same = (above[i] == here[i]) & (here[i] == row[i])
                out[j, i] = same & own[i] & before[i] & after[i]


@njit(cache=True, nogil=True)
def _chord(offset: float, cos: float, sin: float, rows: int, columns: int) -> float:
    """Return the length of the line ``y cos + x sin = offset`` in the image, from its middle."""
    low, high = -1e9, 1e9
    for start, along, half in ((offset * cos, -sin, rows / 2), (offset * sin, cos, columns / 2)):
        if abs(along) < 1e-9:
            if abs(start) > half:
                return 0.0
        else:
            one, other = (-half - start) / along, (half - start) / along
            low, high = max(low, min(one, other)), min(high, max(one, other))
    return max(high - low, 0.0)


@njit(cache=True, nogil=True)
def fullest_line(
    mask: Any, y: float, x: float, radius: float, width: float, beside: int, least: float
) -> float:
    """Return the largest share of a straight line that is in a mask, over that of those beside it.

    Lines go through the image, are ``width`` wide and at least ``least`` long, and those beside
    one are so many widths away; what lies within ``radius`` of a place is left out of them. Every
    fifth sample is counted.
    """
    rows, columns = mask.shape
    bins = int(np.hypot(rows, columns) / width) + 3
    turns = int(np.pi * max(rows, columns) / (2 * width)) + 1
    counts = np.zeros((turns, bins), np.float32)
    cos = np.cos(np.pi * np.arange(turns) / turns)
    sin = np.sin(np.pi * np.arange(turns) / turns)
    down = np.empty(rows * (columns // 5 + 1), np.float32)
    along = np.empty_like(down)
    size = 0
    for j in range(rows):
        for i in range((2 * j) % 5, columns, 5):
            if mask[j, i] and (j - y) ** 2 + (i - x) ** 2 > radius**2:
                down[size], along[size] = j - (rows - 1) / 2, i - (columns - 1) / 2
                size += 1
    if 5 * size < width:  # not even a short piece
        return 0.0
    for turn in range(turns):
        line = counts[turn]
        one, other = np.float32(cos[turn] / width), np.float32(sin[turn] / width)
        shift = np.float32(bins / 2)
        for point in range(size):
            line[int(down[point] * one + along[point] * other + shift)] += 5
    best, shares, long = 0.0, np.zeros(bins), np.zeros(bins, np.bool_)
    for turn in range(turns):
        past = (y - (rows - 1) / 2) * cos[turn] + (x - (columns - 1) / 2) * sin[turn]
        for place in range(bins):
            offset = (place + 0.5 - bins / 2) * width
            length = _chord(offset, cos[turn], sin[turn], rows, columns)
            if abs(offset - past) < radius:
                length -= 2 * np.sqrt(radius**2 - (offset - past) ** 2)
            long[place] = length >= least
            shares[place] = counts[turn, place] / (length * width) if length > 10 * width else 0.0
        for place in range(beside, bins - beside):
            if long[place]:
                around = max(shares[place - beside], shares[place + beside])
                best = max(best, shares[place] - around)
    return best
