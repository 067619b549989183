"""Compiled pass that parts objects which touch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _root(parent: Any, index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


@njit(cache=True, nogil=True)
def brightest_first(values: Any, parts: Any, size: int, count: int) -> tuple[Any, Any]:
    """Return the light of each part, and a key for each of the ``size`` samples in one.

    Sorted, the keys go from the brightest sample down, those of equal value in raster order: the
    bits of positive floats have their order, and the index of the sample is the lower half. One
    sort of integers is many times faster than a stable one of indices.
    """
    totals, keys = np.zeros(count + 1), np.empty(size, np.uint64)
    flat, of = values.reshape(-1), parts.reshape(-1)
    bits = flat.view(np.uint32)
    filled = 0
    for at in range(flat.size):
        if of[at] > 0:
            totals[of[at]] += flat[at]
            keys[filled] = (
                np.uint64(~bits[at] & np.uint32(0xFFFFFFFF)) << np.uint64(32)
            ) | np.uint64(at)
            filled += 1
    return totals, keys


@njit(cache=True, nogil=True)
def deblend(
    values: Any, parts: Any, totals: Any, keys: Any, contrast: float, height: float, out: Any
) -> int:
    """Part the connected parts of a mask into objects, each around a peak; return how many.

    From the brightest sample down, samples join the object of their brightest neighbour. Where two
    objects meet they stay apart if each has, above their meeting, at least ``contrast`` of the
    light of the whole part, and a peak of ``height``; else they are one.

    Parameters
    ----------
    values : (y, x)
        Light over the level the mask was cut at.
    parts : (y, x)
        Labels of the connected parts; 0 outside.
    totals : (n + 1,)
        Light of each part.
    keys : (m,)
        Of `brightest_first`, sorted.
    out : (y, x)
        Gets the labels, numbered by first sample in raster order.
    """
    rows, columns = values.shape
    flat, of = values.reshape(-1), parts.reshape(-1)
    # A sample holds its object; only a peak makes one, so that there are few.
    holder = np.full(flat.size, -1, np.int32)
    parent = np.empty(keys.size, np.int32)
    peak, light, size = np.empty(keys.size), np.empty(keys.size), np.empty(keys.size)
    made = 0
    for key in keys:
        at = np.int64(key & np.uint64(0xFFFFFFFF))
        value = flat[at]
        y, x = at // columns, at % columns
        best, brightest = -1, -np.inf
        enough = contrast * totals[of[at]]
        for j in range(max(0, y - 1), min(rows, y + 2)):
            for i in range(max(0, x - 1), min(columns, x + 2)):
                near = holder[j * columns + i]
                if near < 0 or (near == best and flat[j * columns + i] <= brightest):
                    continue
                other = _root(parent, near)
                if best >= 0 and other != best:
                    small, large = (other, best) if peak[other] < peak[best] else (best, other)
                    apart = True
                    for each in (small, large):
                        above = light[each] - size[each] * value
                        apart = apart and above >= enough and peak[each] - value >= height
                    if not apart:
                        parent[small] = large
                        light[large] += light[small]
                        size[large] += size[small]
                        other = best = large
                if best < 0 or flat[j * columns + i] > brightest:
                    best, brightest = other, flat[j * columns + i]
        if best < 0:
            best = made
            parent[best], peak[best], light[best], size[best] = best, value, 0.0, 0.0
            made += 1
        light[best] += value
        size[best] += 1
        holder[at] = best
    numbers = np.zeros(made, np.int32)
    target, count = out.reshape(-1), 0
    for place in range(flat.size):
        target[place] = 0
        if holder[place] >= 0:
            root = _root(parent, holder[place])
            if numbers[root] == 0:
                count += 1
                numbers[root] = count
            target[place] = numbers[root]
    return count


@njit(cache=True, nogil=True)
def light_sums(values: Any, labels: Any, count: int, level: float) -> tuple[Any, Any]:
    """Return by label light over a level, the same times y, times x, and samples.

    And the flat index of the brightest sample of each.
    """
    sums, top, most = np.zeros((4, count + 1)), np.zeros(count + 1, np.int64), np.zeros(count + 1)
    rows, columns = values.shape
    for j in range(rows):
        for i in range(columns):
            label = labels[j, i]
            if label > 0:
                light = values[j, i] - level
                sums[0, label] += light
                sums[1, label] += light * j
                sums[2, label] += light * i
                sums[3, label] += 1
                if light > most[label]:
                    top[label], most[label] = j * columns + i, light
    return sums, top
