# mypy: disallow-untyped-decorators=False
"""Compiled passes of the watershed.

Arrays are flat and padded by one sample on every side; ``labels`` is -1 where nothing may flow,
0 where nothing has yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def dense_ranks(keys: Any, moved: Any, places: Any, ranks: Any) -> int:
    """Give each key its rank among the different keys, from 0; return how many there are.

    The keys (unsigned, in any order) are sorted byte by byte, the lowest first; a byte that all
    keys share is passed over. ``keys`` is used up; ``moved``, like it, and ``places``, with two
    rows, are room to work in.
    """
    size, width = keys.size, keys.itemsize
    counts = np.zeros((width, 256), np.int64)
    for key in keys:
        for digit in range(width):
            counts[digit, (key >> (8 * digit)) & 255] += 1
    here, there = places[0], places[1]
    for number in range(size):
        here[number] = number
    for digit in range(width):
        if counts[digit].max() == size:
            continue
        at = np.zeros(256, np.int64)
        at[1:] = np.cumsum(counts[digit])[:-1]
        for number in range(size):
            key = keys[number]
            byte = (key >> (8 * digit)) & 255
            moved[at[byte]], there[at[byte]] = key, here[number]
            at[byte] += 1
        keys, moved = moved, keys
        here, there = there, here
    rank = 0
    for number in range(size):
        if number > 0 and keys[number] != keys[number - 1]:
            rank += 1
        ranks[here[number]] = rank
    return rank + 1


@njit(cache=True, nogil=True, inline="always")
def _append(queues: Any, links: Any, queue: int, sample: int) -> None:
    """Put a sample at the end of a queue; a sample is in one queue only, and only once."""
    links[sample] = -1
    if queues[queue, 0] < 0:
        queues[queue, 0] = sample
    else:
        links[queues[queue, 1]] = sample
    queues[queue, 1] = sample


@njit(cache=True, nogil=True)
def flood_levels(levels: Any, labels: Any, links: Any, offsets: Any, queues: Any) -> None:
    """Flood an image of integer levels, each with a queue: its first and last sample, or -1."""
    for sample in range(labels.size):
        if labels[sample] > 0:
            _append(queues, links, levels[sample], sample)
    for level in range(len(queues)):
        sample = queues[level, 0]
        while sample >= 0:
            for offset in offsets:
                near = sample + offset
                if labels[near] == 0:
                    labels[near] = labels[sample]
                    _append(queues, links, max(level, np.int64(levels[near])), near)
            sample = links[sample]


@njit(cache=True, nogil=True)
def _is_line(levels: Any, labels: Any, offsets: Any, sample: int, own: int) -> bool:
    """Whether a sample of one flood touches another."""
    for offset in offsets:
        near = sample + offset
        if labels[near] > 0 and labels[near] != own and levels[near] >= 0:
            return True
    return False


@njit(cache=True, nogil=True)
def flood_with_lines(levels: Any, labels: Any, links: Any, offsets: Any, queues: Any) -> None:
    """Flood as `flood_levels` does, and leave -1 where floods of different labels meet.

    A sample is labelled when its turn comes, not when it is reached: until then it has -1 less
    the label of the flood. A marker that touches another flood keeps its label, but parts no
    others from then on; its level is -1.
    """
    for sample in range(labels.size):
        if labels[sample] > 0:
            _append(queues, links, levels[sample], sample)
    for level in range(len(queues)):
        sample = queues[level, 0]
        while sample >= 0:
            marks = labels[sample] > 0
            own = labels[sample] if marks else -1 - labels[sample]
            if not _is_line(levels, labels, offsets, sample, own):
                labels[sample] = own
            elif marks:
                levels[sample] = -1
            else:
                labels[sample] = -1
            for offset in offsets:
                near = sample + offset
                if labels[near] == 0:
                    labels[near] = -1 - own
                    _append(queues, links, max(level, np.int64(levels[near])), near)
            sample = links[sample]
