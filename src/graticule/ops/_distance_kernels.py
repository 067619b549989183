"""Compiled passes of the exact Euclidean distance, one axis at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

TILE = 128
"""Columns worked on together: with an axis of 1000 samples they fit a processor's own cache."""

_FAR = 64
"""Steps of the search after which the envelope is faster."""


@njit(cache=True, nogil=True)
def along_rows(mask: Any, begin: int, end: int, step: float, out: Any) -> None:
    """Write the squared distance to the nearest False of the same row; infinity if none."""
    size = mask.shape[1]
    for row in range(begin, end):
        bits, far = mask[row], out[row]
        since = size
        for x in range(size):
            since = since + 1 if bits[x] else 0
            far[x] = since
        since = size
        for x in range(size - 1, -1, -1):
            since = since + 1 if bits[x] else 0
            nearest = min(np.float64(far[x]), np.float64(since))
            far[x] = (nearest * step) ** 2 if nearest < size else np.inf


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _searched(near: Any, far: Any, columns: int, squares: Any, most: float, steps: int) -> bool:
    """Search each row's neighbours, the closest first, until none can be closer.

    Returns False where that takes more than ``steps``.
    """
    size = len(near)
    for row in range(size):
        left = False  # a flag is found for many columns at once, a maximum is not
        for x in range(columns):
            far[row, x] = near[row, x]
            left |= near[row, x] > 0
        step = 1
        while left and step < size and squares[step] <= most:
            if step > steps:
                return False
            square, following = squares[step], squares[min(step + 1, size - 1)]
            left = False
            above = row - step if row >= step else row
            below = row + step if row + step < size else row
            for x in range(columns):
                one, other, own = near[above, x], near[below, x], far[row, x]
                found = (one if one < other else other) + square
                found = found if found < own else own
                far[row, x] = found
                left |= found > following
            step += 1
    return True


@njit(cache=True, nogil=True)
def _enveloped(near: Any, far: Any, columns: int, squares: Any, step: float) -> None:
    """Take for each column the lower envelope of the parabolas at its samples."""
    size = len(near)
    heights = np.empty(size, np.float64)
    places = np.empty(size, np.int64)
    bounds = np.empty(size + 1, np.float64)
    shares = 0.5 / (step * step) / np.maximum(np.arange(size), 1)
    for x in range(columns):
        last = -1
        for row in range(size):
            if near[row, x] == np.inf:
                continue
            height = np.float64(near[row, x]) + (row * step) ** 2
            bound = -np.inf
            while last >= 0:
                bound = (height - heights[last]) * shares[row - places[last]]
                if bound > bounds[last]:
                    break
                last -= 1
            last += 1
            heights[last], places[last] = height, row
            bounds[last] = bound if last > 0 else -np.inf
        for row in range(size):
            far[row, x] = np.inf
        if last < 0:
            continue
        bounds[last + 1] = np.inf
        at = 0
        for row in range(size):
            while bounds[at + 1] < row:
                at += 1
            far[row, x] = near[places[at], x] + squares[abs(row - places[at])]


@njit(cache=True, nogil=True)
def along_axis(
    values: Any, outer: int, begin: int, end: int, step: float, most: float, root: bool
) -> None:
    """Take the least of squared distance and step along the middle axis, in place.

    For one index of the first axis and some columns of the last. Nothing is sought beyond the
    squared distance ``most``; with ``root``, the root of the result is written.
    """
    size = values.shape[1]
    squares = ((np.arange(size) * step) ** 2).astype(np.float32)
    near = np.empty((size, TILE), np.float32)
    far = np.empty((size, TILE), np.float32)
    bound = np.float32(most)
    steps = size if most < np.inf else _FAR
    searching = True
    for left in range(begin, end, TILE):
        columns = min(TILE, end - left)
        for row in range(size):
            for x in range(columns):
                near[row, x] = values[outer, row, left + x]
        if not (searching and _searched(near, far, columns, squares, bound, steps)):
            # Tiles beside it will need as many steps: most of them are not tried again.
            searching = (left // TILE) % 8 == 7
            _enveloped(near, far, columns, squares, step)
        for row in range(size):
            for x in range(columns):
                found = min(far[row, x], bound)
                values[outer, row, left + x] = np.sqrt(found) if root else found


@njit(cache=True, nogil=True)
def nearest_in_rows(
    labels: Any, begin: int, end: int, step: float, most: float, far: Any, out: Any
) -> None:
    """Write the nearest label of the same row and its squared distance; of two the lower."""
    size = labels.shape[1]
    nothing = labels.dtype.type(0)  # of the dtype of labels: large ones are no floats
    for row in range(begin, end):
        since, label = size, nothing
        for x in range(size):
            since += 1
            if labels[row, x] > 0:
                since, label = 0, labels[row, x]
            square = (since * step) ** 2
            known = label > 0 and square <= most
            far[row, x] = square if known else np.inf
            out[row, x] = label if known else nothing
        since, label = size, nothing
        for x in range(size - 1, -1, -1):
            since += 1
            if labels[row, x] > 0:
                since, label = 0, labels[row, x]
            square = np.float32((since * step) ** 2)
            closer = square < far[row, x] or (square == far[row, x] and label < out[row, x])
            if label > 0 and square <= most and closer:
                far[row, x], out[row, x] = square, label


@njit(cache=True, nogil=True)
def nearest_along_axis(
    values: Any, labels: Any, outer: int, begin: int, end: int, step: float, most: float
) -> None:
    """Take the nearest label along the middle axis, in place; of equals the lower."""
    size = values.shape[1]
    reach = 0
    while reach < size - 1 and ((reach + 1) * step) ** 2 <= most:
        reach += 1
    near = np.empty((size, TILE), np.float32)
    names = np.empty((size, TILE), labels.dtype)
    for left in range(begin, end, TILE):
        columns = min(TILE, end - left)
        for row in range(size):
            for x in range(columns):
                near[row, x] = values[outer, row, left + x]
                names[row, x] = labels[outer, row, left + x]
        for row in range(size):
            for other in range(max(0, row - reach), min(size, row + reach + 1)):
                square = np.float32(((row - other) * step) ** 2)
                for x in range(columns):
                    found = near[other, x] + square
                    best = values[outer, row, left + x]
                    name, own = names[other, x], labels[outer, row, left + x]
                    closer = found < best or (found == best and name < own)
                    if found <= most and name > 0 and closer:
                        values[outer, row, left + x] = found
                        labels[outer, row, left + x] = name
