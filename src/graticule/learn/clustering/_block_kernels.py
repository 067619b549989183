# mypy: disable-error-code="no-any-return"
"""Compiled loops of k-means over blocks of rows, of which most need not be read again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_SUMS = {"reassoc", "contract"}
_ROUNDING = np.float32(8 * np.finfo(np.float32).eps)
"""Error of a squared length in float32, relative."""


@njit(cache=True, nogil=True, fastmath=_SUMS)
def _square_distance(one: Any, other: Any) -> Any:
    total = np.float32(0)
    for f in range(one.size):
        apart = one[f] - other[f]
        total += apart * apart
    return total


@njit(cache=True, nogil=True)
def _moved(sums: Any, sizes: Any, row: Any, old: int, new: int) -> None:
    """Take a row out of the sum of one group and into that of another; -1 is none."""
    if old >= 0:
        sizes[old] -= 1
        for f in range(row.size):
            sums[old, f] -= row[f]
    sizes[new] += 1
    for f in range(row.size):
        sums[new, f] += row[f]


@njit(cache=True, nogil=True, fastmath=_SUMS)
def outside(block: Any, centre: Any, places: Any, rest: Any, squares: Any) -> float:
    """Note how far rows are from a subspace through a centre; return the sum of squares in all.

    ``places`` are the coordinates of the rows within the subspace; ``rest`` takes the distances
    from it, ``squares`` the squared ones from the centre.
    """
    total = 0.0
    for r in range(block.shape[0]):
        square = _square_distance(block[r], centre)
        total += square
        inside = np.float32(0)
        for j in range(places.shape[1]):
            inside += places[r, j] * places[r, j]
        squares[r] = square
        rest[r] = np.sqrt(max(square - inside, np.float32(0)))
    return total


@njit(cache=True, nogil=True)
def settle(
    costs: Any,
    base: Any,
    reach: Any,
    rest: Any,
    squares: Any,
    longest: Any,
    labels: Any,
    to_do: Any,
) -> Any:
    """Give rows the centroid that must be nearest; return how many are left, and how many unsure.

    Parameters
    ----------
    costs : ndarray
        (rows, centroids): squared distance, less what is the same for all centroids of a row, what
        the parts of row and centroid outside the subspace have in common, and ``base``, which is
        added here.
    base : ndarray
        Squared length of each centroid.
    reach : ndarray
        Twice the length of each centroid's part outside the subspace.
    rest, squares : ndarray
        Length of each row's part outside of it, and the squared length of the row.
    longest : float
        The largest of ``base``.
    labels : ndarray of int32
        The centroid of each row so far.
    to_do : ndarray of int32
        Takes -1 where the centroid is certain and the same; the new one where that is certain;
        and the number of centroids where it is not certain.
    """
    count, waiting, unsure = costs.shape[1], 0, 0
    for r in range(costs.shape[0]):
        least, upper, nearest = np.float32(np.inf), np.float32(np.inf), 0
        for k in range(count):
            cost = costs[r, k] + base[k]
            costs[r, k] = cost
            upper = min(upper, cost + reach[k] * rest[r])
            if cost < least:
                least, nearest = cost, k
        upper += _ROUNDING * (squares[r] + longest)
        near = 0
        for k in range(count):
            near += costs[r, k] - reach[k] * rest[r] <= upper
        to_do[r] = -1
        if near > 1:
            to_do[r] = count
            waiting += 1
            unsure += 1
        elif nearest != labels[r]:
            to_do[r] = nearest
            waiting += 1
    return waiting, unsure


@njit(cache=True, nogil=True)
def resolve(
    block: Any,
    centroids: Any,
    costs: Any,
    reach: Any,
    rest: Any,
    squares: Any,
    longest: Any,
    labels: Any,
    to_do: Any,
    sums: Any,
    sizes: Any,
) -> int:
    """Look at the rows that `settle` left, and keep the sums of groups up to date.

    Returns how many rows changed their group.
    """
    count, changed = centroids.shape[0], 0
    for r in range(block.shape[0]):
        nearest = to_do[r]
        if nearest < 0:
            continue
        if nearest == count:
            upper = np.float32(np.inf)
            for k in range(count):
                upper = min(upper, costs[r, k] + reach[k] * rest[r])
            upper += _ROUNDING * (squares[r] + longest)
            least = np.float32(np.inf)
            for k in range(count):
                if costs[r, k] - reach[k] * rest[r] <= upper:
                    square = _square_distance(block[r], centroids[k])
                    if square < least:
                        nearest, least = k, square
        if nearest != labels[r]:
            _moved(sums, sizes, block[r], labels[r], nearest)
            labels[r] = nearest
            changed += 1
    return changed
