"""Compiled smoothing of a histogram until two modes are left."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _smooth(counts: Any, out: Any) -> None:
    """Take means of three; the ends are mirrored.

    A running sum in double precision, kept in single, as SciPy does it: what is left over of it in
    empty bins decides which of them is lowest.
    """
    last = counts.size - 1
    total = np.float64(counts[0]) + counts[0] + counts[min(1, last)]
    out[0] = total / 3.0
    for i in range(1, counts.size):
        gone = np.float64(counts[max(i - 2, 0)])
        total += counts[min(i + 1, last)] - gone
        out[i] = total / 3.0


@njit(cache=True, nogil=True)
def _modes(counts: Any, places: Any) -> int:
    """Count the maxima, but no further than three, and note where the first two are."""
    found = 0
    rising = True
    for i in range(counts.size - 1):
        if rising:
            if counts[i + 1] < counts[i]:
                rising = False
                if found < 2:
                    places[found] = i
                found += 1
                if found == 3:
                    return found
        elif counts[i + 1] > counts[i]:
            rising = True
    return found


@njit(cache=True, nogil=True)
def two_modes(counts: Any, most_rounds: int) -> tuple[int, int, Any]:
    """Smooth counts (float32) until less than three maxima are left.

    Returns where the two are and the smooth counts; (-1, -1) where there are not two.
    """
    here, there = counts.copy(), counts.copy()
    places = np.zeros(2, np.int64)
    for _ in range(most_rounds - 1):
        _smooth(here, there)
        here, there = there, here
        found = _modes(here, places)
        if found < 3:
            break
    if found != 2:
        return -1, -1, here
    return places[0], places[1], here
