"""Compiled counting of pairs of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def count_dense(first: Any, second: Any, high: int, width: int) -> Any:
    """Return a table ``(high, width)`` of how often each pair occurs."""
    table = np.zeros((high, width), np.int64)
    for i in range(first.size):
        table[first[i], second[i]] += 1
    return table


@njit(cache=True, nogil=True)
def count_sparse(first: Any, second: Any) -> tuple[Any, Any]:
    """Return the pairs that occur, as ``first * 2**32 + second``, and how often, in any order.

    Runs of one pair are counted before they are looked up: labels are smooth.
    """
    capacity = 1024
    keys = np.full(capacity, -1, np.int64)
    counts = np.zeros(capacity, np.int64)
    used = 0
    i = 0
    while i < first.size:
        a, b = first[i], second[i]
        start = i
        i += 1
        while i < first.size and first[i] == a and second[i] == b:
            i += 1
        key = (np.int64(a) << 32) | np.int64(b)
        at = _slot(keys, key)
        if keys[at] < 0:
            keys[at] = key
            used += 1
        counts[at] += i - start
        if 2 * used > capacity:
            capacity *= 4
            wider = np.full(capacity, -1, np.int64)
            moved = np.zeros(capacity, np.int64)
            for j in range(keys.size):
                if keys[j] >= 0:
                    place = _slot(wider, keys[j])
                    wider[place] = keys[j]
                    moved[place] = counts[j]
            keys, counts = wider, moved
    full = keys >= 0
    return keys[full], counts[full]


@njit(cache=True, nogil=True)
def _slot(keys: Any, key: int) -> Any:
    """Return where a key is in a table of a power of two places, or where it would go."""
    mask = keys.size - 1
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    at = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(mask))
    while keys[at] >= 0 and keys[at] != key:
        at = (at + 1) & mask
    return at
