"""Compiled features of differences of neighbours in a smoothed volume, line by line.

An axis is a tuple as in ``_plane_kernels``. Differences of a line are made sixteen columns at a
time, but one by one within two of its ends.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._eigen_kernels import SOBEL, line_of, put_line
from graticule.learn.features._pass_kernels import WIDE
from graticule.learn.features._vectors import (
    LANES,
    copy,
    load,
    minus,
    plus,
    root,
    splat,
    store,
    times,
)
from graticule.learn.forest._lean import lean


@lean
def _slopes_at(values: Any, z: int, y: int, x: int, axes: Any) -> tuple[Any, Any, Any]:
    """Return the differences along z, y and x at a place."""
    (below, above, deep), (low, high, down), (left, right, along) = axes
    a = (values[above[z], y, x] - values[below[z], y, x]) * deep[z]
    b = (values[z, high[y], x] - values[z, low[y], x]) * down[y]
    return a, b, (values[z, y, right[x]] - values[z, y, left[x]]) * along[x]


@lean
def _put_at(
    values: Any, z: int, y: int, x: int, axes: Any, order: int, parts: Any, to: int
) -> None:
    """Put the differences of one place, as ``_eigen_kernels`` wants them, into ``parts``."""
    (below, above, deep), (low, high, down), (left, right, along) = axes
    parts[to] = values[z, y, x]
    for k, one in enumerate(_slopes_at(values, z, y, x, axes)):
        parts[to + (k + 1) * WIDE] = one
    if order == 1:
        return
    a = _slopes_at(values, above[z], y, x, axes)
    b = _slopes_at(values, below[z], y, x, axes)
    parts[to + 4 * WIDE] = (a[0] - b[0]) * deep[z]
    a = _slopes_at(values, z, high[y], x, axes)
    b = _slopes_at(values, z, low[y], x, axes)
    parts[to + 5 * WIDE] = (a[0] - b[0]) * down[y]
    parts[to + 7 * WIDE] = (a[1] - b[1]) * down[y]
    a = _slopes_at(values, z, y, right[x], axes)
    b = _slopes_at(values, z, y, left[x], axes)
    parts[to + 6 * WIDE] = (a[0] - b[0]) * along[x]
    parts[to + 8 * WIDE] = (a[1] - b[1]) * along[x]
    parts[to + 9 * WIDE] = (a[2] - b[2]) * along[x]


@lean
def _less(flat: Any, a: int, b: int, scale: Any) -> Any:
    return times(minus(load(flat, a), load(flat, b)), scale)


@lean
def _put_block(
    flat: Any, near: Any, far: Any, x: int, scales: Any, order: int, parts: Any, to: int
) -> None:
    """Put the differences of sixteen places; ``near`` are the nine lines around and this one.

    ``far`` are the lines below and above that below and that above, along z and then y.
    """
    deep, down, along = scales[0], scales[3], scales[6]
    a, c, e, g = near[1] + x, near[3] + x, near[5] + x, near[7] + x
    at = near[4] + x
    middle = load(flat, at)
    store(parts, to, middle)
    store(parts, to + WIDE, _less(flat, g, a, deep))
    store(parts, to + 2 * WIDE, _less(flat, e, c, down))
    store(parts, to + 3 * WIDE, _less(flat, at + 1, at - 1, along))
    if order == 1:
        return
    one = _less(flat, far[3] + x, far[2] + x, scales[2])
    two = _less(flat, far[1] + x, far[0] + x, scales[1])
    store(parts, to + 4 * WIDE, times(minus(one, two), deep))
    one = _less(flat, near[8] + x, near[2] + x, deep)
    two = _less(flat, near[6] + x, near[0] + x, deep)
    store(parts, to + 5 * WIDE, times(minus(one, two), down))
    one, two = _less(flat, g + 1, a + 1, deep), _less(flat, g - 1, a - 1, deep)
    store(parts, to + 6 * WIDE, times(minus(one, two), along))
    one = _less(flat, far[7] + x, far[6] + x, scales[5])
    two = _less(flat, far[5] + x, far[4] + x, scales[4])
    store(parts, to + 7 * WIDE, times(minus(one, two), down))
    one, two = _less(flat, e + 1, c + 1, down), _less(flat, e - 1, c - 1, down)
    store(parts, to + 8 * WIDE, times(minus(one, two), along))
    one = times(minus(load(flat, at + 2), middle), along)
    two = times(minus(middle, load(flat, at - 2)), along)
    store(parts, to + 9 * WIDE, times(minus(one, two), along))


@lean
def _mean_at(a: Any, b: Any, c: Any) -> Any:
    return (a + np.float32(2) * b + c) * np.float32(0.25)


@lean
def _mean(a: Any, b: Any, c: Any) -> Any:
    return times(plus(plus(a, times(splat(np.float32(2)), b)), c), splat(np.float32(0.25)))


@lean
def _column_at(flat: Any, near: Any, x: int) -> tuple[Any, Any, Any]:
    """Return the difference along z, that along y, and the mean, of the nine lines at ``x``."""
    a, b, c = flat[near[0] + x], flat[near[1] + x], flat[near[2] + x]
    d, e, f = flat[near[3] + x], flat[near[4] + x], flat[near[5] + x]
    g, h, i = flat[near[6] + x], flat[near[7] + x], flat[near[8] + x]
    low, middle, high = _mean_at(a, d, g), _mean_at(b, e, h), _mean_at(c, f, i)
    return _mean_at(g - a, h - b, i - c), high - low, _mean_at(low, middle, high)


@lean
def _column(flat: Any, near: Any, x: int) -> tuple[Any, Any, Any]:
    a, b, c = load(flat, near[0] + x), load(flat, near[1] + x), load(flat, near[2] + x)
    d, e, f = load(flat, near[3] + x), load(flat, near[4] + x), load(flat, near[5] + x)
    g, h, i = load(flat, near[6] + x), load(flat, near[7] + x), load(flat, near[8] + x)
    low, middle, high = _mean(a, d, g), _mean(b, e, h), _mean(c, f, i)
    return (
        _mean(minus(g, a), minus(h, b), minus(i, c)),
        minus(high, low),
        _mean(low, middle, high),
    )


@lean
def _sobel_at(flat: Any, near: Any, places: Any) -> Any:
    """Return the root mean square of Sobel's differences at the second of three places."""
    p = _column_at(flat, near, places[0])
    q = _column_at(flat, near, places[1])
    r = _column_at(flat, near, places[2])
    z, y, x = _mean_at(p[0], q[0], r[0]), _mean_at(p[1], q[1], r[1]), r[2] - p[2]
    return math.sqrt((z * z + y * y + x * x) * np.float32(1 / 3))


@lean
def _sobel(flat: Any, near: Any, x: int) -> Any:
    p, q, r = (
        _column(flat, near, x - 1),
        _column(flat, near, x),
        _column(flat, near, x + 1),
    )
    a, b, c = _mean(p[0], q[0], r[0]), _mean(p[1], q[1], r[1]), minus(r[2], p[2])
    found = plus(plus(times(a, a), times(b, b)), times(c, c))
    return root(times(found, splat(np.float32(1 / 3))))


@njit(cache=True, nogil=True)
def _lines_near(values: Any, z: int, y: int, axes: Any) -> Any:
    """Return where the lines that the differences of a line need begin, and the scales."""
    (below, above, deep), (low, high, down), (_, _, along) = axes
    wide, area = values.shape[2], values.shape[1] * values.shape[2]
    a, b, c = below[z] * area, z * area, above[z] * area
    p, q, r = low[y] * wide, y * wide, high[y] * wide
    near = (a + p, a + q, a + r, b + p, b + q, b + r, c + p, c + q, c + r)
    far = (
        below[below[z]] * area + q,
        above[below[z]] * area + q,
        below[above[z]] * area + q,
        above[above[z]] * area + q,
        b + low[low[y]] * wide,
        b + high[low[y]] * wide,
        b + low[high[y]] * wide,
        b + high[high[y]] * wide,
    )
    scales = (
        splat(deep[z]), splat(deep[below[z]]), splat(deep[above[z]]),
        splat(down[y]), splat(down[low[y]]), splat(down[high[y]]),
        splat(along[along.size // 2]),
    )  # fmt: skip
    return near, far, scales


@njit(cache=True, nogil=True)
def _put_span(
    values: Any, z: int, y: int, span: Any, axes: Any, order: int, sobel: bool, parts: Any,
    found: Any,
) -> None:  # fmt: skip
    """Put the differences of a span of columns into ``parts``, and Sobel's into ``found``."""
    left, right, _ = axes[2]
    flat = values.reshape(values.size)
    near, far, scales = _lines_near(values, z, y, axes)
    first, end = span
    inner = (max(first, 2), min(end, left.size - 2))
    if inner[1] - inner[0] < LANES:
        inner = (end, end)
    for start in range(inner[0], inner[1], LANES):
        x = min(start, inner[1] - LANES)
        _put_block(flat, near, far, x, scales, order, parts, x - first)
        if sobel:
            store(found, x - first, _sobel(flat, near, x))
    for k in range(first, inner[0] + end - inner[1]):
        x = k if k < inner[0] else inner[1] + k - inner[0]
        _put_at(values, z, y, x, axes, order, parts, x - first)
        if sobel:
            found[x - first] = _sobel_at(flat, near, (left[x], x, right[x]))


@njit(cache=True, nogil=True)
def differ(
    values: Any, axes: Any, made: Any, own: Any, at: Any, order: int, slots: Any, out: Any,
    kept: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of lines ``first`` to ``last`` of a box in smoothed values.

    ``made`` holds the start and stop of the box along each axis of the values; ``own`` those of
    what goes into ``out``, and ``at`` where. Of the rest only what is kept is made.
    """
    count = made[3] - made[2]
    parts, total = np.empty(10 * WIDE, np.float32), np.empty(3 * WIDE, np.float32)
    found = np.empty(WIDE, np.float32)
    for number in range(first, last):
        z, y = made[0] + number // count, made[2] + number % count
        mine = own[0] <= z < own[1] and own[2] <= y < own[3]
        for x in range(made[4], made[5], WIDE):
            size = min(WIDE, made[5] - x)
            part = (max(own[4] - x, 0), min(own[5] - x, size))
            here = mine and part[0] < part[1]
            sobel, most = here and slots[SOBEL] >= 0, order if here else 1
            _put_span(values, z, y, (x, x + size), axes, most, sobel, parts, found)
            for k in range(kept.shape[0]):
                into = kept[k, z - made[0], y - made[2]]
                copy(parts, (k + 1) * WIDE, into, x - made[4], size)
            if not here:
                continue
            place = (
                at[0] + z - own[0],
                at[1] + y - own[2],
                at[2] + x + part[0] - own[4],
            )
            put_line(parts, True, total, part, slots, out, place)
            if sobel:
                line = line_of(out, slots[SOBEL], place, part)
                copy(found, part[0], line, 0, line.size)
