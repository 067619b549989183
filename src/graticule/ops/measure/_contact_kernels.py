"""Compiled counts of what lies beside what: pairs and windows of samples, by label.

All take a block padded by one sample wherever a window may reach; ``base`` is the index of the
block's first own sample in it, and ``size`` how many own samples there are along each axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _count_equal(line: Any, label: int, start: int, stop: int) -> int:
    """Return how often a label is in a part of a line; a plain loop, so that it is vectorised."""
    count = 0
    for i in range(start, stop):
        count += line[i] == label
    return count


@njit(cache=True, nogil=True)
def count_equal_pairs(labels: Any, base: Any, size: Any, offsets: Any, count: int) -> Any:
    """Return, by label and offset, how many own samples have the same label at the offset."""
    out = np.zeros((count + 1, len(offsets)), np.int64)
    end = base[2] + size[2]
    for k in range(base[0], base[0] + size[0]):
        for j in range(base[1], base[1] + size[1]):
            line = labels[k, j]
            stop = base[2]
            while stop < end:
                label = line[stop]
                start = stop
                stop += 1
                while stop < end and line[stop] == label:
                    stop += 1
                if label == 0:
                    continue
                for number in range(len(offsets)):
                    step = offsets[number]
                    there = labels[k + step[0], j + step[1]]
                    x = step[2]
                    out[label, number] += _count_equal(there, label, start + x, stop + x)
    return out


@njit(cache=True, nogil=True)
def _distinct(labels: Any, k: int, j: int, i: int, window: Any, seen: Any) -> int:
    """Put the labels of a window into ``seen``, each once, and return how many there are."""
    found = 0
    for dz in range(window[0]):
        for dy in range(window[1]):
            for dx in range(window[2]):
                label = labels[k + dz, j + dy, i + dx]
                new = label != 0
                for number in range(found):
                    new = new and seen[number] != label
                if new:
                    seen[found] = label
                    found += 1
    return found


@njit(cache=True, nogil=True)
def _uniform(labels: Any, k: int, j: int, i: int, window: Any) -> int:
    """Return the label of a window's column if it is the same all along, or -1."""
    label = labels[k, j, i]
    for dz in range(window[0]):
        for dy in range(window[1]):
            if labels[k + dz, j + dy, i] != label:
                return -1
    return int(label)


@njit(cache=True, nogil=True)
def count_windows(labels: Any, start: Any, stop: Any, window: Any, count: int) -> Any:
    """Return in how many windows each label occurs; a window's first corner is in the box."""
    out = np.zeros(count + 1, np.int64)
    seen = np.zeros(8, np.int64)
    last = window[2] - 1
    for k in range(start[0], stop[0]):
        for j in range(start[1], stop[1]):
            before = _uniform(labels, k, j, start[2], window)
            for i in range(start[2], stop[2]):
                after = _uniform(labels, k, j, i + last, window) if last else before
                if before >= 0 and before == after:
                    out[before] += 1  # what falls to background is not read
                else:
                    for number in range(_distinct(labels, k, j, i, window, seen)):
                        out[seen[number]] += 1
                before = after
                if not last and i + 1 < stop[2]:
                    before = _uniform(labels, k, j, i + 1, window)
    return out


@njit(cache=True, nogil=True)
def touching_pairs(labels: Any, base: Any, size: Any, offsets: Any) -> Any:
    """Return the pairs of labels, smaller first, of own samples and their unlike neighbours.

    A pair follows for every face where two objects meet, but for repeats along a line.
    """
    total = 0
    pairs = np.empty((0, 2), np.int64)
    for filling in range(2):
        if filling:
            pairs = np.empty((total, 2), np.int64)
        total = 0
        for number in range(len(offsets)):
            step = offsets[number]
            last_one, last_two = 0, 0
            for k in range(base[0], base[0] + size[0]):
                for j in range(base[1], base[1] + size[1]):
                    for i in range(base[2], base[2] + size[2]):
                        one = labels[k, j, i]
                        two = labels[k + step[0], j + step[1], i + step[2]]
                        if one == two or one == 0 or two == 0:
                            continue
                        if one == last_one and two == last_two:
                            continue
                        last_one, last_two = one, two
                        if filling:
                            pairs[total, 0] = min(one, two)
                            pairs[total, 1] = max(one, two)
                        total += 1
    return pairs


@njit(cache=True, nogil=True)
def count_grey_pairs(
    labels: Any, grey: Any, base: Any, size: Any, offsets: Any, count: int, levels: int
) -> Any:
    """Return histograms of sums and of differences of the grey levels of pairs, by label.

    Both samples of a pair have the same label and a grey level that is not negative. The first
    ``2 * levels - 1`` columns count sums, the last ``levels`` absolute differences.
    """
    out = np.zeros((count + 1, 3 * levels - 1), np.int64)
    for k in range(base[0], base[0] + size[0]):
        for j in range(base[1], base[1] + size[1]):
            for i in range(base[2], base[2] + size[2]):
                label = labels[k, j, i]
                one = grey[k, j, i]
                if label == 0 or one < 0:
                    continue
                for number in range(len(offsets)):
                    step = offsets[number]
                    z, y, x = k + step[0], j + step[1], i + step[2]
                    if labels[z, y, x] != label or grey[z, y, x] < 0:
                        continue
                    two = grey[z, y, x]
                    out[label, one + two] += 1
                    out[label, 2 * levels - 1 + abs(one - two)] += 1
    return out
