"""Compiled votes of small trees, without walking down any of them.

The leaves of a tree are numbered from the left; 32 of them are the bits of a word. A node that
sends a sample to the right rules out the leaves under its left child. Once all nodes were asked, in
any order, the first leaf that is left is the one the sample comes to (Lucchese et al.,
QuickScorer, 2015). Asked of many samples at a time, that is a compare and an AND for each node,
with neither branches nor fetches from memory that depend on each other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

LANES = 512
"""Samples that are asked at a time."""
_LANES = np.uintp(LANES)
_LOOK = 8  # trees between two looks at whether all samples are decided
_AT_ONCE = 4  # questions that are asked together
_BITS = 32
_ONE = np.uint32(1)
_NONE = np.uint32(0)
_ALL = np.uint32(0xFFFFFFFF)


class Votes(NamedTuple):
    """Questions of all trees, word after word.

    Attributes
    ----------
    feature, threshold, mask : ndarray
        Of each question: which feature, above which value, and the leaves that are left then.
    stops : ndarray
        Where the questions of each word end.
    full : ndarray
        The leaves of each word.
    classes : ndarray
        The leaves of each class, (words, classes).
    trees : ndarray
        Where the words of each tree end.
    """

    feature: Any
    threshold: Any
    mask: Any
    stops: Any
    full: Any
    classes: Any
    trees: Any


@njit(cache=True, nogil=True)
def leaves_of(left: Any, starts: Any) -> Any:
    """Return the first and last leaf under each node, counted from the left of its tree.

    ``left`` is the absolute left child, a leaf being its own; the right one follows it.
    """
    first = np.zeros(left.size, np.int32)
    last = np.zeros(left.size, np.int32)
    stack = np.zeros(left.size + 2, np.int64)
    for tree in range(starts.size - 1):
        count = 0
        depth = 1
        stack[0] = starts[tree]
        while depth:
            depth -= 1
            node = stack[depth]
            if left[node] == node:
                first[node] = last[node] = count
                count += 1
            else:
                stack[depth] = left[node] + 1
                stack[depth + 1] = left[node]
                depth += 2
        # Children come after their parent, so from behind both are known before it.
        for node in range(starts[tree + 1] - 1, starts[tree] - 1, -1):
            if left[node] != node:
                first[node] = first[left[node]]
                last[node] = last[left[node] + 1]
    return first, last


@njit(cache=True, nogil=True)
def _bits(low: int, high: int) -> Any:
    """Return the bits from ``low`` up to ``high``, of a word."""
    return np.uint32((np.uint64(1) << np.uint64(high)) - (np.uint64(1) << np.uint64(low)))


@njit(cache=True, nogil=True)
def questions(
    feature: Any, threshold: Any, left: Any, kind: Any, starts: Any, channels: int
) -> Any:
    """Return the questions of trees; ``kind`` is the class of each leaf."""
    first, last = leaves_of(left, starts)
    trees = starts.size - 1
    stops_of_trees = np.zeros(trees, np.int64)
    words = asked = 0
    for tree in range(trees):
        words += last[starts[tree]] // _BITS + 1
        stops_of_trees[tree] = words
        for node in range(starts[tree], starts[tree + 1]):
            if left[node] != node:
                asked += last[left[node]] // _BITS - first[left[node]] // _BITS + 1
    asked += (_AT_ONCE - 1) * words
    features = np.zeros(asked, np.int32)
    thresholds = np.full(asked, np.float32(np.inf))
    masks = np.full(asked, _ALL)
    stops = np.zeros(words, np.int64)
    full = np.zeros(words, np.uint32)
    classes = np.zeros((words, channels), np.uint32)
    word = size = 0
    for tree in range(trees):
        leaves = last[starts[tree]] + 1
        for own in range((leaves - 1) // _BITS + 1):
            base = own * _BITS
            full[word] = _bits(0, min(_BITS, leaves - base))
            for node in range(starts[tree], starts[tree + 1]):
                if left[node] == node:
                    if first[node] // _BITS == own:
                        classes[word, kind[node]] |= _bits(
                            first[node] - base, first[node] - base + 1
                        )
                    continue
                low, high = first[left[node]] - base, last[left[node]] + 1 - base
                if low < _BITS and high > 0:
                    features[size] = feature[node]
                    thresholds[size] = threshold[node]
                    masks[size] = ~_bits(max(low, 0), min(high, _BITS))
                    size += 1
            size += -size % _AT_ONCE  # the rest asks nothing
            stops[word] = size
            word += 1
    return Votes(features, thresholds, masks, stops, full, classes, stops_of_trees)


@njit(cache=True, nogil=True)
def _ask(lines: Any, asked: Any, span: tuple[int, int], state: Any) -> None:
    """Rule leaves out by some questions; ``lines`` holds `LANES` values of each feature."""
    feature, threshold, mask = asked
    for n in range(span[0], span[1], _AT_ONCE):
        at0, at1 = np.uintp(feature[n]) * _LANES, np.uintp(feature[n + 1]) * _LANES
        at2, at3 = np.uintp(feature[n + 2]) * _LANES, np.uintp(feature[n + 3]) * _LANES
        above0, above1 = threshold[n], threshold[n + 1]
        above2, above3 = threshold[n + 2], threshold[n + 3]
        mask0, mask1, mask2, mask3 = mask[n], mask[n + 1], mask[n + 2], mask[n + 3]
        for number in range(LANES):
            lane = np.uintp(number)
            one = mask0 if lines[at0 + lane] > above0 else _ALL
            two = mask1 if lines[at1 + lane] > above1 else _ALL
            three = mask2 if lines[at2 + lane] > above2 else _ALL
            four = mask3 if lines[at3 + lane] > above3 else _ALL
            state[lane] &= (one & two) & (three & four)


@njit(cache=True, nogil=True)
def _count(state: Any, classes: Any, at: int, channels: int, open_: Any, counts: Any) -> None:
    """Count the class of the first leaf that is left, where none was found in a word before."""
    for number in range(LANES):
        lane = np.uintp(number)
        state[lane] &= open_[lane] & (~state[lane] + _ONE)
        open_[lane] = open_[lane] if state[lane] == _NONE else _NONE
    for channel in range(channels):
        own = classes[at + channel]
        start = np.uintp(channel) * _LANES
        for number in range(LANES):
            lane = np.uintp(number)
            counts[start + lane] += np.int32(1) if state[lane] & own else np.int32(0)


@njit(cache=True, nogil=True)
def _decided(counts: Any, channels: int, rest: int) -> bool:
    """Whether the trees that are left can change the class of no sample."""
    for lane in range(LANES):
        best = second = np.int32(-1)
        for channel in range(channels):
            value = counts[channel * LANES + lane]
            if value > best:
                second, best = best, value
            elif value > second:
                second = value
        if best - second <= rest:
            return False
    return True


@njit(cache=True, nogil=True)
def _loaded(columns: Any, used: Any, start: int, size: int, lines: Any, odd: Any) -> None:
    """Copy the used features of a group of samples, and note which have NaN."""
    odd[:] = 0
    for number in range(used.size):
        for lane in range(size):
            value = columns[used[number], start + lane]
            lines[number * LANES + lane] = value
            odd[lane] |= np.int32(1) if value != value else np.int32(0)


@njit(cache=True, nogil=True)
def elect(columns: Any, used: Any, votes: Votes, span: Any, out: Any) -> None:
    """Put the class that most trees vote for; -1 for samples with NaN in a used feature.

    ``columns`` is (features, samples); groups of `LANES` samples from ``span[0]`` to ``span[1]``.
    """
    asked = (votes.feature, votes.threshold, votes.mask)
    stops, full, ends = votes.stops, votes.full, votes.trees
    samples, trees, channels = columns.shape[1], ends.size, votes.classes.shape[1]
    classes = votes.classes.ravel()
    lines = np.zeros(used.size * LANES, np.float32)
    state, open_ = np.zeros(LANES, np.uint32), np.zeros(LANES, np.uint32)
    odd, counts = np.zeros(LANES, np.int32), np.zeros(channels * LANES, np.int32)
    for group in range(span[0], span[1]):
        start = group * LANES
        size = min(LANES, samples - start)
        _loaded(columns, used, start, size, lines, odd)
        counts[:] = 0
        word = done = 0
        for tree in range(trees):
            open_[:] = _ALL
            while word < ends[tree]:
                state[:] = full[word]
                _ask(lines, asked, (done, stops[word]), state)
                _count(state, classes, word * channels, channels, open_, counts)
                done = stops[word]
                word += 1
            rest = trees - 1 - tree
            if tree % _LOOK == _LOOK - 1 and 2 * tree > trees and _decided(counts, channels, rest):
                break
        for lane in range(size):
            best = 0
            for channel in range(1, channels):
                if counts[channel * LANES + lane] > counts[best * LANES + lane]:
                    best = channel
            out[start + lane] = -1 if odd[lane] else best
