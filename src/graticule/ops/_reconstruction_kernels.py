"""Compiled grey reconstruction: two scans, and what is left from high to low, on flat arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LEVELS = 4096
"""Queues by value; a place waits in that of its value, and higher ones are emptied first."""


@njit(cache=True, nogil=True)
def _scan_down(marker: Any, limit: Any, starts: Any, length: int, before: Any) -> None:
    """Carry values forward in raster order, from the neighbours already seen."""
    for start in starts:
        for place in range(start, start + length):
            value = marker[place]
            for offset in before:
                value = max(value, marker[place + offset])
            marker[place] = min(value, limit[place])


@njit(cache=True, nogil=True)
def _level(value: Any, low: float, scale: float) -> int:
    return int(min(max((float(value) - low) * scale, 0.0), LEVELS - 1.0))


@njit(cache=True, nogil=True)
def _scan_up(
    marker: Any, limit: Any, starts: Any, length: int, before: Any, low: float, scale: float
) -> Any:
    """Carry values backward; return queues of the places that can still raise a neighbour.

    The queues are chains through one pool: ``ends`` has the first and last entry of each level,
    ``pool`` the place of an entry and the next entry; entry 0 leads the chain of free ones.
    """
    ends = np.zeros((LEVELS, 2), np.int64)
    pool = np.zeros((1024, 2), np.int64)
    pool[:-1, 1] = np.arange(1, 1024)
    for start in starts[::-1]:
        for place in range(start + length - 1, start - 1, -1):
            value = marker[place]
            for offset in before:
                value = max(value, marker[place - offset])
            value = min(value, limit[place])
            marker[place] = value
            for offset in before:
                near = place - offset
                if marker[near] < value and marker[near] < limit[near]:
                    pool = _queued(ends, pool, _level(value, low, scale), place)
                    break
    return ends, pool


@njit(cache=True, nogil=True)
def _queued(ends: Any, pool: Any, level: int, place: int) -> Any:
    """Put a place at the end of a queue; return the pool, which is longer if it was full."""
    entry = pool[0, 1]
    if entry == 0:
        entry = len(pool)
        longer = np.zeros((2 * entry, 2), np.int64)
        longer[:entry] = pool
        longer[entry:-1, 1] = np.arange(entry + 1, 2 * entry)
        pool = longer
    pool[0, 1] = pool[entry, 1]
    pool[entry, 0] = place
    pool[entry, 1] = 0
    last = ends[level, 1]
    if last == 0:
        ends[level, 0] = entry
    else:
        pool[last, 1] = entry
    ends[level, 1] = entry
    return pool


@njit(cache=True, nogil=True)
def _taken(ends: Any, pool: Any, level: int) -> int:
    """Take the first place of a queue; its entry is free again."""
    entry = ends[level, 0]
    ends[level, 0] = pool[entry, 1]
    if ends[level, 0] == 0:
        ends[level, 1] = 0
    pool[entry, 1] = pool[0, 1]
    pool[0, 1] = entry
    return int(pool[entry, 0])


@njit(cache=True, nogil=True)
def reconstruct(
    marker: Any, limit: Any, starts: Any, length: int, before: Any, low: float, scale: float
) -> None:
    """Raise ``marker`` under ``limit`` until nothing moves, in place.

    Both are flat, with a margin of the lowest value. ``starts`` are the places where the lines
    of ``length`` inner samples begin, ``before`` the offsets of the neighbours that come earlier
    in raster order. ``(value - low) * scale`` is the level of a value. A place gives to others
    no more than it has, so levels above the one being emptied stay empty.
    """
    _scan_down(marker, limit, starts, length, before)
    ends, pool = _scan_up(marker, limit, starts, length, before, low, scale)
    around = np.concatenate((before, -before))
    for level in range(LEVELS - 1, -1, -1):
        while ends[level, 0] > 0:
            place = _taken(ends, pool, level)
            value = marker[place]
            if _level(value, low, scale) != level:
                continue  # raised since, and done with then
            for offset in around:
                near = place + offset
                if marker[near] < value and marker[near] < limit[near]:
                    raised = min(value, limit[near])
                    marker[near] = raised
                    pool = _queued(ends, pool, _level(raised, low, scale), near)
