"""Compiled loops: rings along the edges of pixels, and what lies within rings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_EAST, _SOUTH, _WEST, _NORTH = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def rings_of(parts: Any) -> Any:
    """Return the rings around parts of an image, each as its corners.

    A ring runs along the edges of pixels with its part on the right hand (y downwards). Where two
    pixels of a part touch by a corner alone, it stays with its pixel, so that a ring never
    crosses itself; it may pass such a corner twice, of which it is told.

    Parameters
    ----------
    parts : (rows, columns) array of int32
        Number of a part, connected by edges; 0 for none.

    Returns
    -------
    corners : (n, 2) array of int32
        Row and column of each corner, ring after ring.
    ends : (rings,) array of int64
        Where in ``corners`` each ring ends.
    owners : (rings,) array of int32
        The part of each ring.
    touching : (rings,) array of bool
        Whether it passes a corner where its part touches itself.
    """
    rows, columns = parts.shape
    seen = np.zeros((rows, columns), np.bool_)
    corners = np.empty((1024, 2), np.int32)
    ends = np.empty(256, np.int64)
    owners = np.empty(256, np.int32)
    touching = np.empty(256, np.bool_)
    count = rings = 0
    for row in range(rows):
        for column in range(columns):
            part = parts[row, column]
            if part == 0 or seen[row, column] or (row and parts[row - 1, column] == part):
                continue
            y, x, heading, touches = row, column, _EAST, False
            first = count
            while True:
                if heading == _EAST:
                    seen[y, x] = True
                    x += 1
                    ahead_y, ahead_x, other_y, other_x = y, x, y - 1, x
                elif heading == _SOUTH:
                    y += 1
                    ahead_y, ahead_x, other_y, other_x = y, x - 1, y, x
                elif heading == _WEST:
                    x -= 1
                    ahead_y, ahead_x, other_y, other_x = y - 1, x - 1, y, x - 1
                else:
                    y -= 1
                    ahead_y, ahead_x, other_y, other_x = y - 1, x, y - 1, x - 1
                ahead = (
                    0 <= ahead_y < rows
                    and 0 <= ahead_x < columns
                    and parts[ahead_y, ahead_x] == part
                )
                other = (
                    0 <= other_y < rows
                    and 0 <= other_x < columns
                    and parts[other_y, other_x] == part
                )
                turn = 0
                if not ahead:
                    turn = 1
                    touches = touches or other
                elif other:
                    turn = 3
                if turn:
                    heading = (heading + turn) % 4
                    if count == len(corners):
                        corners = np.concatenate((corners, np.empty_like(corners)))
                    corners[count, 0] = y
                    corners[count, 1] = x
                    count += 1
                if y == row and x == column and heading == _EAST and count > first:
                    break
            if rings == len(ends):
                ends = np.concatenate((ends, np.empty_like(ends)))
                owners = np.concatenate((owners, np.empty_like(owners)))
                touching = np.concatenate((touching, np.empty_like(touching)))
            ends[rings], owners[rings], touching[rings] = count, part, touches
            rings += 1
    return corners[:count], ends[:rings], owners[:rings], touching[:rings]


@njit(cache=True, nogil=True)
def rows_crossed(points: Any, ring_ends: Any, group_ends: Any, rows: int) -> Any:
    """Return how often the edges of each group of rings cross the middle of a row.

    ``points`` are ``(n, 2)`` float64 of x and y; the last of a ring is joined to its first.
    """
    crossed = np.zeros(len(group_ends), np.int64)
    ring = start = 0
    for group in range(len(group_ends)):
        while ring < group_ends[group]:
            stop = ring_ends[ring]
            for at in range(start, stop):
                after = at + 1 if at + 1 < stop else start
                low, high = points[at, 1], points[after, 1]
                if low > high:
                    low, high = high, low
                above = min(max(np.ceil(low - 0.5), 0.0), float(rows))
                below = min(max(np.ceil(high - 0.5), 0.0), float(rows))
                crossed[group] += int(below) - int(above)
            start = stop
            ring += 1
    return crossed


@njit(cache=True, nogil=True)
def fill_rings(
    points: Any, ring_ends: Any, group_ends: Any, crossed: Any, values: Any, planes: Any, out: Any
) -> Any:
    """Write the value of each group of rings where the centres of pixels lie within it.

    Within is what an odd number of rings is around. A centre on an edge belongs to the pixel
    right of it, or below it, so that neighbours share none and leave none out.

    Parameters
    ----------
    points, ring_ends, group_ends, crossed
        As of `rows_crossed`.
    values : (groups,) array
        What is written.
    planes : (groups,) array of int64
        Into which plane.
    out : (planes, rows, columns) array
        Filled.

    Returns
    -------
    overlaps : int
        Pixels that had another value.
    """
    _, rows, columns = out.shape
    overlaps = 0
    most = 0
    for group in range(len(group_ends)):
        most = max(most, crossed[group])
    found_row = np.empty(most, np.int32)
    found_x = np.empty(most, np.float64)
    sorted_x = np.empty(most, np.float64)
    ring = start = 0
    for group in range(len(group_ends)):
        found = 0
        first_row, last_row = rows, -1
        while ring < group_ends[group]:
            stop = ring_ends[ring]
            for at in range(start, stop):
                after = at + 1 if at + 1 < stop else start
                x0, y0, x1, y1 = points[at, 0], points[at, 1], points[after, 0], points[after, 1]
                if y0 > y1:
                    x0, y0, x1, y1 = x1, y1, x0, y0
                above = int(min(max(np.ceil(y0 - 0.5), 0.0), float(rows)))
                below = int(min(max(np.ceil(y1 - 0.5), 0.0), float(rows)))
                for row in range(above, below):
                    found_row[found] = row
                    found_x[found] = x0 + (row + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
                    found += 1
                if below > above:
                    first_row, last_row = min(first_row, above), max(last_row, below - 1)
            start = stop
            ring += 1
        if last_row < first_row:
            continue
        places = np.zeros(last_row - first_row + 2, np.int64)
        for at in range(found):
            places[found_row[at] - first_row + 1] += 1
        for row in range(1, len(places)):
            places[row] += places[row - 1]
        at_row = places[:-1].copy()
        for at in range(found):
            row = found_row[at] - first_row
            sorted_x[at_row[row]] = found_x[at]
            at_row[row] += 1
        plane, value = out[planes[group]], values[group]
        for row in range(len(places) - 1):
            xs = np.sort(sorted_x[places[row] : places[row + 1]])
            for pair in range(0, len(xs) - 1, 2):
                left = int(min(max(np.ceil(xs[pair] - 0.5), 0.0), float(columns)))
                right = int(min(max(np.ceil(xs[pair + 1] - 0.5), 0.0), float(columns)))
                for column in range(left, right):
                    held = plane[row + first_row, column]
                    overlaps += held != 0 and held != value
                    plane[row + first_row, column] = value
    return overlaps
