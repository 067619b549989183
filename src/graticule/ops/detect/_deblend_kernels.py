"""Compiled passes that part objects which touch, and that add up light by its distance."""

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
    place = np.full(flat.size, -1, np.int32)
    parent = np.empty(order.size, np.int32)
    peak, light, size = np.empty(order.size), np.empty(order.size), np.empty(order.size)
    for rank in range(order.size):
        at = order[rank]
        value = flat[at]
        y, x = at // columns, at % columns
        parent[rank], peak[rank], light[rank], size[rank] = rank, value, 0.0, 0.0
        best, brightest = rank, -np.inf
        enough = contrast * totals[of[at]]
        for j in range(max(0, y - 1), min(rows, y + 2)):
            for i in range(max(0, x - 1), min(columns, x + 2)):
                near = place[j * columns + i]
                if near < 0:
                    continue
                other = _root(parent, near)
                if best != rank and other != best:
                    small, large = (other, best) if peak[other] < peak[best] else (best, other)
                    apart = True
                    for each in (small, large):
                        above = light[each] - size[each] * value
                        apart = apart and above >= enough and peak[each] - value >= height
                    if not apart:
                        parent[small] = large
                        light[large] += light[small]
                        size[large] += size[small]
                        other = large
                        best = large if best == small else best
                if flat[j * columns + i] > brightest or best == rank:
                    best, brightest = other, flat[j * columns + i]
        best = _root(parent, best)
        parent[rank] = best
        light[best] += value
        size[best] += 1
        place[at] = rank
    numbers = np.zeros(order.size, np.int32)
    target, count = out.reshape(-1), 0
    for at in range(flat.size):
        target[at] = 0
        if place[at] >= 0:
            root = _root(parent, place[at])
            if numbers[root] == 0:
                count += 1
                numbers[root] = count
            target[at] = numbers[root]
    return count


@njit(cache=True, nogil=True)
def ring_sums(values: Any, used: Any, y: float, x: float, per_sample: int, rings: int) -> Any:
    """Return by distance the samples, and the sums of light times 1, cos 2a and sin 2a.

    ``a`` is the angle from the first axis; rings are ``1 / per_sample`` wide.
    """
    sums = np.zeros((4, rings))
    reach = rings / per_sample
    rows, columns = values.shape
    for j in range(max(0, int(y - reach)), min(rows, int(y + reach) + 2)):
        for i in range(max(0, int(x - reach)), min(columns, int(x + reach) + 2)):
            if used[j, i]:
                down, along = j - y, i - x
                square = down * down + along * along
                ring = int(np.sqrt(square) * per_sample)
                if ring < rings:
                    light = values[j, i]
                    sums[0, ring] += 1
                    sums[1, ring] += light
                    if square > 0:
                        sums[2, ring] += light * (down * down - along * along) / square
                        sums[3, ring] += light * 2 * down * along / square
    return sums


@njit(cache=True, nogil=True)
def windowed_centre(
    values: Any, used: Any, y: float, x: float, width: float, turns: int
) -> tuple[float, float]:
    """Return the middle of light under a Gaussian window that follows it."""
    rows, columns = values.shape
    reach = 3 * width
    for _ in range(turns):
        total = down = along = 0.0
        for j in range(max(0, int(y - reach)), min(rows, int(y + reach) + 2)):
            for i in range(max(0, int(x - reach)), min(columns, int(x + reach) + 2)):
                if used[j, i]:
                    square = (j - y) ** 2 + (i - x) ** 2
                    light = values[j, i] * np.exp(-0.5 * square / width**2)
                    total += light
                    down += light * (j - y)
                    along += light * (i - x)
        if total <= 0:
            break
        # Under a window as wide as the light, the light is seen half as far off.
        y, x = y + 2 * down / total, x + 2 * along / total
        if abs(down) + abs(along) < 1e-3 * total:
            break
    return y, x


@njit(cache=True, nogil=True)
def is_still(values: Any, out: Any) -> None:
    """Tell where a sample and its neighbours are all equal: where there is no noise."""
    rows, columns = values.shape
    for j in range(rows):
        for i in range(columns):
            value, still = values[j, i], True
            for b in range(max(0, j - 1), min(rows, j + 2)):
                for a in range(max(0, i - 1), min(columns, i + 2)):
                    still = still and values[b, a] == value
            out[j, i] = still


@njit(cache=True, nogil=True)
def _chord(offset: float, cos: float, sin: float, rows: int, columns: int) -> float:
    """Return the length of the line ``y cos + x sin = offset`` in the image, from its middle."""
    low, high = -1e9, 1e9
    for start, along, half in ((offset * cos, -sin, rows / 2), (offset * sin, cos, columns / 2)):
        if abs(along) < 1e-9:
            if abs(start) > half:
                return 0.0
        else:
            one, other = (-half - start) / along, (half - start) / along
            low, high = max(low, min(one, other)), min(high, max(one, other))
    return max(high - low, 0.0)


@njit(cache=True, nogil=True)
def fullest_line(
    mask: Any, y: float, x: float, radius: float, width: float, beside: int, least: float
) -> float:
    """Return the largest share of a straight line that is in a mask, over that of those beside it.

    Lines go through the image, are ``width`` wide and at least ``least`` long, and those beside
    one are so many widths away; what lies within ``radius`` of a place is left out of them. Every
    third sample is counted.
    """
    rows, columns = mask.shape
    bins = int(np.hypot(rows, columns) / width) + 3
    turns = int(np.pi * max(rows, columns) / (2 * width)) + 1
    counts = np.zeros((turns, bins))
    cos = np.cos(np.pi * np.arange(turns) / turns)
    sin = np.sin(np.pi * np.arange(turns) / turns)
    for j in range(rows):
        for i in range((2 * j) % 3, columns, 3):
            if mask[j, i] and (j - y) ** 2 + (i - x) ** 2 > radius**2:
                down, along = j - (rows - 1) / 2, i - (columns - 1) / 2
                for turn in range(turns):
                    offset = down * cos[turn] + along * sin[turn]
                    counts[turn, int(offset / width + bins / 2)] += 3
    best, shares = 0.0, np.zeros(bins)
    for turn in range(turns):
        past = (y - (rows - 1) / 2) * cos[turn] + (x - (columns - 1) / 2) * sin[turn]
        for place in range(bins):
            offset = (place + 0.5 - bins / 2) * width
            length = _chord(offset, cos[turn], sin[turn], rows, columns)
            if abs(offset - past) < radius:
                length -= 2 * np.sqrt(radius**2 - (offset - past) ** 2)
            shares[place] = counts[turn, place] / (length * width) if length >= least else 0.0
        for place in range(beside, bins - beside):
            around = max(shares[place - beside], shares[place + beside])
            best = max(best, shares[place] - around)
    return best
