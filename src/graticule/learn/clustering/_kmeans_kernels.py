# mypy: disable-error-code="no-any-return"
"""Compiled loops of k-means, for tables of a size at which calls cost more than the work."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_SUMS = {"reassoc", "contract"}


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _square_distance(one: Any, other: Any) -> Any:
    total = 0.0
    for f in range(one.size):
        apart = one[f] - other[f]
        total += apart * apart
    return total


@njit(cache=True, nogil=True)
def plus_plus(rows: Any, draws: Any, centroids: Any) -> None:
    """Choose rows as centroids by greedy k-means++ (Arthur and Vassilvitskii 2007).

    ``draws``, (centroids, trials), are uniform numbers: of the rows that a line of them points at,
    in proportion to the squared distance to the nearest centroid so far, the best is taken.
    """
    count, trials = draws.shape
    nearest = np.empty(rows.shape[0])
    tried, best = np.empty(rows.shape[0]), np.empty(rows.shape[0])
    centroids[0] = rows[int(draws[0, 0] * rows.shape[0])]
    for r in range(rows.shape[0]):
        nearest[r] = _square_distance(rows[r], centroids[0])
    for k in range(1, count):
        total, least = nearest.sum(), np.inf
        for trial in range(trials):
            left, at = draws[k, trial] * total, 0
            while at < rows.shape[0] - 1 and left > nearest[at]:
                left -= nearest[at]
                at += 1
            potential = 0.0
            for r in range(rows.shape[0]):
                tried[r] = min(nearest[r], _square_distance(rows[r], rows[at]))
                potential += tried[r]
            if potential < least:
                least = potential
                centroids[k] = rows[at]
                best[:] = tried
        nearest[:] = best


@njit(cache=True, nogil=True)
def lloyd(rows: Any, centroids: Any, labels: Any, iterations: int, tolerance: float) -> Any:
    """Move centroids to the mean of the rows nearest to them until they rest.

    A centroid without rows takes the row that is farthest from its own. Returns the sum of squared
    distances to the nearest centroid, and the number of iterations.
    """
    count, features = centroids.shape
    sums, sizes = np.empty((count, features)), np.empty(count)
    apart = np.empty(rows.shape[0])
    labels[:] = -1
    last = False
    for iteration in range(iterations + 1):
        sums[:], sizes[:] = 0.0, 0.0
        inertia, changed = 0.0, 0
        for r in range(rows.shape[0]):
            nearest, least = 0, np.inf
            for k in range(count):
                square = _square_distance(rows[r], centroids[k])
                if square < least:
                    nearest, least = k, square
            changed += labels[r] != nearest
            labels[r], apart[r] = nearest, least
            inertia += least
            sizes[nearest] += 1
            for f in range(features):
                sums[nearest, f] += rows[r, f]
        if last or changed == 0 or iteration == iterations:
            return inertia, iteration
        shift = 0.0
        for k in range(count):
            if sizes[k] == 0:
                far = int(apart.argmax())
                apart[far], sizes[k], sums[k] = 0.0, 1, rows[far]
                sums[labels[far]] -= rows[far]
                sizes[labels[far]] -= 1
                labels[far] = k
            for f in range(features):
                moved = sums[k, f] / sizes[k] - centroids[k, f]
                shift += moved * moved
                centroids[k, f] += moved
        last = shift <= tolerance
    return inertia, iterations
