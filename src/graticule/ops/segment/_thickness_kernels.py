"""Compiled passes of the local thickness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def is_ridge(far: Any, begin: int, end: int, steps: Any, ridge: Any) -> None:
    """Mark the samples whose ball lies in no ball of a neighbour, for some planes.

    The ball of a neighbour holds it for certain if its radius is larger by their distance.
    """
    depth, rows, columns = far.shape
    for z in range(begin, end):
        for y in range(rows):
            for x in range(columns):
                own = far[z, y, x]
                if own <= 0:
                    continue
                inside = False
                for dz in range(max(0, z - 1), min(depth, z + 2)):
                    for dy in range(max(0, y - 1), min(rows, y + 2)):
                        for dx in range(max(0, x - 1), min(columns, x + 2)):
                            a = (dz - z) * steps[0]
                            b = (dy - y) * steps[1]
                            c = (dx - x) * steps[2]
                            gap = np.sqrt(a * a + b * b + c * c)
                            # A neighbour as large is not enough: two would rule each other out.
                            inside = inside or (gap > 0 and far[dz, dy, dx] >= own + gap)
                ridge[z, y, x] = not inside


@njit(cache=True, nogil=True)
def _open(free: Any, at: int) -> int:
    """Return the first sample from ``at`` on that has no value yet."""
    end = at
    while free[end] != end:
        end = free[end]
    while free[at] != end:
        free[at], at = end, free[at]
    return end


@njit(cache=True, nogil=True)
def paint_balls(
    balls: Any, radii: Any, begin: int, end: int, steps: Any, mask: Any, out: Any
) -> None:
    """Paint balls, the largest first, on what no ball has painted yet, for some planes.

    In each row, ``free`` leads from a sample to the next that is bare, so that none is painted
    twice, and what is painted is passed over at once.
    """
    rows, columns = out.shape[1], out.shape[2]
    free = np.empty((end - begin, rows, columns + 1), np.int32)
    free[...] = np.arange(columns + 1)
    for number in range(len(radii)):
        radius = np.float64(radii[number])
        square = radius * radius * (1 - 1e-6)  # float32 roots are not exact; a ball is open
        cz, cy, cx = balls[number]
        reach = int(radius / steps[0]) + 1
        for z in range(max(begin, cz - reach), min(end, cz + reach + 1)):
            a = ((z - cz) * steps[0]) ** 2
            if a >= square:
                continue
            width = int(np.sqrt(square - a) / steps[1]) + 1
            for y in range(max(0, cy - width), min(rows, cy + width + 1)):
                b = a + ((y - cy) * steps[1]) ** 2
                if b >= square:
                    continue
                span = int(np.sqrt(square - b) / steps[2]) + 1
                while span >= 0 and b + (span * steps[2]) ** 2 >= square:
                    span -= 1
                last = min(columns - 1, cx + span)
                x = _open(free[z - begin, y], max(0, cx - span))
                while x <= last:
                    if mask[z, y, x]:
                        out[z, y, x] = 2 * radius
                    free[z - begin, y, x] = x + 1
                    x = _open(free[z - begin, y], x + 1)
