"""Compiled passes over the runs of a mask: stretches of True along its last axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_ONE = np.uint64(1)
_LAST = np.uint64(63)


@intrinsic
def _lowest_bit(typing: Any, word: Any) -> Any:
    """Return the position of the lowest bit that is set; one instruction."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], cgutils.true_bit)

    return types.uint64(types.uint64), code


@intrinsic
def _bits_set(typing: Any, word: Any) -> Any:
    """Return how many bits are set."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), code


@intrinsic
def _word_of(typing: Any, line: Any, begin: Any) -> Any:
    """Return which of the 64 bytes from ``begin`` on are not 0, the first as the lowest bit."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        lanes = ir.VectorType(ir.IntType(8), 64)
        here = builder.bitcast(builder.gep(data, [args[1]]), lanes.as_pointer())
        some = builder.icmp_unsigned("!=", builder.load(here, align=1), ir.Constant(lanes, None))
        return builder.bitcast(some, ir.IntType(64))

    return types.uint64(line, types.intp), code


@njit(cache=True, nogil=True)
def pack_rows(rows: Any, begin: int, end: int, flip: bool, words: Any) -> None:
    """Put some rows of bytes into bits, 64 to a word; ``flip`` sets those that are 0.

    Bits beyond the end of a row stay unset.
    """
    width = rows.shape[1]
    turned = ~np.uint64(0) if flip else np.uint64(0)
    for row in range(begin, end):
        line = rows[row]
        whole = width // 64
        for number in range(whole):
            words[row, number] = _word_of(line, 64 * number) ^ turned
        if width % 64:
            word = np.uint64(0)
            for x in range(64 * whole, width):
                word |= np.uint64((line[x] != 0) != flip) << np.uint64(x % 64)
            words[row, whole] = word


@njit(cache=True, nogil=True)
def runs_in_rows(words: Any, begin: int, end: int, counts: Any) -> Any:
    """Return starts and stops of the runs of set bits in some rows, and count those of each row.

    A bit that differs from the one before it is an edge, and edges are start and stop by turns.
    """
    width = words.shape[1]
    total = 0
    for row in range(begin, end):
        found, last = 0, np.uint64(0)
        for number in range(width):
            word = words[row, number]
            found += _bits_set(word & ~(word << _ONE | last))
            last = word >> _LAST
        counts[row] = found
        total += found
    edges = np.empty(2 * total + 1, np.int32)
    place = 0
    for row in range(begin, end):
        last = np.uint64(0)
        for number in range(width):
            word = words[row, number]
            changed = word ^ (word << _ONE | last)
            last = word >> _LAST
            while changed:
                edges[place] = 64 * number + np.int64(_lowest_bit(changed))
                place += 1
                changed &= changed - _ONE
        if last:
            edges[place] = 64 * width
            place += 1
    return edges[: 2 * total : 2].copy(), edges[1 : 2 * total : 2].copy()


@njit(cache=True, nogil=True)
def _root(parent: Any, run: int) -> int:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@njit(cache=True, nogil=True, inline="always")
def _unite(parent: Any, run: int, other: int) -> None:
    """Unite the sets of a run and of one before it."""
    a, b = parent[run], parent[other]
    if a == b:
        return
    if a == run:
        parent[run] = b
        return
    a, b = _root(parent, a), _root(parent, b)
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b
    parent[run] = min(a, b)


@njit(cache=True, nogil=True)
def _link(words: Any, first: Any, parent: Any, row: int, near: int, diagonal: bool) -> None:
    """Unite the runs of two rows that overlap, or meet at their corners as well.

    Where two runs begin to meet, one of them begins: it is enough to look there. Their numbers
    are those of the starts up to there.
    """
    here, there = first[row] - 1, first[near] - 1
    last, last_near = np.uint64(0), np.uint64(0)
    corners = ~np.uint64(0) if diagonal else np.uint64(0)
    for number in range(words.shape[1]):
        word, other = words[row, number], words[near, number]
        before, before_near = word << _ONE | last, other << _ONE | last_near
        starts, others = word & ~before, other & ~before_near
        met = starts & (other | before_near & corners) | others & (word | before & corners)
        while met:
            until = met ^ (met - _ONE)
            met &= met - _ONE
            run = here + np.int64(_bits_set(starts & until))
            _unite(parent, run, there + np.int64(_bits_set(others & until)))
        here += np.int64(_bits_set(starts))
        there += np.int64(_bits_set(others))
        last, last_near = word >> _LAST, other >> _LAST


@njit(cache=True, nogil=True)
def link_rows(
    begin: int,
    end: int,
    low: int,
    high: int,
    words: Any,
    first: Any,
    parent: Any,
    lead: Any,
    offsets: Any,
    diagonal: Any,
) -> None:
    """Unite the runs of rows with those of their earlier neighbours from ``low`` to ``high``.

    ``lead`` is the shape without the last axis, ``offsets`` the steps to the neighbours along
    it, ``diagonal`` whether runs that meet at corners are united as well. The root of a set is
    its first run in raster order, whatever the order of the unions.
    """
    axes = lead.size
    place = np.zeros(axes, np.int64)
    for row in range(begin, end):
        if first[row] == first[row + 1]:
            continue
        left = row
        for axis in range(axes - 1, -1, -1):
            place[axis] = left % lead[axis]
            left //= lead[axis]
        for number in range(diagonal.size):
            near, inside = 0, True
            for axis in range(axes):
                at = place[axis] + offsets[number, axis]
                inside = inside and 0 <= at < lead[axis]
                near = near * lead[axis] + at
            if inside and low <= near < high and first[near] < first[near + 1]:
                _link(words, first, parent, row, near, diagonal[number])


@njit(cache=True, nogil=True)
def number_runs(parent: Any) -> int:
    """Turn roots into labels 1..n in the order of their runs, in place; return n."""
    count = 0
    for run in range(parent.size):
        if parent[run] == run:
            count += 1
            parent[run] = count
        else:
            parent[run] = parent[parent[run]]  # a root comes before, so it has its number
    return count


@intrinsic
def _put_16(typing: Any, line: Any, begin: Any, value: Any) -> Any:
    """Write a value into sixteen samples from ``begin`` on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        kept = context.get_value_as_data(builder, value, args[2])
        lanes = ir.VectorType(kept.type, 16)
        one = builder.insert_element(ir.Constant(lanes, ir.Undefined), kept, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), 16), None)
        here = builder.bitcast(builder.gep(data, [args[1]]), lanes.as_pointer())
        builder.store(builder.shuffle_vector(one, one, order), here, align=1)
        return context.get_dummy_value()

    return types.void(line, types.intp, value), code


@njit(cache=True, nogil=True, inline="always")
def _fill(line: Any, start: int, stop: int, value: Any) -> None:
    """Write a value in steps of sixteen; up to fifteen beyond ``stop`` may take it as well."""
    x = start
    while x < stop and x + 16 <= line.size:
        _put_16(line, x, value)
        x += 16
    while x < stop:
        line[x] = value
        x += 1


@njit(cache=True, nogil=True)
def paint_runs(begin: int, end: int, runs: Any, values: Any, rows: Any) -> None:
    """Write the value of each run's label into its samples, and 0 between runs.

    From left to right, so that what is written beyond a stop is written over by what follows.
    """
    first, starts, stops, labels = runs
    nothing = values.dtype.type(0)
    for row in range(begin, end):
        line = rows[row]
        last = 0
        for run in range(first[row], first[row + 1]):
            _fill(line, last, starts[run], nothing)
            last = stops[run]
            _fill(line, starts[run], last, values[labels[run]])
        _fill(line, last, line.size, nothing)


@njit(cache=True, nogil=True)
def sizes_of_runs(starts: Any, stops: Any, labels: Any, count: int) -> Any:
    """Return the samples of each label; index 0 stays 0."""
    sizes = np.zeros(count + 1, np.int64)
    for run in range(labels.size):
        sizes[labels[run]] += stops[run] - starts[run]
    return sizes


@njit(cache=True, nogil=True)
def labels_met(first: Any, starts: Any, stops: Any, labels: Any, rows: Any, met: Any) -> None:
    """Mark the labels of the runs that hold a True sample of ``rows``."""
    for row in range(rows.shape[0]):
        for run in range(first[row], first[row + 1]):
            if met[labels[run]]:
                continue
            for x in range(starts[run], stops[run]):
                if rows[row, x]:
                    met[labels[run]] = True
                    break


@njit(cache=True, nogil=True)
def labels_at_ends(
    first: Any, starts: Any, stops: Any, labels: Any, size: int, edge: Any, met: Any
) -> None:
    """Mark the labels that lie in an edge row, or at an end of any row of ``size`` samples.

    With a ``size`` below 0 the ends of rows do not count.
    """
    for row in range(edge.size):
        for run in range(first[row], first[row + 1]):
            if edge[row] or (size >= 0 and (starts[run] == 0 or stops[run] == size)):
                met[labels[run]] = True
