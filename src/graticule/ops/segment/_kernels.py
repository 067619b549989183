"""Compiled passes over labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd number near 2**64 over the golden ratio


@njit(cache=True, nogil=True)
def number_by_appearance(labels: Any, most: int) -> int:
    """Renumber labels ``0..most``, in place, by first appearance; return how many there are."""
    new = np.zeros(most + 1, np.int32)
    count = 0
    for index in range(labels.size):
        label = labels[index]
        if label > 0:
            if new[label] == 0:
                count += 1
                new[label] = count
            labels[index] = new[label]
    return count


@njit(cache=True, nogil=True)
def _slot(keys: Any, numbers: Any, a: Any, b: Any) -> Any:
    """Return where a pair stands in a table with a power of two of slots, or may be put."""
    mixed = np.uint64(a) * _MIX ^ np.uint64(b)
    mixed = (mixed ^ mixed >> np.uint64(32)) * _MIX
    last = np.uint64(numbers.size - 1)
    slot = mixed >> np.uint64(32) & last
    while numbers[slot] != 0 and (keys[slot, 0] != a or keys[slot, 1] != b):
        slot = slot + np.uint64(1) & last
    return slot


@njit(cache=True, nogil=True)
def _doubled(keys: Any, numbers: Any) -> Any:
    size = 2 * numbers.size
    more_keys, more = np.empty((size, 2), np.uint64), np.zeros(size, np.int32)
    for old in range(numbers.size):
        if numbers[old] != 0:
            slot = _slot(more_keys, more, keys[old, 0], keys[old, 1])
            more_keys[slot] = keys[old]
            more[slot] = numbers[old]
    return more_keys, more


@njit(cache=True, nogil=True)
def _number_until_full(
    first: Any, second: Any, out: Any, begin: int, count: int, keys: Any, numbers: Any
) -> Any:
    """Give numbers from ``begin`` on until half of the table is taken; return where it ended."""
    last_a, last_b, number = np.uint64(0), np.uint64(0), np.int32(0)
    for index in range(begin, out.size):
        a, b = np.uint64(first[index]), np.uint64(second[index])
        if a != last_a or b != last_b:
            last_a, last_b, number = a, b, np.int32(0)
            if a != 0 or b != 0:
                slot = _slot(keys, numbers, a, b)
                number = numbers[slot]
                if number == 0:
                    if 2 * count >= numbers.size:
                        return index, count
                    count += 1
                    number = np.int32(count)
                    keys[slot, 0], keys[slot, 1], numbers[slot] = a, b, number
        out[index] = number
    return out.size, count


@njit(cache=True, nogil=True)
def number_pairs(first: Any, second: Any, out: Any) -> int:
    """Give pairs of labels numbers by first appearance; return how many there are.

    A place where both are 0 gets 0. The pairs seen so far are in a hash table that grows.
    """
    keys, numbers = np.empty((1 << 12, 2), np.uint64), np.zeros(1 << 12, np.int32)
    done, count = _number_until_full(first, second, out, 0, 0, keys, numbers)
    while done < out.size:
        keys, numbers = _doubled(keys, numbers)
        done, count = _number_until_full(first, second, out, done, count, keys, numbers)
    return int(count)
