"""Compiled search for a companion on an object: what is left of its light beside it turned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _beside(values: Any, y: int, x: int) -> Any:
    """Return the largest of a sample and its neighbours; 0 outside."""
    rows, columns = values.shape
    most = values.dtype.type(0)
    for j in range(max(0, y - 1), min(rows, y + 2)):
        for i in range(max(0, x - 1), min(columns, x + 2)):
            most = max(most, values[j, i])
    return most


@njit(cache=True, nogil=True)
def lopsided(values: Any, parts: Any, part: int, y: float, x: float, out: Any) -> None:
    """Fill in what a part has more than the same part turned by 180 degrees about a place.

    More than the most in a neighbourhood of the place turned, so that a middle which is known to
    half a sample leaves nothing. 0 outside of the part, and where there is not more.
    """
    rows, columns = values.shape
    for j in range(rows):
        for i in range(columns):
            out[j, i] = 0
            if parts[j, i] == part:
                turned = _beside(values, int(np.rint(2 * y - j)), int(np.rint(2 * x - i)))
                out[j, i] = max(values[j, i] - turned, out.dtype.type(0))


@njit(cache=True, nogil=True)
def _is_top(values: Any, y: int, x: int) -> bool:
    """Tell whether a sample is larger than its neighbours; of equal ones the first is."""
    rows, columns = values.shape
    for j in range(max(0, y - 1), min(rows, y + 2)):
        for i in range(max(0, x - 1), min(columns, x + 2)):
            if values[j, i] > values[y, x]:
                return False
            if values[j, i] == values[y, x] and (j, i) < (y, x):
                return False
    return True


@njit(cache=True, nogil=True)
def _least_between(values: Any, y: float, x: float, j: int, i: int) -> float:
    """Return the least value on the straight line from a place to a sample."""
    steps = int(np.hypot(j - y, i - x)) + 1
    least = np.inf
    for step in range(steps + 1):
        part = step / steps
        row, column = y + part * (j - y), x + part * (i - x)
        least = min(least, values[int(np.rint(row)), int(np.rint(column))])
    return least


@njit(cache=True, nogil=True)
def _climbed(values: Any, y: int, x: int) -> tuple[int, int]:
    """Return the maximum that is reached from a sample by going to the largest neighbour."""
    rows, columns = values.shape
    while True:
        best, top, side = values[y, x], y, x
        for j in range(max(0, y - 1), min(rows, y + 2)):
            for i in range(max(0, x - 1), min(columns, x + 2)):
                if values[j, i] > best:
                    best, top, side = values[j, i], j, i
        if (top, side) == (y, x):
            return y, x
        y, x = top, side


@njit(cache=True, nogil=True)
def _upper_half(values: Any, taken: Any, y: int, x: int, stack: Any) -> tuple[float, float]:
    """Return the sum and the axis ratio of what is connected with a maximum and half as high.

    What is a quarter as high is marked, so that each is counted once. The sum is 0 where something
    higher is connected with it.
    """
    rows, columns = values.shape
    top, whole, count = values[y, x], True, 1
    total, size, sums = 0.0, 0, np.zeros(5)
    stack[0, 0], stack[0, 1] = y, x
    taken[y, x] = True
    while count > 0:
        count -= 1
        b, a = stack[count]
        if values[b, a] >= top / 2:
            down, along = b - y, a - x
            total += values[b, a]
            size += 1
            sums += np.array([down, along, down * down, along * along, down * along])
        for j in range(max(0, b - 1), min(rows, b + 2)):
            for i in range(max(0, a - 1), min(columns, a + 2)):
                whole = whole and values[j, i] <= top
                if not taken[j, i] and values[j, i] >= top / 4:
                    taken[j, i] = True
                    stack[count, 0], stack[count, 1] = j, i
                    count += 1
    sums /= size
    yy = sums[2] - sums[0] ** 2 + 1 / 12
    xx = sums[3] - sums[1] ** 2 + 1 / 12
    apart = np.hypot((yy - xx) / 2, sums[4] - sums[0] * sums[1])
    middle = (yy + xx) / 2
    return total if whole else 0.0, np.sqrt((middle - apart) / (middle + apart))


@njit(cache=True, nogil=True)
def strongest_companion(
    excess: Any,
    values: Any,
    y: float,
    x: float,
    least: float,
    part: float,
    meeting: float,
    dip: float,
    round_from: float,
) -> float:
    """Return the light of the strongest companion, 0 where there is none.

    One is a maximum of the excess that is above ``least`` and ``part`` of the value there, and
    whose upper half has an axis ratio of at least ``round_from``. On the straight line between the
    place and the maximum of the values beside it, these are ``meeting`` at least, and fall by
    ``dip`` at least below the lower end. Its light is twice that of its upper half, as of a
    Gaussian.
    """
    rows, columns = values.shape
    most_tops = (rows + 1) // 2 * ((columns + 1) // 2)
    found = np.empty((most_tops, 2), np.int32)
    heights = np.empty(most_tops, np.float32)
    count = 0
    for j in range(rows):
        for i in range(columns):
            height = excess[j, i]
            if height > least and height > part * values[j, i] and _is_top(excess, j, i):
                found[count, 0], found[count, 1], heights[count] = j, i, height
                count += 1
    taken = np.zeros((rows, columns), np.bool_)
    stack = np.empty((rows * columns if count else 0, 2), np.int32)
    middle = values[int(np.rint(y)), int(np.rint(x))]
    most = 0.0
    for number in np.argsort(-heights[:count], kind="mergesort"):
        j, i = found[number]
        if not taken[j, i]:
            light, ratio = _upper_half(excess, taken, j, i, stack)
            if 2 * light > most and ratio >= round_from:
                top, side = _climbed(values, j, i)
                between = _least_between(values, y, x, top, side)
                if between >= meeting and min(middle, values[top, side]) - between >= dip:
                    most = 2 * light
    return most
