"""Compiled search for the best cuts of a histogram into classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _best_start(
    before: Any, number: Any, total: Any, stop: int, first: int, last: int
) -> tuple[int, float]:
    """Return where the last of the classes up to ``stop`` best starts, and what it is worth."""
    best, most = first, -np.inf
    for start in range(first, min(last, stop - 1) + 1):
        apart = total[stop] - total[start]
        worth = before[start] + apart * apart / (number[stop] - number[start])
        if worth > most:
            best, most = start, worth
    return best, most


@njit(cache=True, nogil=True)
def best_cuts(counts: Any, values: Any, classes: int) -> Any:
    """Return the start of each class but the first, for the largest variance between classes.

    The best start of a class never moves back as its end moves on, so the ends are taken by
    halving: exact, in n log n steps for each class.
    """
    size = counts.size
    number = np.concatenate((np.zeros(1), np.cumsum(counts)))
    total = np.concatenate((np.zeros(1), np.cumsum(counts * values)))
    worth = np.full((classes + 1, size + 1), -np.inf)
    starts = np.zeros((classes + 1, size + 1), np.int64)
    worth[1, 1:] = total[1:] ** 2 / number[1:]
    stack = np.empty((128, 4), np.int64)
    for level in range(2, classes + 1):
        stack[0] = (level, size, level - 1, size - 1)
        left = 1
        while left:
            left -= 1
            low, high, first, last = stack[left]
            if low > high:
                continue
            middle = (low + high) // 2
            at, most = _best_start(worth[level - 1], number, total, middle, first, last)
            starts[level, middle], worth[level, middle] = at, most
            stack[left] = (low, middle - 1, first, at)
            stack[left + 1] = (middle + 1, high, at, last)
            left += 2
    cuts = np.empty(classes - 1, np.int64)
    stop = size
    for level in range(classes, 1, -1):
        stop = starts[level, stop]
        cuts[level - 2] = stop
    return cuts
