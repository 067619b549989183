"""Compiled loops of sampling: a key for each sample, of its place and the seed alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.core.typing import Array


@njit(cache=True, nogil=True, inline="always")
def _mixed(state: Any) -> Any:
    """Return 64 bits that look random for each state (the finaliser of SplitMix64)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@njit(cache=True, nogil=True)
def candidates(found: Array, first: int, salt: Any, limits: Array, counts: Array) -> Any:
    """Return index and key of the labelled samples whose key is not above their class's limit.

    ``found`` holds codes (-1 = not to be used), ``first`` is the index of its first sample;
    ``counts`` is raised by the labelled samples of each class.
    """
    kept = 0
    for position in range(found.size):
        code = found[position]
        if code >= 0:
            counts[code] += 1
            place = np.uint64(first + position + 1) * np.uint64(0x9E3779B97F4A7C15)
            if _mixed(place ^ salt) <= limits[code]:
                kept += 1
    index = np.empty(kept, np.int64)
    keys = np.empty(kept, np.uint64)
    kept = 0
    for position in range(found.size):
        code = found[position]
        if code >= 0:
            place = np.uint64(first + position + 1) * np.uint64(0x9E3779B97F4A7C15)
            key = _mixed(place ^ salt)
            if key <= limits[code]:
                index[kept] = position
                keys[kept] = key
                kept += 1
    return index, keys
