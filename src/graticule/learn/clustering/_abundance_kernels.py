# mypy: disable-error-code="no-any-return"
"""Compiled loops of unmixing."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def nonnegative(gram: Any, products: Any, found: Any, sweeps: int, tolerance: float) -> None:
    """Minimise the squares of rows less sums of end members with weights of 0 or more.

    One weight after the other, over and over (Franc, Hlavac and Navara 2005).

    Parameters
    ----------
    gram, products : ndarray
        Products of the end members among each other, and (rows, end members) of rows with them.
    found : ndarray
        Takes the weights.
    sweeps, tolerance : int, float
        At most so many, and the largest change, relative to the largest weight, at which to stop.
    """
    count = gram.shape[0]
    for r in range(products.shape[0]):
        for k in range(count):
            found[r, k] = 0.0
        for _ in range(sweeps):
            change, largest = 0.0, 0.0
            for k in range(count):
                if gram[k, k] <= 0.0:
                    continue
                slope = products[r, k]
                for j in range(count):
                    slope -= gram[k, j] * found[r, j]
                new = max(0.0, found[r, k] + slope / gram[k, k])
                change = max(change, abs(new - found[r, k]))
                largest = max(largest, new)
                found[r, k] = new
            if change <= tolerance * largest:
                break
