# mypy: disable-error-code="no-any-return"
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


@njit(cache=True, nogil=True)
def expect(
    vectors: Any, heights: Any, means: Any, whitening: Any, likely: Any, start: int, stop: int
) -> Any:
    """Return the sums that the next mixture of Gaussians follows from, for some vectors.

    ``heights`` are the logarithms of weight over the square root of the determinant, ``whitening``
    the inverses of the lower Cholesky factors of the covariances. A row for each Gaussian: the sum
    of its probabilities, of these times the vector, and times its square (row by row); at last
    the logarithm of the likelihood, in the first row. ``likely`` takes the probabilities where it
    has rows.
    """
    count, length = means.shape
    sums = np.zeros((count, 2 + length + length * length))
    height, moved = np.empty(count), np.empty(length)
    for row in range(start, stop):
        top = -np.inf
        for k in range(count):
            square = 0.0
            for i in range(length):
                moved[i] = vectors[row, i] - means[k, i]
                total = 0.0
                for j in range(i + 1):
                    total += whitening[k, i, j] * moved[j]
                square += total * total
            height[k] = heights[k] - square / 2
            top = max(top, height[k])
        whole = 0.0
        for k in range(count):
            height[k] = np.exp(height[k] - top)
            whole += height[k]
        sums[0, -1] += top + np.log(whole)
        for k in range(count):
            part = height[k] / whole
            if likely.shape[0] > 0:
                likely[row, k] = part
            sums[k, 0] += part
            for i in range(length):
                sums[k, 1 + i] += part * vectors[row, i]
                for j in range(length):
                    place = 1 + length + i * length + j
                    sums[k, place] += part * vectors[row, i] * vectors[row, j]
    return sums
