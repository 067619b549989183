# mypy: disable-error-code="no-any-return"
"""Compiled merging of a region adjacency graph."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _weight(
    sums: Any, sizes: Any, jumps: Any, faces: Any, one: int, other: int, edge: int, by_mean: bool
) -> float:
    """Return how unlike two regions are; infinite where that is not known."""
    if not by_mean:
        return jumps[edge] / faces[edge] if faces[edge] > 0 else np.inf
    if sizes[one] == 0 or sizes[other] == 0:
        return np.inf
    total = 0.0
    for channel in range(sums.shape[1]):
        difference = sums[one, channel] / sizes[one] - sums[other, channel] / sizes[other]
        total += difference * difference
    return np.sqrt(total)


@njit(cache=True, nogil=True)
def merge(
    ends: Any,
    jumps: Any,
    faces: Any,
    sums: Any,
    sizes: Any,
    by_mean: bool,
    most: float,
    number: int,
) -> Any:
    """Merge the most alike neighbours again and again; return the region each one went to.

    ``ends`` are the two regions of each edge, ``jumps`` and ``faces`` the sum and the number of
    the steps across it, ``sums`` and ``sizes`` those of the values of each region; all but
    ``ends`` are changed. It stops where the next two are further apart than ``most``, or ``number``
    regions are left. Of equals the first edge is taken.
    """
    count = sizes.size
    parent = np.arange(count)
    first, last = np.full(count, -1), np.full(count, -1)
    following = np.full(2 * len(ends), -1)
    stamp = np.zeros(len(ends), np.int64)
    seen, at = np.full(count, -1), np.zeros(count, np.int64)
    heap: Any = [(np.float64(0), np.int64(0), np.int64(0)) for _ in range(0)]
    for edge in range(len(ends)):
        for side in range(2):
            _append(first, last, following, ends[edge, side], 2 * edge + side)
        one, other = ends[edge, 0], ends[edge, 1]
        weight = _weight(sums, sizes, jumps, faces, one, other, edge, by_mean)
        heap.append((weight, edge, 0))
    heapq.heapify(heap)
    left: Any = count
    turn = 0
    while heap and left > number:
        weight, edge, when = heapq.heappop(heap)
        if when != stamp[edge]:
            continue
        if not weight <= most or weight == np.inf:
            break
        keep, gone = _root(parent, ends[edge, 0]), _root(parent, ends[edge, 1])
        parent[gone] = keep
        sizes[keep] += sizes[gone]
        sums[keep] += sums[gone]
        left, turn = left - 1, turn + 1
        if first[gone] >= 0:
            following[last[keep]] = first[gone]
            last[keep] = last[gone]
        _join(keep, turn, first, last, following, ends, parent, stamp, seen, at, jumps, faces)
        half = first[keep]
        while half >= 0:
            each = half // 2
            mate = _root(parent, ends[each, 1 - half % 2])
            stamp[each] += 1
            weight = _weight(sums, sizes, jumps, faces, keep, mate, each, by_mean)
            heapq.heappush(heap, (weight, each, stamp[each]))
            half = following[half]
    for region in range(count):
        parent[region] = _root(parent, region)
    return parent


@njit(cache=True, nogil=True)
def _join(
    keep: int,
    turn: int,
    first: Any,
    last: Any,
    following: Any,
    ends: Any,
    parent: Any,
    stamp: Any,
    seen: Any,
    at: Any,
    jumps: Any,
    faces: Any,
) -> None:
    """Drop from a region's list the edges inside it, and add up two that lead to one neighbour."""
    half, before = first[keep], -1
    while half >= 0:
        each, next_half = half // 2, following[half]
        mate = _root(parent, ends[each, 1 - half % 2])
        twice = mate != keep and stamp[each] >= 0 and seen[mate] == turn
        if mate == keep or stamp[each] < 0 or twice:
            if twice:
                jumps[at[mate]] += jumps[each]
                faces[at[mate]] += faces[each]
            stamp[each] = -1
            if before < 0:
                first[keep] = next_half
            else:
                following[before] = next_half
        else:
            seen[mate], at[mate] = turn, each
            before = half
        half = next_half
    last[keep] = before


@njit(cache=True, nogil=True)
def _append(first: Any, last: Any, following: Any, region: int, half: int) -> None:
    """Put one side of an edge at the end of the list of a region."""
    if first[region] < 0:
        first[region] = half
    else:
        following[last[region]] = half
    last[region] = half


@njit(cache=True, nogil=True)
def _root(parent: Any, region: int) -> int:
    """Return where a region went, and shorten the way there."""
    while parent[region] != region:
        parent[region] = parent[parent[region]]
        region = parent[region]
    return region
