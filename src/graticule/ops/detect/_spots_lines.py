"""Compiled straight lines through each sample: their levels, and whether they are ridges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.ops.filters._rank_kernels import ends_outward

GAPS = 8
"""A line is whole where at most one in so many of its samples is lower than half its height."""
BLUR = 4.0
"""A ridge is at most so many times as high as the line beside it; 4: blurred to 1.4 samples."""
_COLUMNS = 256


@njit(cache=True, nogil=True)
def _extent(place: int, size: int, step: int, most: int) -> tuple[int, int]:
    """Return how many steps back and ahead, and no more than ``most``, stay in the image."""
    before, after = place, size - 1 - place
    if step == 0:
        return most, most
    return (before, after) if step > 0 else (after, before)


@njit(cache=True, nogil=True)
def line_levels(
    values: Any, half: int, step: Any, known: bool, levels: Any, start: int, stop: int
) -> None:
    """Write the median of the line through each sample, and what all but few of it are between.

    ``values`` has the axes frame, z, y, x; a line has ``half`` samples on both sides, a ``step``
    apart. Where the image ends on one side there are more on the other. NaN is left out, and is
    the level where not more than half are known. ``levels`` is low, median and high; ``known``
    says that there is no NaN. For the rows from start up to stop.
    """
    _, depth, height, width = values.shape
    count = 2 * half + 1
    rows = np.empty((count, _COLUMNS), values.dtype)
    line = np.empty(count, values.dtype)
    margin = half * abs(step[2])
    for row in range(start, stop):
        frame, z, y = row // (depth * height), row // height % depth, row % height
        first, last = 0, 0  # what is left of the row is done sample by sample
        far_z, far_y = half * abs(step[0]), half * abs(step[1])
        if known and far_z <= z < depth - far_z and far_y <= y < height - far_y:
            first, last = margin, max(margin, width - margin)
        for begin in range(first, last, _COLUMNS):
            size = min(last - begin, _COLUMNS)
            for k in range(count):
                t = k - half
                here = begin + t * step[2]
                source = values[frame, z + t * step[0], y + t * step[1]]
                rows[k, :size] = source[here : here + size]
            for k in range(half + 1):
                ends_outward(rows[:, :size], k, count - 1 - k)
            few = count // GAPS
            levels[0, frame, z, y, begin : begin + size] = rows[few, :size]
            levels[1, frame, z, y, begin : begin + size] = rows[half, :size]
            levels[2, frame, z, y, begin : begin + size] = rows[count - 1 - few, :size]
        for x in range(width):
            if first <= x < last:
                continue
            before, after = _extent(z, depth, step[0], count)
            for place, size, way in ((y, height, step[1]), (x, width, step[2])):
                there, beyond = _extent(place, size, way, count)
                before, after = min(before, there), min(after, beyond)
            begin = -min(before, max(half, count - 1 - after))
            found = 0
            for t in range(begin, min(begin + count - 1, after) + 1):
                value = values[frame, z + t * step[0], y + t * step[1], x + t * step[2]]
                if value == value:
                    line[found] = value
                    found += 1
            levels[:, frame, z, y, x] = np.nan
            if found > half:
                line[:found].sort()
                few = found // GAPS
                levels[0, frame, z, y, x] = line[few]
                levels[1, frame, z, y, x] = (line[(found - 1) // 2] + line[found // 2]) / 2
                levels[2, frame, z, y, x] = line[found - 1 - few]


@njit(cache=True, nogil=True)
def extend_ridges(
    levels: Any, ground: Any, step: Any, least: Any, most: Any, start: int, stop: int
) -> None:
    """Take the lines of one direction in, as ridges or furrows of the ground, where they are real.

    One that is not whole counts for no more than `BLUR` times what is beside it.
    """
    low, middle, high = levels
    _, depth, height, width = middle.shape
    slanted = np.abs(step).sum() > 1
    for row in range(start, stop):
        frame, z, y = row // (depth * height), row // height % depth, row % height
        for x in range(width):
            level = ground[frame, z, y, x]
            rise = middle[frame, z, y, x] - level
            if not (rise > 0 or rise < 0):  # flat, or not known
                continue
            sign = 1 if rise > 0 else -1
            lowest = low[frame, z, y, x] if rise > 0 else high[frame, z, y, x]
            rise *= sign
            if sign * (lowest - level) < rise / 2:
                beside = 0.0 * rise
                for axis in range(3):
                    if slanted or step[axis] == 0:
                        for side in (-1, 1):
                            k = z + (side if axis == 0 else 0)
                            j = y + (side if axis == 1 else 0)
                            i = x + (side if axis == 2 else 0)
                            if 0 <= k < depth and 0 <= j < height and 0 <= i < width:
                                near = sign * (middle[frame, k, j, i] - level)
                                beside = near if near > beside else beside
                rise = min(rise, BLUR * beside)
            if sign > 0:
                most[frame, z, y, x] = max(most[frame, z, y, x], level + rise)
            else:
                least[frame, z, y, x] = min(least[frame, z, y, x], level - rise)
