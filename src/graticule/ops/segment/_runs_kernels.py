"""Compiled passes over the runs of a mask: stretches of True along its last axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_ONES = np.uint64(0x0101010101010101)


@intrinsic
def _lowest_bit(typing: Any, word: Any) -> Any:
    """Return the position of the lowest bit that is set; one instruction."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], cgutils.true_bit)

    return types.uint64(types.uint64), code


@njit(cache=True, nogil=True)
def runs_in_rows(words: Any, begin: int, end: int, flip: bool, counts: Any) -> Any:
    """Return starts and stops of the runs in some rows, and count those of each row.

    Rows are bools read eight at a time; ``flip`` finds the runs of False. A byte that differs
    from the one before it is an edge, and edges are start and stop by turns.
    """
    width = words.shape[1]
    most = 4 * width + 1
    room = max(2 * most, 4096)
    edges = np.empty(room, np.int32)
    turned = _ONES if flip else np.uint64(0)
    found = 0
    for row in range(begin, end):
        if found + 2 * most > room:
            room = 2 * room + 2 * most
            longer = np.empty(room, np.int32)
            longer[:found] = edges[:found]
            edges = longer
        before = found
        last = np.uint64(0)
        for number in range(width):
            word = words[row, number] ^ turned
            changed = word ^ (word << np.uint64(8) | last)
            last = word >> np.uint64(56)
            while changed:
                edges[found] = 8 * number + np.int64(_lowest_bit(changed) >> np.uint64(3))
                found += 1
                changed &= changed - np.uint64(1)
        if last:
            edges[found] = 8 * width
            found += 1
        counts[row] = (found - before) // 2
    return edges[:found:2].copy(), edges[1:found:2].copy()


@njit(cache=True, nogil=True)
def _root(parent: Any, run: int) -> int:
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@njit(cache=True, nogil=True, inline="always")
def _link(first: Any, starts: Any, stops: Any, parent: Any, row: int, near: int, by: int) -> None:
    """Unite the runs of two rows that overlap, or come within ``by`` samples of it."""
    here, there = first[row], first[near]
    last, last_there = first[row + 1], first[near + 1]
    own = -1
    while here < last and there < last_there:
        if starts[there] < stops[here] + by and starts[here] < stops[there] + by:
            if own < 0:
                own = _root(parent, here)
            if parent[there] != own:
                other = _root(parent, there)
                if own < other:
                    parent[other] = own
                elif other < own:
                    parent[own] = other
                    own = other
        if stops[here] < stops[there]:
            here += 1
            own = -1
        else:
            there += 1


@njit(cache=True, nogil=True)
def link_rows(
    begin: int,
    end: int,
    low: int,
    high: int,
    runs: Any,
    lead: Any,
    offsets: Any,
    reach: Any,
) -> None:
    """Unite the runs of rows with those of their earlier neighbours from ``low`` to ``high``.

    ``lead`` is the shape without the last axis, ``offsets`` the steps to the neighbours along
    it, ``reach`` by how many samples runs may miss each other. The root of a set is its first
    run in raster order, whatever the order of the unions.
    """
    first, starts, stops, parent = runs
    axes = lead.size
    place = np.zeros(axes, np.int64)
    for row in range(begin, end):
        if first[row] == first[row + 1]:
            continue
        left = row
        for axis in range(axes - 1, -1, -1):
            place[axis] = left % lead[axis]
            left //= lead[axis]
        for number in range(reach.size):
            near, inside = 0, True
            for axis in range(axes):
                at = place[axis] + offsets[number, axis]
                inside = inside and 0 <= at < lead[axis]
                near = near * lead[axis] + at
            if inside and low <= near < high:
                _link(first, starts, stops, parent, row, near, reach[number])


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


@njit(cache=True, nogil=True, inline="always")
def _fill(line: Any, start: int, stop: int, value: Any) -> None:
    """Write a value in steps of sixteen; up to fifteen beyond ``stop`` may take it as well."""
    x = start
    while x < stop and x + 16 <= line.size:
        for lane in range(16):
            line[x + lane] = value
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
