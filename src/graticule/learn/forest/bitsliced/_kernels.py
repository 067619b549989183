"""Compiled majority votes of small trees, without walking down any of them.

Whether a value lies above a threshold is one bit; those of `LANES` samples are a plane, and all
samples are tested at a time. The class of a node is that of its right child where its test holds,
and that of its left child elsewhere: a few operations on bits for hundreds of samples, with
neither branches nor fetches from memory that depend on each other.

The planes of one feature come from its code, the number of its thresholds that lie below the
value. From the last binary digit to the first, ``code > k`` is ``digit & (rest > k - half)`` for
the upper half of the thresholds, and ``digit | (rest > k)`` for the lower. Where many tests
share few features that is much cheaper than a comparison for each.

Votes are counted as binary numbers whose digits are planes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graticule.learn.forest._lean import lean
from graticule.learn.forest.bitsliced._planes import (
    LANES,
    WORDS,
    add_bit,
    add_where,
    bits_of,
    choose,
    choose_two,
    join,
    keep,
    widen,
)
from graticule.learn.forest.bitsliced._program import Program

_U = np.uintp
_WORDS = _U(WORDS)
_NONE = np.uint64(0)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_HALF = np.uint64(32)
_FIRST = np.uint32(0x80000000)
_SIGN = np.int32(31)


@lean
def _cells(columns: Any, first: Any, size: int, scales: Any, work: Any) -> None:
    """Put the cell of each value of one feature, and the value as an integer of the same order."""
    floats, ordered = columns
    low, high, scale = scales
    values, cells, _, missing = work
    for number in range(size):
        lane = _U(number)
        value = floats[first + lane]
        bits = ordered[first + lane]
        values[lane] = np.uint32(bits) ^ (np.uint32(bits >> _SIGN) | _FIRST)
        missing[lane] |= np.int32(1) if value != value else np.int32(0)
        value = value if value > low else low
        value = value if value < high else high
        cells[lane] = np.uint16(np.int32((value - low) * scale))


@lean
def _codes(work: Any, before: Any, cell: Any, limits: Any, at: Any, steps: int) -> None:
    """Put how many thresholds lie below each value, from those below its cell.

    A value added to the limit of number ``k`` gives, above 32 bits, ``k`` up to its threshold and
    ``k + 1`` above: neither a branch nor a comparison.
    """
    values, cells, codes, _ = work
    if steps == 1:
        for number in range(LANES):
            lane = _U(number)
            limit = limits[at + _U(before[cell + _U(cells[lane])])]
            codes[lane] = np.uint16((limit + np.uint64(values[lane])) >> _HALF)
        return
    for number in range(LANES):
        lane = _U(number)
        codes[lane] = before[cell + _U(cells[lane])]
    for by in range(steps - 1, -1, -1):
        first = (_U(1) << _U(by)) - _U(1)
        for number in range(LANES):
            lane = _U(number)
            test = _U(codes[lane]) + first
            above = ((limits[at + test] + np.uint64(values[lane])) >> _HALF) - test
            codes[lane] += np.uint16(above << _U(by))


@lean
def _test_planes(planes: Any, codes: Any, digit: Any, at: Any, count: int) -> None:
    """Put ``code > k`` for all ``k`` below ``count``, plane after plane."""
    half, number = 1, 0
    while half <= count:
        upper = min(half - 1, count - half)
        last = at + _U(half - 1) * _WORDS
        for word in range(WORDS):
            found = bits_of(codes, _U(word * 64), np.uint16(half))
            planes[digit + _U(word)] = found
            planes[last + _U(word)] = found
        for number in range(upper):
            low = at + _U(number) * _WORDS
            widen(planes, low, low + _U(half) * _WORDS, digit)
        for number in range(upper, half - 1):
            join(planes, at + _U(number) * _WORDS, digit)
        half *= 2


@lean
def _select(planes: Any, selects: Any, first: int, last: int, bits: int) -> None:
    """Select the classes of the nodes of a tree."""
    for number in range(first, last):
        at = _U(number) * _U(4)
        test, right = _U(selects[at]), _U(selects[at + _U(1)])
        left, to = _U(selects[at + _U(2)]), _U(selects[at + _U(3)])
        for _ in range(bits >> 1):
            choose_two(planes, to, test, right, left)
            to += _WORDS + _WORDS
            right += _WORDS + _WORDS
            left += _WORDS + _WORDS
        if bits & 1:
            choose(planes, to, test, right, left)


@lean
def _count_votes(planes: Any, root: Any, program: Program, tree: int) -> None:
    """Count the votes of a tree, the number of those before, for all classes but the first."""
    carry = _U(program.scratch)
    for channel in range(1, program.channels):
        for word in range(WORDS):
            planes[carry + _U(word)] = _ALL
        for bit in range(program.bits):
            flip = _NONE if (channel >> bit) & 1 else _ALL
            keep(planes, carry, root + _U(bit) * _WORDS, flip)
        to = _U(program.counters) + _U((channel - 1) * program.digits) * _WORDS
        votes = tree + 1
        while votes:
            add_bit(planes, to, carry)
            to += _WORDS
            votes >>= 1


@lean
def _vote_counts(planes: Any, program: Program, trees: int, counts: Any) -> None:
    """Put the counts of votes of so many trees as numbers, (classes, lanes)."""
    for number in range(LANES):
        counts[_U(number)] = trees
    for channel in range(1, program.channels):
        own = _U(channel) * _U(LANES)
        for number in range(LANES):
            counts[own + _U(number)] = 0
        at = _U(program.counters) + _U((channel - 1) * program.digits) * _WORDS
        for digit in range(program.digits):
            for word in range(WORDS):
                found = planes[at + _U(word)]
                add_where(counts, own + _U(word * 64), found, np.int16(1 << digit))
            at += _WORDS
        for number in range(LANES):
            counts[_U(number)] -= counts[own + _U(number)]


@lean
def _leading(counts: Any, channels: int, ranks: Any) -> None:
    """Put the first of the largest counts, its class, and the largest other one."""
    most, second, best = ranks
    for number in range(LANES):
        lane = _U(number)
        most[lane] = counts[lane]
        second[lane] = -1
        best[lane] = 0
    for channel in range(1, channels):
        own = _U(channel) * _U(LANES)
        for number in range(LANES):
            lane = _U(number)
            value, old = counts[own + lane], most[lane]
            other = value if value < old else old
            second[lane] = other if other > second[lane] else second[lane]
            best[lane] = np.int16(channel) if value > old else best[lane]
            most[lane] = value if value > old else old


@lean
def _decided(ranks: Any, size: int, rest: int) -> bool:
    """Whether the trees that are left can change the class of no sample (early exit)."""
    most, second, _ = ranks
    open_ = 0
    for number in range(size):
        lane = _U(number)
        open_ += most[lane] - second[lane] <= rest
    return open_ == 0


class Workspace(NamedTuple):
    """What a thread writes in: `LANES` of each, ``planes`` and ``counts`` as the program says."""

    planes: Any
    values: Any
    cells: Any
    codes: Any
    missing: Any
    counts: Any
    ranks: Any


def workspace_of(program: Program) -> Workspace:
    """Return where a thread may work."""
    planes = np.zeros(program.size + 8, np.uint64)
    planes = planes[-(planes.ctypes.data // 8) % 8 :]  # from the start of a line of the cache on
    for channel in range(program.channels):
        for bit in range(program.bits):
            start = (channel * program.bits + bit) * WORDS
            planes[start : start + WORDS] = _ALL if (channel >> bit) & 1 else _NONE
    shorts, words = np.zeros((3, LANES), np.int16), np.zeros((2, LANES), np.uint16)
    values, missing = np.zeros(LANES, np.uint32), np.zeros(LANES, np.int32)
    counts = np.zeros(program.channels * LANES, np.int16)
    ranks = (shorts[0], shorts[1], shorts[2])
    return Workspace(planes, values, words[0], words[1], missing, counts, ranks)


@lean
def _test_group(
    columns: Any, samples: Any, used: Any, program: Program, work: Workspace, features: Any
) -> None:
    """Put the planes of all tests of a group of trees.

    ``samples`` are how many there are, the first, and how many are tested; ``features`` the first
    line of the group and where its lines end.
    """
    lanes = (work.values, work.cells, work.codes, work.missing)
    for each in range(features[0], features[1]):
        about = program.features[each]
        scales = program.scales[each]
        first = _U(used[about[0]] * samples[0] + samples[1])
        _cells(columns, first, samples[2], (scales[0], scales[1], scales[2]), lanes)
        _codes(lanes, program.cells, _U(about[1]), program.limits, _U(about[2]), about[4])
        at = _U(program.tests) + _U(about[5])
        _test_planes(work.planes, work.codes, _U(program.scratch), at, about[3])


@lean
def _clear(program: Program, work: Workspace) -> None:
    for number in range(LANES):
        work.missing[_U(number)] = 0
        work.cells[_U(number)] = 0  # of every feature: what is left is looked up too
    for number in range(program.counters, program.scratch):
        work.planes[_U(number)] = _NONE


@lean
def _mark_missing(columns: Any, samples: Any, used: Any, missing: Any) -> None:
    """Mark samples with NaN in any used feature; ``samples`` as for `_test_group`."""
    for number in range(used.size):
        first = _U(used[_U(number)] * samples[0] + samples[1])
        for each in range(samples[2]):
            lane = _U(each)
            value = columns[0][first + lane]
            missing[lane] |= np.int32(1) if value != value else np.int32(0)


@lean
def majority(
    columns: Any, used: Any, program: Program, work: Workspace, span: Any, out: Any
) -> None:
    """Put the class that most trees vote for; -1 for samples with NaN in a used feature.

    ``columns`` are the values, feature after feature, and their bits as int32; groups of `LANES`
    samples from ``span[0]`` to ``span[1]``.
    """
    trees = program.ends.size
    best = work.ranks[2]
    for group in range(span[0], span[1]):
        start = group * LANES
        size = min(LANES, out.size - start)
        _clear(program, work)
        tree = first = choice = np.int64(0)  # of one type, so that nothing is compiled twice
        for part in range(program.groups.size):
            last = program.ends_of_groups[part]
            _test_group(columns, (out.size, start, size), used, program, work, (first, last))
            first = last
            while tree < program.groups[part]:
                _select(work.planes, program.selects, choice, program.ends[tree], program.bits)
                choice = program.ends[tree]
                _count_votes(work.planes, _U(program.roots[tree]), program, tree)
                tree += 1
            if tree == trees or 2 * tree > trees:
                _vote_counts(work.planes, program, tree, work.counts)
                _leading(work.counts, program.channels, work.ranks)
                if tree < trees and _decided(work.ranks, size, trees - tree):
                    _mark_missing(columns, (out.size, start, size), used, work.missing)
                    break
        for number in range(size):
            lane = _U(number)
            out[start + number] = -1 if work.missing[lane] else best[lane]
