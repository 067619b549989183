"""Compiled grey reconstruction: two scans and a queue, on padded arrays laid out flat."""

# mypy: allow-untyped-decorators

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


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
def _scan_up(marker: Any, limit: Any, starts: Any, length: int, before: Any) -> Any:
    """Carry values backward; return a ring of the places that can still raise a neighbour."""
    queue, head, size = np.empty(1024, np.int64), 0, 0
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
                    queue, head = _with_room(queue, head, size)
                    queue[(head + size) & (queue.size - 1)] = place
                    size += 1
                    break
    return queue, head, size


@njit(cache=True, nogil=True)
def _with_room(queue: Any, head: int, size: int) -> Any:
    """Return the ring and its head, twice as long if it is full; its length is a power of 2."""
    if size < queue.size:
        return queue, head
    longer = np.empty(2 * size, np.int64)
    longer[: size - head] = queue[head:]
    longer[size - head : size] = queue[:head]
    return longer, 0


@njit(cache=True, nogil=True)
def reconstruct(marker: Any, limit: Any, starts: Any, length: int, before: Any) -> None:
    """Raise ``marker`` under ``limit`` until nothing moves, in place.

    Both are flat, with a margin of the lowest value. ``starts`` are the places where the lines
    of ``length`` inner samples begin, ``before`` the offsets of the neighbours that come earlier
    in raster order.
    """
    _scan_down(marker, limit, starts, length, before)
    queue, head, size = _scan_up(marker, limit, starts, length, before)
    around = np.concatenate((before, -before))
    while size > 0:
        place = queue[head]
        head = (head + 1) & (queue.size - 1)
        size -= 1
        value = marker[place]
        for offset in around:
            near = place + offset
            if marker[near] < value and marker[near] < limit[near]:
                marker[near] = min(value, limit[near])
                queue, head = _with_room(queue, head, size)
                queue[(head + size) & (queue.size - 1)] = near
                size += 1
