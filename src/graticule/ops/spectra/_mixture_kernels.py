# mypy: disable-error-code="no-any-return"
"""Compiled passes of a mixture of Gaussians over rows, whose sums do not depend on their order."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

STEPS = float(2**20)
"""Steps of a sum in the unit: sums of whole steps are exact in whatever order they are made."""
FAR = 100.0
"""Standard deviations along an axis from which on a row takes no part in an estimate."""
_LEAST = -(2.0**20)
"""Least logarithm of a likelihood that is summed up, so that no sum of steps overflows."""


@njit(cache=True, nogil=True)
def coordinates(row: Any, mean: Any, axes: Any, out: Any) -> None:
    """Fill in where a row lies along some axes, sums in the order of its values."""
    for d in range(axes.shape[0]):
        total = 0.0
        for b in range(axes.shape[1]):
            total += (np.float64(row[b]) - mean[b]) * axes[d, b]
        out[d] = total


@njit(cache=True, nogil=True)
def _log_parts(place: Any, weights: Any, means: Any, roots: Any, out: Any) -> float:
    """Fill in the logarithm of each component's part at a place; return that of their sum.

    ``roots`` are lower triangular: of the inverse covariance the factor that a difference from
    the mean is multiplied by.
    """
    largest = -np.inf
    dims = place.size
    for k in range(weights.size):
        total = weights[k]
        for i in range(dims):
            along = 0.0
            for j in range(i + 1):
                along += roots[k, i, j] * (place[j] - means[k, j])
            total -= 0.5 * along * along
        out[k] = total
        largest = max(largest, total)
    total = 0.0
    for k in range(weights.size):
        total += np.exp(out[k] - largest)
    return largest + np.log(total)


@njit(cache=True, nogil=True)
def sums(rows: Any, mean: Any, axes: Any, weights: Any, means: Any, roots: Any) -> tuple[Any, Any]:
    """Return what the next estimate is made of, in whole steps.

    For each component its part of the rows, the sum of places and of products of places; and the
    sum of the logarithms of the likelihood, with the number of rows. Rows that are `FAR` out are
    left out.
    """
    count, dims = weights.size, axes.shape[0]
    found = np.zeros((count, 1 + dims + dims * (dims + 1) // 2), np.int64)
    told = np.zeros(2, np.int64)
    place, parts = np.empty(dims), np.empty(count)
    for r in range(rows.shape[0]):
        coordinates(rows[r], mean, axes, place)
        if not np.abs(place).max() <= FAR:
            continue
        likelihood = _log_parts(place, weights, means, roots, parts)
        told[0] += np.int64(np.rint(max(likelihood, _LEAST) * STEPS))
        told[1] += 1
        for k in range(count):
            share = np.exp(parts[k] - likelihood)
            if share * STEPS < 0.5:
                continue
            found[k, 0] += np.int64(np.rint(share * STEPS))
            at = 1 + dims
            for i in range(dims):
                first = share * place[i]
                found[k, 1 + i] += np.int64(np.rint(first * STEPS))
                for j in range(i + 1):
                    found[k, at] += np.int64(np.rint(first * place[j] * STEPS))
                    at += 1
    return found, told


@njit(cache=True, nogil=True)
def most_likely(
    rows: Any, mean: Any, axes: Any, weights: Any, means: Any, roots: Any, out: Any
) -> None:
    """Fill in the component of the largest part of each row."""
    place, parts = np.empty(axes.shape[0]), np.empty(weights.size)
    for r in range(rows.shape[0]):
        coordinates(rows[r], mean, axes, place)
        _log_parts(place, weights, means, roots, parts)
        out[r] = np.argmax(parts)
