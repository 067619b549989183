"""How a limited number of samples is shared out among classes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

_FLOOR = 10
"""Where classes are not balanced, a rare one still gets this part of an even share."""


def shares(counts: Array, most: int | None, balance: bool) -> Array:
    """Return how many samples of each class are taken, at most so many together.

    Examples
    --------
    >>> shares(np.array([1000, 10, 500]), 210, balance=True).tolist()
    [100, 10, 100]
    >>> shares(np.array([1000, 10, 990]), 200, balance=False).tolist()
    [97, 6, 96]
    """
    if most is None or counts.sum() <= most:
        return counts.copy()
    if balance:
        return _even(counts, most)
    floor = _even(counts, max(1, most // _FLOOR))
    rest = counts - floor
    taken = floor + rest * (most - floor.sum()) // max(1, rest.sum())
    limited: Array = np.minimum(taken, counts)
    return limited


def _even(counts: Array, most: int) -> Array:
    """Share out evenly; what a class cannot use goes to the others."""
    taken = np.zeros_like(counts)
    left = most
    order = np.argsort(counts, kind="stable")
    for place, number in enumerate(order):
        taken[number] = min(counts[number], left // (counts.size - place))
        left -= taken[number]
    return taken
