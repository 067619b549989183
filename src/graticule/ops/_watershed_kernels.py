"""Compiled passes of the watershed.

Arrays are flat and padded by one sample on every side; ``labels`` is -1 where nothing may flow,
0 where nothing has yet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_ir = cgutils.ir

CHUNK = 64
"""Samples that wait side by side."""

_AHEAD = 4
"""Levels by which the neighbours of a sample are fetched before its turn; samples of a level: 2."""


@intrinsic
def _fetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask memory for an entry of an array, without waiting for it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        given = make_array(kind)(context, builder, args[0])
        place = cgutils.get_item_pointer(context, builder, kind, given, [args[1]])
        byte, word = _ir.IntType(8).as_pointer(), _ir.IntType(32)
        wanted = _ir.FunctionType(_ir.VoidType(), [byte, word, word, word])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], wanted)
        how = [_ir.Constant(word, number) for number in (0, 3, 1)]
        builder.call(ask, [builder.bitcast(place, byte), *how])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


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


@njit(cache=True, nogil=True)
def _is_line(levels: Any, labels: Any, offsets: Any, sample: int, own: int) -> bool:
    """Whether a sample of one flood touches another."""
    for offset in offsets:
        near = sample + offset
        if labels[near] > 0 and labels[near] != own and levels[near] >= 0:
            return True
    return False


@njit(cache=True, nogil=True, inline="always")
def _wait(
    waiting: Any, following: Any, buckets: Any, bucket: int, taken: int, sample: int, level: Any
) -> int:
    """Let a sample wait in a bucket; return how many chunks are taken."""
    at = buckets[bucket, 1]
    if at % CHUNK == 0:
        if buckets[bucket, 0] < 0:
            buckets[bucket, 0] = taken
        else:
            following[(at - 1) // CHUNK] = taken
        following[taken] = -1
        at = taken * CHUNK
        taken += 1
    waiting[at, 0], waiting[at, 1] = sample, level
    buckets[bucket, 1] = at + 1
    return taken


@njit(cache=True, nogil=True, inline="always")
def _append(ends: Any, queue: Any, level: int, used: int, sample: int) -> None:
    """Put a sample at the end of the queue of a level, as the entry ``used``."""
    queue[used, 0], queue[used, 1] = sample, -1
    if ends[level, 0] < 0:
        ends[level, 0] = used
    else:
        queue[ends[level, 1], 1] = used
    ends[level, 1] = used


@njit(cache=True, nogil=True)
def _longer(queue: Any, size: int) -> Any:
    grown = np.empty((size, 2), queue.dtype)
    grown[: len(queue)] = queue
    return grown


@njit(cache=True, nogil=True)
def _queued(waiting: Any, following: Any, bucket: Any, base: int, ends: Any, queue: Any) -> Any:
    """Put what waits in a bucket into the queues of its levels; return these and their size."""
    used, chunk = 0, bucket[0]
    while chunk >= 0:
        if used + CHUNK > len(queue):
            queue = _longer(queue, 2 * len(queue))
        last = following[chunk] < 0
        for at in range(chunk * CHUNK, bucket[1] if last else chunk * CHUNK + CHUNK):
            _append(ends, queue, waiting[at, 1] - base, used, waiting[at, 0])
            used += 1
        chunk = following[chunk]
    return queue, used


@njit(cache=True, nogil=True, inline="always")
def _fetch_around(labels: Any, offsets: Any, sample: int) -> None:
    for offset in offsets:
        _fetch(labels, sample + offset)


@njit(cache=True, nogil=True)
def flood(
    levels: Any, labels: Any, offsets: Any, waiting: Any, buckets: Any, shift: int, lines: bool
) -> None:
    """Flood an image of integer levels.

    ``buckets`` hold ``2**shift`` levels each: the first chunk of the samples that wait in it, and
    the place after the last. A bucket's samples are put into queues, one for each level, when
    its turn comes, so that the queues at work are small.

    With ``lines`` -1 is left where floods of different labels meet: a sample is labelled when its
    turn comes, not when it is reached, and until then has -1 less the label of the flood. A
    marker that touches another flood keeps its label, but parts no others from then on; its
    level is -1.
    """
    following = np.empty(len(waiting) // CHUNK, np.int32)
    taken = 0
    for sample in range(labels.size):
        if labels[sample] > 0:
            own = levels[sample]
            taken = _wait(waiting, following, buckets, own >> shift, taken, sample, own)
    ends, queue = np.full((1 << shift, 2), -1, np.int32), np.empty((4096, 2), np.int32)
    for bucket in range(len(buckets)):
        base = bucket << shift
        queue, used = _queued(waiting, following, buckets[bucket], base, ends, queue)
        for own_level in range(len(ends)):
            if own_level + _AHEAD < len(ends) and ends[own_level + _AHEAD, 0] >= 0:
                _fetch_around(labels, offsets, queue[ends[own_level + _AHEAD, 0], 0])
            entry = ends[own_level, 0]
            while entry >= 0:
                if used + offsets.size > len(queue):
                    queue = _longer(queue, 2 * len(queue))
                after = queue[entry, 1]
                if after >= 0 and queue[after, 1] >= 0:
                    _fetch_around(labels, offsets, queue[queue[after, 1], 0])
                sample = queue[entry, 0]
                given = _given(levels, labels, offsets, sample) if lines else labels[sample]
                for offset in offsets:
                    near = sample + offset
                    if labels[near] == 0:
                        labels[near] = given
                        level: Any = max(base + own_level, np.int64(levels[near]))
                        if level >> shift == bucket:
                            _append(ends, queue, level - base, used, near)
                            used += 1
                        else:
                            taken = _wait(
                                waiting, following, buckets, level >> shift, taken, near, level
                            )
                entry = queue[entry, 1]
            ends[own_level, 0] = -1


@njit(cache=True, nogil=True)
def _given(levels: Any, labels: Any, offsets: Any, sample: int) -> Any:
    """Label a sample, or make it part of a line; return what its neighbours get."""
    marks = labels[sample] > 0
    own = labels[sample] if marks else -1 - labels[sample]
    if not _is_line(levels, labels, offsets, sample, own):
        labels[sample] = own
    elif marks:
        levels[sample] = -1
    else:
        labels[sample] = -1
    return -1 - own
