# mypy: disallow-untyped-decorators=False
"""Compiled passes of the watershed.

Arrays are flat and padded by one sample on every side; ``labels`` is -1 where nothing may flow,
0 where nothing has yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, inline="always")
def _append(heads: Any, tails: Any, links: Any, queue: int, sample: int) -> None:
    """Put a sample at the end of a queue; a sample is in one queue only, and only once."""
    links[sample] = -1
    if heads[queue] < 0:
        heads[queue] = sample
    else:
        links[tails[queue]] = sample
    tails[queue] = sample


@njit(cache=True, nogil=True)
def flood_levels(levels: Any, labels: Any, offsets: Any, count: int) -> None:
    """Flood an image of integer levels below ``count``: a queue for each level."""
    heads, tails = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    links = np.empty(labels.size, np.int32)
    for sample in range(labels.size):
        if labels[sample] > 0:
            _append(heads, tails, links, levels[sample], sample)
    for level in range(count):
        sample = heads[level]
        while sample >= 0:
            for offset in offsets:
                near = sample + offset
                if labels[near] == 0:
                    labels[near] = labels[sample]
                    _append(heads, tails, links, max(level, np.int64(levels[near])), near)
            sample = links[sample]


@njit(cache=True, nogil=True, inline="always")
def _level(value: Any, low: float, scale: float, count: int) -> int:
    """Return the level of a value; a higher value has no lower level."""
    place = (value - low) * scale
    if place >= count - 1:
        return count - 1
    return int(place) if place > 0 else 0


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
def flood_values(values: Any, labels: Any, offsets: Any, low: float, scale: float) -> None:
    """Flood an image of any values, in the order of value and then of entry.

    A queue for each of 65,536 levels holds what is to come; the samples of the level at hand are
    in a small heap, and those no higher than the water in one more queue.
    """
    count = 1 << 16
    at_hand = count
    heads, tails = np.full(count + 1, -1, np.int32), np.full(count + 1, -1, np.int32)
    links = np.empty(labels.size, np.int32)
    water_of, turns = np.empty(1024, values.dtype), np.empty(1024, np.int64)
    for sample in range(labels.size):
        if labels[sample] > 0:
            _append(heads, tails, links, _level(values[sample], low, scale, count), sample)
    for level in range(count):
        size, entries = 0, 0
        sample = heads[level]
        while sample >= 0:
            if size == turns.size:
                water_of, turns = _longer(water_of), _longer(turns)
            _sink(water_of, turns, size, values[sample], entries << 32 | sample)
            size, entries = size + 1, entries + 1
            sample = links[sample]
        while size > 0:
            water, sample = water_of[0], turns[0] & 0xFFFFFFFF
            _drop(water_of, turns, size)
            size -= 1
            while sample >= 0:
                for offset in offsets:
                    near = sample + offset
                    if labels[near] != 0:
                        continue
                    labels[near] = labels[sample]
                    if values[near] <= water:
                        _append(heads, tails, links, at_hand, near)
                        continue
                    to = _level(values[near], low, scale, count)
                    if to > level:
                        _append(heads, tails, links, to, near)
                        continue
                    if size == turns.size:
                        water_of, turns = _longer(water_of), _longer(turns)
                    _sink(water_of, turns, size, values[near], entries << 32 | near)
                    size, entries = size + 1, entries + 1
                if size > 0 and water_of[0] == water:
                    sample = turns[0] & 0xFFFFFFFF
                    _drop(water_of, turns, size)
                    size -= 1
                else:
                    sample = heads[at_hand]
                    if sample >= 0:
                        heads[at_hand] = links[sample]


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
