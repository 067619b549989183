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


@njit(cache=True, nogil=True, inline="always")
def _before(value: Any, turn: int, other: Any, other_turn: int) -> bool:
    return value < other or (value == other and turn < other_turn)


@njit(cache=True, nogil=True)
def _sink(values: Any, turns: Any, size: int, value: Any, turn: int) -> None:
    """Add to a heap of ``size`` entries, lowest value and then earliest turn first."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if not _before(value, turn, values[above], turns[above]):
            break
        values[at], turns[at] = values[above], turns[above]
        at = above
    values[at], turns[at] = value, turn


@njit(cache=True, nogil=True)
def _drop(values: Any, turns: Any, size: int) -> None:
    """Remove the first of a heap of ``size`` entries."""
    last = size - 1
    value, turn = values[last], turns[last]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= last:
            break
        if below + 1 < last and _before(
            values[below + 1], turns[below + 1], values[below], turns[below]
        ):
            below += 1
        if not _before(values[below], turns[below], value, turn):
            break
        values[at], turns[at] = values[below], turns[below]
        at = below
    values[at], turns[at] = value, turn


@njit(cache=True, nogil=True)
def _longer(array: Any) -> Any:
    grown = np.empty(2 * array.size, array.dtype)
    grown[: array.size] = array
    return grown


@njit(cache=True, nogil=True)
def _is_line(labels: Any, blocked: Any, offsets: Any, sample: int, own: int) -> bool:
    """Whether a sample lies between labels; it is blocked if it does."""
    if blocked[sample]:
        return True
    for offset in offsets:
        near = sample + offset
        if not blocked[near] and labels[near] > 0 and labels[near] != own:
            blocked[sample] = True
            return True
    return False


@njit(cache=True, nogil=True)
def flood_with_lines(values: Any, labels: Any, offsets: Any) -> None:
    """Flood an image and leave 0 where floods of different labels meet.

    A sample is labelled when its turn comes, not when it is reached: it may wait several times.
    """
    blocked = labels < 0
    water_of, turns = np.empty(1024, values.dtype), np.empty(1024, np.int64)
    samples, owners = np.empty(1024, np.int32), np.empty(1024, np.int32)
    size, entries = 0, 0
    for sample in np.flatnonzero(labels > 0):
        if entries == samples.size:
            water_of, turns = _longer(water_of), _longer(turns)
            samples, owners = _longer(samples), _longer(owners)
        samples[entries], owners[entries] = sample, labels[sample]
        _sink(water_of, turns, size, values[sample], entries)
        size, entries = size + 1, entries + 1
    markers = entries
    while size > 0:
        water, turn = water_of[0], turns[0]
        _drop(water_of, turns, size)
        size -= 1
        sample, own = samples[turn], owners[turn]
        if labels[sample] > 0 and turn >= markers:
            continue
        if not _is_line(labels, blocked, offsets, sample, own):
            labels[sample] = own
        for offset in offsets:
            near = sample + offset
            if blocked[near] or labels[near] != 0:
                continue
            if entries == samples.size:
                water_of, turns = _longer(water_of), _longer(turns)
                samples, owners = _longer(samples), _longer(owners)
            samples[entries], owners[entries] = near, own
            _sink(water_of, turns, size, max(values[near], water), entries)
            size, entries = size + 1, entries + 1
