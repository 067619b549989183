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
def deblend(
    values: Any, parts: Any, totals: Any, order: Any, contrast: float, height: float, out: Any
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
    order : (m,)
        Flat indices of the samples of the mask, brightest first.
    out : (y, x)
        Gets the labels, numbered by first sample in raster order.
    """
    rows, columns = values.shape
    flat, of = values.reshape(-1), parts.reshape(-1)
    # A sample holds its object; only a peak makes one, so that there are few.
    holder = np.full(flat.size, -1, np.int32)
    parent = np.empty(order.size, np.int32)
    peak, light, size = np.empty(order.size), np.empty(order.size), np.empty(order.size)
    made = 0
    for at in order:
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
    for at in range(flat.size):
        target[at] = 0
        if holder[at] >= 0:
            root = _root(parent, holder[at])
            if numbers[root] == 0:
                count += 1
                numbers[root] = count
            target[at] = numbers[root]
    return count


@njit(cache=True, nogil=True)
def light_sums(values: Any, labels: Any, count: int, level: float) -> Any:
    """Return by label light over a level, the same times y, times x, and samples."""
    sums = np.zeros((4, count + 1))
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
    return sums
