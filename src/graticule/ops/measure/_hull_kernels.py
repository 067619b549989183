"""Compiled convex hulls of objects given line by line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def line_ends(labels: Any, count: int) -> tuple[Any, Any]:
    """Return label, z and y of every line of an object, and its first and last x.

    ``labels`` has three axes; a line is all samples of a label with the same z and y.
    """
    total = 0
    keys = np.empty((0, 3), np.int64)
    ends = np.empty((0, 2), np.int64)
    for filling in range(2):
        if filling:
            keys = np.empty((total, 3), np.int64)
            ends = np.empty((total, 2), np.int64)
        total = 0
        last = np.full(count + 1, -1, np.int64)
        entry = np.zeros(count + 1, np.int64)
        for k in range(labels.shape[0]):
            for j in range(labels.shape[1]):
                line = k * labels.shape[1] + j
                for i in range(labels.shape[2]):
                    label = labels[k, j, i]
                    if label == 0:
                        continue
                    if last[label] != line:
                        last[label] = line
                        entry[label] = total
                        total += 1
                        if filling:
                            keys[entry[label], 0] = label
                            keys[entry[label], 1] = k
                            keys[entry[label], 2] = j
                            ends[entry[label], 0] = i
                    if filling:
                        ends[entry[label], 1] = i
    return keys, ends


@njit(cache=True, nogil=True)
def _chain(levels: Any, sides: Any, size: int, out: Any, filled: int) -> int:
    """Append the hull of one side, from the first level to the last; return its end in ``out``."""
    start = filled
    for number in range(size):
        y, x = levels[number], sides[number]
        while filled - start >= 2:
            ay, ax = out[filled - 2]
            by, bx = out[filled - 1]
            turn = (by - ay) * (x - ax) - (bx - ax) * (y - ay)
            if turn > 0:
                break
            filled -= 1
        out[filled, 0] = y
        out[filled, 1] = x
        filled += 1
    return filled


@njit(cache=True, nogil=True)
def hulls(starts: Any, rows: Any, ends: Any) -> tuple[Any, Any]:
    """Return the corners of the convex hull of each object's samples, taken as unit squares.

    Object ``n`` has the lines ``starts[n]:starts[n + 1]``, sorted by row; sample ``i`` covers
    ``i`` to ``i + 1``. The corners go round; those of object ``n`` are ``at[n]:at[n + 1]``.
    """
    at = np.zeros(starts.size, np.int64)
    corners = np.empty((4 * rows.size + 4 * starts.size, 2), np.int64)
    most = 0
    for group in range(starts.size - 1):
        most = max(most, starts[group + 1] - starts[group])
    levels = np.empty(2 * most, np.int64)
    left = np.empty(2 * most, np.int64)
    right = np.empty(2 * most, np.int64)
    filled = 0
    for group in range(starts.size - 1):
        size = 0
        for entry in range(starts[group], starts[group + 1]):
            for side in range(2):
                level = rows[entry] + side
                if size and levels[size - 1] == level:
                    left[size - 1] = min(left[size - 1], ends[entry, 0])
                    right[size - 1] = max(right[size - 1], ends[entry, 1] + 1)
                else:
                    levels[size] = level
                    left[size] = ends[entry, 0]
                    right[size] = ends[entry, 1] + 1
                    size += 1
        filled = _chain(levels, left, size, corners, filled)
        filled = _chain(levels[:size][::-1], right[:size][::-1], size, corners, filled)
        at[group + 1] = filled
    return at, corners[:filled]


@njit(cache=True, nogil=True)
def polygon_sizes(at: Any, corners: Any, basis: Any) -> Any:
    """Return area, largest and smallest width of convex polygons.

    ``basis`` is lower triangular: its rows are the steps along y and x.
    """
    dy, lean, dx = basis[0, 0], basis[1, 0], basis[1, 1]
    out = np.zeros((at.size - 1, 3))
    for group in range(at.size - 1):
        polygon = corners[at[group] : at[group + 1]]
        size = len(polygon)
        twice = 0
        longest, narrowest = 0.0, np.inf
        for a in range(size):
            b = (a + 1) % size
            twice += polygon[a, 0] * polygon[b, 1] - polygon[a, 1] * polygon[b, 0]
            ey = (polygon[b, 0] - polygon[a, 0]) * dy + (polygon[b, 1] - polygon[a, 1]) * lean
            ex = (polygon[b, 1] - polygon[a, 1]) * dx
            width = 0.0
            for c in range(size):
                py = (polygon[c, 0] - polygon[a, 0]) * dy + (polygon[c, 1] - polygon[a, 1]) * lean
                px = (polygon[c, 1] - polygon[a, 1]) * dx
                longest = max(longest, py * py + px * px)
                width = max(width, abs(ey * px - ex * py))
            edge = np.sqrt(ey * ey + ex * ex)
            if edge > 0:
                narrowest = min(narrowest, width / edge)
        out[group, 0] = 0.5 * abs(twice) * dy * dx
        out[group, 1] = np.sqrt(longest)
        out[group, 2] = narrowest
    return out
