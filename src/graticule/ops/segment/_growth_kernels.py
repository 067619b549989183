"""Compiled passes over objects within their boxes.

Arrays are taken row by row along the last axis; ``lead`` is their shape without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_OUTSIDE, _REST, _INSIDE = -2, -1, 0
"""States of a place: reached from outside, of no object as yet, of the object; a piece is above."""


@njit(cache=True, nogil=True)
def sums_of(labels: Any, values: Any, count: int) -> Any:
    """Return how many samples each label 0..count has, and the sum of their values."""
    sizes, sums = np.zeros(count + 1, np.int64), np.zeros(count + 1)
    for index in range(labels.size):
        sizes[labels[index]] += 1
        sums[labels[index]] += values[index]
    return sizes, sums


@njit(cache=True, nogil=True)
def cut_below(labels: Any, seeds: Any, values: Any, share: float, count: int) -> None:
    """Set labels to 0 where the value is no more than a share of the mean at the label's seeds."""
    sizes, sums = sums_of(seeds, values, count)
    for label in range(count + 1):
        sums[label] = share * (sums[label] / max(sizes[label], 1))
    for index in range(labels.size):
        if labels[index] > 0 and values[index] <= sums[labels[index]]:
            labels[index] = 0


@njit(cache=True, nogil=True)
def boxes_of(rows: Any, lead: Any, count: int) -> Any:
    """Return first and last place of the objects 1..count along each axis; last < first if none."""
    ndim = lead.size + 1
    low, high = np.full((count, ndim), np.iinfo(np.int64).max), np.full((count, ndim), -1)
    at = np.zeros(ndim, np.int64)
    for row in range(len(rows)):
        left = row
        for axis in range(ndim - 2, -1, -1):
            at[axis] = left % lead[axis]
            left //= lead[axis]
        for x in range(rows.shape[1]):
            label = rows[row, x] - 1
            if label >= 0:
                at[ndim - 1] = x
                for axis in range(ndim):
                    low[label, axis] = min(low[label, axis], at[axis])
                    high[label, axis] = max(high[label, axis], at[axis])
    return low, high


@njit(cache=True, nogil=True)
def _rows_of_box(low: Any, high: Any, lead: Any) -> Any:
    """Return of each row of a box its number in the image, and where it begins in the box.

    The box has a margin of one on all sides.
    """
    ndim = low.size
    count, volume = 1, high[ndim - 1] - low[ndim - 1] + 3
    for axis in range(ndim - 1):
        count *= high[axis] - low[axis] + 1
    starts = np.empty((count, 2), np.int64)
    steps = np.empty(ndim, np.int64)
    for axis in range(ndim - 1, -1, -1):
        steps[axis] = 1 if axis == ndim - 1 else steps[axis + 1] * volume
        if axis < ndim - 1:
            volume = high[axis] - low[axis] + 3
    for number in range(count):
        left, row, place, step = number, 0, 1, 1
        for axis in range(ndim - 2, -1, -1):
            size = high[axis] - low[axis] + 1
            at = left % size
            left //= size
            row += (at + low[axis]) * step
            step *= lead[axis]
            place += (at + 1) * steps[axis]
        starts[number, 0], starts[number, 1] = row, place
    return starts, steps, steps[0] * volume


@njit(cache=True, nogil=True)
def _spread(states: Any, queue: Any, steps: Any, place: int, lowest: int, new: int) -> int:
    """Give a place and what is joined to it, of states from ``lowest`` to 0, a new state."""
    states[place] = new
    queue[0] = place
    count, done = 1, 0
    while done < count:
        for step in steps:
            for near in (queue[done] - step, queue[done] + step):
                if lowest <= states[near] <= (_REST if new == _OUTSIDE else _INSIDE):
                    states[near] = new
                    queue[count] = near
                    count += 1
        done += 1
    return count


@njit(cache=True, nogil=True)
def _largest_piece(states: Any, queue: Any, starts: Any, steps: Any, width: int) -> int:
    """Give numbers to the pieces of an object, its holes filled; return that of the largest."""
    for number in range(len(starts)):
        for place in range(starts[number, 1], starts[number, 1] + width):
            if states[place] == _REST:
                outside = False
                for step in steps:
                    outside |= states[place - step] == _OUTSIDE or states[place + step] == _OUTSIDE
                if outside:
                    _spread(states, queue, steps, place, _REST, _OUTSIDE)
    best, most, pieces = 0, 0, 0
    for number in range(len(starts)):
        for place in range(starts[number, 1], starts[number, 1] + width):
            if _REST <= states[place] <= _INSIDE:
                pieces += 1
                size = _spread(states, queue, steps, place, _REST, pieces)
                if size > most:
                    best, most = pieces, size
    return best


@njit(cache=True, nogil=True)
def make_solid(rows: Any, lead: Any, count: int, out: Any) -> None:
    """Write the largest piece of each object 1..count, with its holes filled, where ``out`` is 0.

    Pieces are joined through faces, and so are holes.
    """
    low, high = boxes_of(rows, lead, count)
    last = lead.size
    states, queue = np.empty(0, np.int32), np.empty(0, np.int64)
    for label in range(count):
        if high[label, last] < 0:
            continue
        starts, steps, volume = _rows_of_box(low[label], high[label], lead)
        if volume > states.size:
            states, queue = np.empty(2 * volume, np.int32), np.empty(2 * volume, np.int64)
        states[:volume] = _OUTSIDE
        first, width = low[label, last], high[label, last] - low[label, last] + 1
        for number in range(len(starts)):
            row, start = starts[number]
            for x in range(width):
                is_own = rows[row, first + x] == label + 1
                states[start + x] = _INSIDE if is_own else _REST
        best = _largest_piece(states, queue, starts, steps, width)
        for number in range(len(starts)):
            row, start = starts[number]
            for x in range(width):
                if states[start + x] == best and out[row, first + x] == 0:
                    out[row, first + x] = label + 1
