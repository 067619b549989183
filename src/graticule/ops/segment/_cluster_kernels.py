# mypy: disable-error-code="untyped-decorator, no-any-return"
"""Compiled passes of the clusterings over feature vectors, one vector in a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _dot(one: Any, other: Any) -> Any:
    total = np.float32(0)
    for index in range(one.size):
        total += one[index] * other[index]
    return total


@njit(cache=True, nogil=True)
def assign(vectors: Any, centers: Any, labels: Any, start: int, stop: int) -> Any:
    """Give some vectors their nearest center, and sum them up while they are at hand.

    Returns a row for each center: the sum of its vectors and their number; and a last row with
    the number of labels that changed and the sum of squared distances (less those to the origin).
    Of equals the first center is taken.
    """
    count, length = centers.shape
    sums = np.zeros((count + 1, length + 1))
    halves = np.empty(count, np.float32)
    for k in range(count):
        halves[k] = _dot(centers[k], centers[k]) / 2
    changed, total = 0, np.float64(0)
    for row in range(start, stop):
        vector = vectors[row]
        best, highest = 0, -halves[0] - np.float32(np.inf)
        for k in range(count):
            near = _dot(vector, centers[k]) - halves[k]
            if near > highest:
                best, highest = k, near
        changed += labels[row] != best
        labels[row] = best
        total -= 2 * highest
        sums[best, length] += 1
        for index in range(length):
            sums[best, index] += vector[index]
    sums[count, 0], sums[count, length] = changed, total
    return sums


@njit(cache=True, nogil=True)
def nearest_squares(vectors: Any, center: Any, squares: Any, start: int, stop: int) -> None:
    """Lower the squared distances to the nearest center so far to those to one more."""
    for row in range(start, stop):
        total = 0.0
        for index in range(center.size):
            difference = vectors[row, index] - center[index]
            total += difference * difference
        squares[row] = min(squares[row], total)
