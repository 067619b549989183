"""Compiled passes that make the tree of the connected parts of an image, level by level.

A part is a set of runs along the last axis, as in `_runs_kernels`; what lies between the runs of
a row are its gaps, which are the runs of the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.ops.segment._ellipses_kernels import add_run, fit
from graticule.ops.segment._runs_kernels import (
    labels_at_ends,
    link_rows,
    number_runs,
    pack_rows,
    runs_in_rows,
    sizes_of_runs,
)

HOLE = 0.2
"""A hole is part of what surrounds it if it is no more than this share of it."""


@njit(cache=True, nogil=True)
def count_below(values: Any, thresholds: Any, counts: Any) -> None:
    """Count for each value the thresholds below it; they rise."""
    for index in range(values.size):
        low, high = 0, thresholds.size
        if not values[index] > thresholds[0]:
            high = 0
        while low < high:
            middle = (low + high) // 2
            if values[index] > thresholds[middle]:
                low = middle + 1
            else:
                high = middle
        counts[index] = low


@njit(cache=True, nogil=True)
def _linked(words: Any, lead: Any, offsets: Any, diagonal: Any) -> Any:
    """Return first run by row, starts, stops and labels 1..n of the runs of bits, and n."""
    rows = len(words)
    first = np.zeros(rows + 1, np.int64)
    starts, stops = runs_in_rows(words, 0, rows, first[1:])
    for row in range(rows):
        first[row + 1] += first[row]
    labels = np.empty(starts.size, np.int32)
    for run in range(labels.size):
        labels[run] = run
    link_rows(0, rows, 0, rows, words, first, labels, lead, offsets, diagonal)
    count = number_runs(labels)
    return (first, starts, stops, labels), count


@njit(cache=True, nogil=True)
def _surrounding(parts: Any, count: int, gaps: Any, gap_count: int, width: int, edge: Any) -> Any:
    """Return by gap label the part around it if it is a small hole, else 0.

    The sample before the first of a hole is of the part around it.
    """
    first, _, _, labels = parts
    sizes = sizes_of_runs(parts[1], parts[2], labels, count)
    gap_first, gap_starts, gap_stops, gap_labels = gaps
    gap_sizes = sizes_of_runs(gap_starts, gap_stops, gap_labels, gap_count)
    open_ = np.zeros(gap_count + 1, np.bool_)
    labels_at_ends(gap_first, gap_starts, gap_stops, gap_labels, width, edge, open_)
    around = np.zeros(gap_count + 1, np.int32)
    seen = 0
    for row in range(edge.size):
        shift = first[row] - gap_first[row]
        for gap in range(gap_first[row], gap_first[row + 1]):
            if gap_labels[gap] > seen:
                seen = gap_labels[gap]
                if not open_[seen]:
                    part = labels[gap + shift - (gap_starts[gap_first[row]] == 0)]
                    if gap_sizes[seen] <= HOLE * sizes[part]:
                        around[seen] = part
    return around


@njit(cache=True, nogil=True, inline="always")
def _gap_before(run: int, row: int, first: Any, gaps: Any) -> Any:
    """Return the label of the gap before a run of a row; there is one."""
    gap_first, gap_starts, _, gap_labels = gaps
    begins = gap_starts[gap_first[row]] == 0
    return gap_labels[gap_first[row] + run - first[row] - (0 if begins else 1)]


@njit(cache=True, nogil=True)
def _united(parts: Any, count: int, gaps: Any, around: Any) -> Any:
    """Return numbers 1..n by part, those in small holes with what is around, and n.

    The sample before the first of a part is of the gap around it; what is around that gap comes
    before the part.
    """
    first, starts, _, labels = parts
    numbers = np.zeros(count + 1, np.int32)
    seen, last = 0, 0
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            if labels[run] > seen:
                seen = labels[run]
                outer = 0
                if starts[run] > 0:
                    outer = numbers[around[_gap_before(run, row, first, gaps)]]
                if outer == 0:
                    last += 1
                    outer = last
                numbers[seen] = outer
    return numbers, last


@njit(cache=True, nogil=True)
def _filled(parts: Any, numbers: Any, gaps: Any, around: Any) -> Any:
    """Return first run by row, starts, stops and numbers of parts with their holes filled."""
    first, starts, stops, labels = parts
    new_first = np.zeros(first.size, np.int64)
    new_starts, new_stops = np.empty_like(starts), np.empty_like(stops)
    new_labels = np.empty_like(labels)
    last = -1
    for row in range(first.size - 1):
        for run in range(first[row], first[row + 1]):
            if run == first[row] or around[_gap_before(run, row, first, gaps)] == 0:
                last += 1
                new_starts[last] = starts[run]
                new_labels[last] = numbers[labels[run]]
            new_stops[last] = stops[run]
        new_first[row + 1] = last + 1
    size = last + 1
    return new_first, new_starts[:size].copy(), new_stops[:size].copy(), new_labels[:size].copy()


@njit(cache=True, nogil=True)
def _measured(runs: Any, count: int, lead: Any, before: Any) -> Any:
    """Return by part its number on the level before (or 0), its samples, and how it fits."""
    first, starts, stops, labels = runs
    old_first, old_starts, old_stops, old_labels = before
    parents = np.zeros(count, np.int32)
    ndim = lead.size + 1
    places = np.empty((count, ndim), np.int64)
    sums = np.zeros((count, 1 + ndim + ndim * ndim))
    at = np.zeros(ndim, np.int64)
    seen = 0
    for row in range(first.size - 1):
        if first[row] == first[row + 1]:
            continue
        left = row
        for axis in range(ndim - 2, -1, -1):
            at[axis] = left % lead[axis]
            left //= lead[axis]
        for run in range(first[row], first[row + 1]):
            number = labels[run] - 1
            at[ndim - 1] = starts[run]
            if number == seen:
                seen += 1
                places[number] = at
                for old in range(old_first[row], old_first[row + 1]):
                    if old_starts[old] <= starts[run] < old_stops[old]:
                        parents[number] = old_labels[old]
            add_run(sums[number], places[number], at, stops[run] - starts[run])
    areas, fits = np.empty(count), np.empty(count)
    for number in range(count):
        areas[number], fits[number] = fit(sums[number], ndim)
    return parents, areas, fits


@njit(cache=True, nogil=True)
def _parts_above(
    levels: Any, level: Any, lead: Any, near: Any, around: Any, edge: Any, before: Any
) -> Any:
    """Return the runs of the parts of a level, their holes filled, and what they measure."""
    rows, width = levels.shape
    mask = np.empty((rows, width), np.uint8)
    for row in range(rows):
        for x in range(width):
            mask[row, x] = levels[row, x] >= level
    words = np.empty((rows, (width + 63) // 64), np.uint64)
    pack_rows(mask, 0, rows, False, words)
    runs, count = _linked(words, lead, near[0], near[1])
    pack_rows(mask, 0, rows, True, words)
    gaps, gap_count = _linked(words, lead, around[0], around[1])
    inside = _surrounding(runs, count, gaps, gap_count, width, edge)
    numbers, count = _united(runs, count, gaps, inside)
    runs = _filled(runs, numbers, gaps, inside)
    return runs, _measured(runs, count, lead, before)


@njit(cache=True, nogil=True)
def _with_room(store: Any, size: int) -> Any:
    """Return an array with the same rows that are at least of a size."""
    if size <= store.shape[1]:
        return store
    longer = np.empty((len(store), 2 * size), store.dtype)
    longer[:, : store.shape[1]] = store
    return longer


@njit(cache=True, nogil=True)
def parts_of_levels(levels: Any, highest: int, lead: Any, near: Any, around: Any, edge: Any) -> Any:
    """Return the runs of the parts of all levels, and the parents, sizes and fits of the parts.

    Parameters
    ----------
    levels : array
        uint8 by row and along the last axis; parts are of samples of a level or above.
    highest : int
        The highest level.
    lead : array
        Shape without the last axis.
    near, around : tuple of array
        Steps to earlier neighbours, and whether corners meet, for parts and for holes.
    edge : array
        Which rows are at the border of the image.

    Returns
    -------
    first : array
        Number of the first run, by level and row; one more than rows.
    runs : array
        By run its start, its stop and the number of its part, from 0.
    parents : array
        Number of the part of the level below that holds a part; -1 on the lowest.
    measures : array
        Samples of each part, and how it fits.
    """
    size = len(levels)
    nothing = np.empty(0, np.int32)
    current = (np.zeros(size + 1, np.int64), nothing, nothing, nothing)
    first = np.empty((highest, size + 1), np.int64)
    runs, parents, measures = (
        np.empty((3, 1024), np.int32),
        np.empty((1, 256), np.int64),
        np.empty((2, 256)),
    )
    used, last, before = 0, 0, 0
    for level in range(highest):
        current, measured = _parts_above(
            levels, np.uint8(level + 1), lead, near, around, edge, current
        )
        own_first, starts, stops, labels = current
        runs = _with_room(runs, used + starts.size)
        first[level] = own_first + used
        for run in range(starts.size):
            runs[0, used + run], runs[1, used + run] = starts[run], stops[run]
            runs[2, used + run] = labels[run] - 1 + last
        used += starts.size
        inside, areas, fits = measured
        parents, measures = (
            _with_room(parents, last + areas.size),
            _with_room(measures, last + areas.size),
        )
        for number in range(areas.size):
            parents[0, last + number] = -1 if level == 0 else inside[number] - 1 + before
            measures[0, last + number], measures[1, last + number] = areas[number], fits[number]
        before, last = last, last + areas.size
    return first, runs[:, :used].copy(), parents[0, :last].copy(), measures[:, :last].copy()


@njit(cache=True, nogil=True)
def choose(parents: Any, worths: Any) -> Any:
    """Return numbers 1..n of the disjoint parts that are worth most together, 0 for others.

    Parts come after their parents, which are -1 where there is none.
    """
    inner = np.zeros(worths.size)
    for number in range(worths.size - 1, -1, -1):
        if parents[number] >= 0:
            inner[parents[number]] += max(inner[number], worths[number])
    is_open = np.ones(worths.size, np.bool_)
    numbers = np.zeros(worths.size, np.int32)
    count = 0
    for number in range(worths.size):
        is_best = worths[number] >= inner[number] and worths[number] > 0
        parent = parents[number]
        if parent >= 0:
            best_above = worths[parent] >= inner[parent] and worths[parent] > 0
            is_open[number] = is_open[parent] and not best_above
        if is_open[number] and is_best:
            count += 1
            numbers[number] = count
    return numbers


@njit(cache=True, nogil=True)
def paint_highest(first: Any, runs: Any, numbers: Any, rows: Any) -> None:
    """Write the number of each run's part, of any level, where it is higher."""
    for level in range(len(first)):
        for row in range(len(rows)):
            for run in range(first[level, row], first[level, row + 1]):
                number = numbers[runs[2, run]]
                if number > 0:
                    for x in range(runs[0, run], runs[1, run]):
                        rows[row, x] = max(rows[row, x], number)
