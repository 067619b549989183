"""Compiled features of differences of neighbours in a smoothed plane, sixteen columns at a time.

An axis is a tuple of the places below and above each place (itself at the border of the image) and
one over the distance between these.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._eigen_kernels import (
    GRADIENT,
    HESSIAN,
    LAPLACIAN,
    SOBEL,
    line_of,
)
from graticule.learn.features._vectors import (
    LANES,
    load,
    minus,
    plus,
    root,
    splat,
    store,
    times,
)
from graticule.learn.forest._lean import lean

_GRADIENT, _LAPLACIAN, _SOBEL, _LARGEST, _SMALLEST = 0, 1, 2, 3, 4


@lean
def _slopes_at(values: Any, y: int, x: int, axes: Any) -> tuple[Any, Any]:
    """Return the differences along y and along x at a place."""
    (low, high, scale), (left, right, across) = axes
    down = (values[high[y], x] - values[low[y], x]) * scale[y]
    return down, (values[y, right[x]] - values[y, left[x]]) * across[x]


@njit(cache=True, nogil=True)
def _sobel_at(values: Any, y: int, x: int, axes: Any) -> Any:
    (low, high, _), (left, right, _) = axes
    two, quarter = np.float32(2), np.float32(0.25)
    a, b = values[low[y]], values[high[y]]
    p, q = left[x], right[x]
    down = ((b[p] - a[p]) + two * (b[x] - a[x]) + (b[q] - a[q])) * quarter
    before = (a[p] + two * values[y, p] + b[p]) * quarter
    across = (a[q] + two * values[y, q] + b[q]) * quarter - before
    return math.sqrt((down * down + across * across) * np.float32(0.5))


@njit(cache=True, nogil=True)
def _put_at(values: Any, y: int, x: int, axes: Any, lines: Any, wanted: Any, to: int) -> None:
    """Put the features of one place ``to`` that of the lines."""
    down, across = _slopes_at(values, y, x, axes)
    if wanted[_GRADIENT]:
        lines[_GRADIENT][to] = math.sqrt(down * down + across * across)
    if wanted[_SOBEL]:
        lines[_SOBEL][to] = _sobel_at(values, y, x, axes)
    if not (wanted[_LAPLACIAN] or wanted[_LARGEST] or wanted[_SMALLEST]):
        return
    (low, high, scale), (left, right, wide) = axes
    above, below = (
        _slopes_at(values, high[y], x, axes),
        _slopes_at(values, low[y], x, axes),
    )
    after, before = (
        _slopes_at(values, y, right[x], axes),
        _slopes_at(values, y, left[x], axes),
    )
    a, c = (above[0] - below[0]) * scale[y], (after[1] - before[1]) * wide[x]
    b = (after[0] - before[0]) * wide[x]
    if wanted[_LAPLACIAN]:
        lines[_LAPLACIAN][to] = a + c
    half = np.float32(0.5)
    middle, apart = half * (a + c), half * (a - c)
    reach = math.sqrt(apart * apart + b * b)
    if wanted[_LARGEST]:
        lines[_LARGEST][to] = middle + reach
    if wanted[_SMALLEST]:
        lines[_SMALLEST][to] = middle - reach


@lean
def _put_first(
    flat: Any, here: Any, x: int, scale: Any, k: Any, lines: Any, wanted: Any, to: int
) -> None:
    """Put the features of first differences; ``here`` are the lines below, at and above."""
    low, at, high = here[0] + x, here[1] + x, here[2] + x
    a, b, c = load(flat, low - 1), load(flat, low), load(flat, low + 1)
    d, f = load(flat, at - 1), load(flat, at + 1)
    g, h, i = load(flat, high - 1), load(flat, high), load(flat, high + 1)
    if wanted[_GRADIENT]:
        down, across = times(minus(h, b), scale), times(minus(f, d), k)
        found = root(plus(times(down, down), times(across, across)))
        store(lines[_GRADIENT], to, found)
    if wanted[_SOBEL]:
        two, quarter = splat(np.float32(2)), splat(np.float32(0.25))
        down = plus(plus(minus(g, a), times(two, minus(h, b))), minus(i, c))
        down = times(down, quarter)
        before = times(plus(plus(a, times(two, d)), g), quarter)
        across = minus(times(plus(plus(c, times(two, f)), i), quarter), before)
        found = times(plus(times(down, down), times(across, across)), splat(np.float32(0.5)))
        store(lines[_SOBEL], to, root(found))


@lean
def _put_second(
    flat: Any,
    here: Any,
    far: Any,
    x: int,
    scales: Any,
    k: Any,
    lines: Any,
    wanted: Any,
    to: int,
) -> None:
    """Put the features of second differences.

    ``far`` are the lines below and above the line below, and those of the line above.
    """
    low, at, high = here[0] + x, here[1] + x, here[2] + x
    scale, below, above = scales
    after = times(minus(load(flat, far[3] + x), load(flat, far[2] + x)), above)
    before = times(minus(load(flat, far[1] + x), load(flat, far[0] + x)), below)
    a = times(minus(after, before), scale)
    after = times(minus(load(flat, high + 1), load(flat, low + 1)), scale)
    before = times(minus(load(flat, high - 1), load(flat, low - 1)), scale)
    b = times(minus(after, before), k)
    middle = load(flat, at)
    after = times(minus(load(flat, at + 2), middle), k)
    before = times(minus(middle, load(flat, at - 2)), k)
    c = times(minus(after, before), k)
    if wanted[_LAPLACIAN]:
        store(lines[_LAPLACIAN], to, plus(a, c))
    if wanted[_LARGEST] or wanted[_SMALLEST]:
        half = splat(np.float32(0.5))
        middle, apart = times(half, plus(a, c)), times(half, minus(a, c))
        reach = root(plus(times(apart, apart), times(b, b)))
        if wanted[_LARGEST]:
            store(lines[_LARGEST], to, plus(middle, reach))
        if wanted[_SMALLEST]:
            store(lines[_SMALLEST], to, minus(middle, reach))


@lean
def _put_blocks(
    values: Any, y: int, span: Any, axes: Any, lines: Any, wanted: Any, first: int
) -> None:
    """Put the features of the columns of a span, none of them within two of an end of the line."""
    (low, high, scale), (_, _, wide) = axes
    flat, across = values.reshape(values.size), values.shape[1]
    a, b = low[y], high[y]
    here = (a * across, y * across, b * across)
    far = (low[a] * across, high[a] * across, low[b] * across, high[b] * across)
    scales = (splat(scale[y]), splat(scale[a]), splat(scale[b]))
    k = splat(wide[span[0]])
    one = wanted[_GRADIENT] or wanted[_SOBEL]
    two = wanted[_LAPLACIAN] or wanted[_LARGEST] or wanted[_SMALLEST]
    for start in range(span[0], span[1], LANES):
        x = min(start, span[1] - LANES)
        if one:
            _put_first(flat, here, x, scales[0], k, lines, wanted, x - first)
        if two:
            _put_second(flat, here, far, x, scales, k, lines, wanted, x - first)


@njit(cache=True, nogil=True)
def _keep_line(values: Any, y: int, span: Any, axes: Any, kept: Any, to: int) -> None:
    """Put the slopes of a span of columns into a line of ``kept``."""
    (low, high, scale), (left, right, across) = axes
    above, below, here = values[high[y]], values[low[y]], values[y]
    for x in range(span[0], span[1]):
        kept[0, 0, to, x - span[0]] = (above[x] - below[x]) * scale[y]
        kept[1, 0, to, x - span[0]] = (here[right[x]] - here[left[x]]) * across[x]


@njit(cache=True, nogil=True)
def differ_plane(
    values: Any, axes: Any, made: Any, own: Any, at: Any, slots: Any, out: Any, kept: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of lines ``first`` to ``last`` of a box in smoothed values.

    ``made`` holds the start and stop of the box along each axis of the values; ``own`` those of
    what goes into ``out``, and ``at`` where. Of the rest only what is kept is made.
    """
    width, (begin, end) = axes[1][0].size, own[2:]
    numbers = (GRADIENT, LAPLACIAN, SOBEL, HESSIAN, HESSIAN + 1)
    a, b, c, d, e = numbers
    wanted = (slots[a] >= 0, slots[b] >= 0, slots[c] >= 0, slots[d] >= 0, slots[e] >= 0)
    inner = (max(begin, 2), min(end, width - 2))
    if inner[1] - inner[0] < LANES:
        inner = (end, end)
    for number in range(first, last):
        y = made[0] + number
        if kept.shape[0] > 0:
            _keep_line(values, y, made[2:], axes, kept, number)
        if not own[0] <= y < own[1]:
            continue
        place, span = (0, at[1] + y - own[0], at[2]), (begin, end)
        lines = (
            line_of(out, max(slots[a], 0), place, span),
            line_of(out, max(slots[b], 0), place, span),
            line_of(out, max(slots[c], 0), place, span),
            line_of(out, max(slots[d], 0), place, span),
            line_of(out, max(slots[e], 0), place, span),
        )
        for x in range(begin, inner[0]):
            _put_at(values, y, x, axes, lines, wanted, x - begin)
        if inner[0] < inner[1]:
            _put_blocks(values, y, inner, axes, lines, wanted, begin)
        for x in range(inner[1], end):
            _put_at(values, y, x, axes, lines, wanted, x - begin)
