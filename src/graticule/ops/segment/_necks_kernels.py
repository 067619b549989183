"""Compiled search for the tops of an object, as seen by the distance to its border.

Objects are flat arrays of a box with a margin of one on all sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.ops._smoothing_kernels import smooth
from graticule.ops._watershed_kernels import dense_ranks

_PENDING, _TOP, _SLOPE = 0, 1, 2


@njit(cache=True, nogil=True)
def _squared_distances(mask: Any, steps: Any) -> Any:
    """Return the squared distance of each sample to the nearest one outside, axis by axis."""
    far = np.zeros(mask.size, np.int64)
    since = 0
    for place in range(mask.size):
        since = since + 1 if mask[place] else 0
        far[place] = since * since
    since = 0
    for place in range(mask.size - 1, -1, -1):
        since = since + 1 if mask[place] else 0
        far[place] = min(far[place], since * since)
    for axis in range(steps.size - 2, -1, -1):
        before, step = far.copy(), steps[axis]
        for place in range(mask.size):
            best, apart = before[place], 1
            while apart * apart < best:  # the margin stops it
                near = min(before[place - apart * step], before[place + apart * step])
                best = min(best, near + apart * apart)
                apart += 1
            far[place] = best
    return far


@njit(cache=True, nogil=True)
def _root(parent: Any, place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


@njit(cache=True, nogil=True)
def _falling(heights: Any, mask: Any) -> Any:
    """Return the places in the mask, the highest first; heights are not below 0."""
    places = np.flatnonzero(mask)
    keys = np.empty(places.size, np.float32)
    for number in range(places.size):
        keys[number] = heights[places[number]]
    ranks = np.empty(places.size, np.int32)
    words = keys.view(np.uint32)
    count = dense_ranks(words, np.empty_like(words), np.empty((2, places.size), np.int32), ranks)
    ends = np.zeros(count + 1, np.int64)
    for rank in ranks:
        ends[rank] += 1
    for level in range(count - 1, -1, -1):
        ends[level] += ends[level + 1]
    order = np.empty_like(places)
    for number in range(places.size - 1, -1, -1):
        ends[ranks[number]] -= 1
        order[ends[ranks[number]]] = places[number]
    return order


@njit(cache=True, nogil=True)
def _high_tops(heights: Any, order: Any, around: Any, least: Any) -> Any:
    """Return which places are tops that stand at least ``least`` above the way to a higher one.

    Places are joined from the highest to the lowest. Where two hills meet, the lower one's top is
    judged; tops of one height stay together until then.
    """
    hills, tops = np.full(heights.size, -1, np.int32), np.arange(heights.size)
    verdicts = np.full(heights.size, _PENDING, np.int8)
    for place in order:
        hills[place] = place
        for offset in around:
            if hills[place + offset] < 0:
                continue
            one, other = _root(hills, place), _root(hills, place + offset)
            if one == other:
                continue
            if heights[one] < heights[other]:
                one, other = other, one
            hills[other] = one  # the root of a hill is one of its highest places
            if heights[one] == heights[other]:
                tops[_root(tops, other)] = _root(tops, one)
            else:
                high = heights[place] <= np.float32(heights[other] - least)
                verdicts[_root(tops, other)] = _TOP if high else _SLOPE
    found = np.zeros(heights.size, np.bool_)
    for place in order:
        found[place] = verdicts[_root(tops, place)] != _SLOPE
    return found


@njit(cache=True, nogil=True)
def _numbered(found: Any, around: Any) -> Any:
    """Return labels 1..n of what is joined, and n."""
    labels, queue = np.zeros(found.size, np.int32), np.empty(found.size, np.int64)
    count = 0
    for place in range(found.size):
        if not found[place] or labels[place] > 0:
            continue
        count += 1
        labels[place], queue[0] = count, place
        size, done = 1, 0
        while done < size:
            for offset in around:
                near = queue[done] + offset
                if found[near] and labels[near] == 0:
                    labels[near], queue[size] = count, near
                    size += 1
            done += 1
    return labels, count


@njit(cache=True, nogil=True)
def distance_tops(mask: Any, shape: Any, weights: Any, share: float) -> Any:
    """Return smoothed distances to the border of an object in one piece, and labels of its tops.

    Parameters
    ----------
    mask : array
        The object, flat, with a margin.
    shape : array
        Of the mask.
    weights : array
        Of the smoothing, at distances 0, 1, 2 and so on.
    share : float
        How high a top must stand above the way to a higher one, of the largest distance.
    """
    steps = np.ones(shape.size, np.int64)
    for axis in range(shape.size - 2, -1, -1):
        steps[axis] = steps[axis + 1] * shape[axis + 1]
    far = smooth(np.sqrt(_squared_distances(mask, steps)), shape, weights)
    heights = np.empty(far.size, np.float32)
    highest = 0.0
    for place in range(far.size):
        far[place] *= mask[place]
        heights[place] = far[place]
        highest = max(highest, far[place])
    around = np.zeros(3**shape.size - 1, np.int64)
    for number in range(around.size):
        left = number + (number >= around.size // 2)
        for axis in range(shape.size):
            around[number] += (left % 3 - 1) * steps[axis]
            left //= 3
    found = _high_tops(heights, _falling(heights, mask), around, np.float32(share * highest))
    labels, count = _numbered(found, around)
    return far, labels, count
