"""Compiled features of differences of neighbours in a smoothed volume, line by line.

An axis is a tuple as in ``_plane_kernels``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._eigen_kernels import SOBEL, line_of, put_line
from graticule.learn.features._pass_kernels import WIDE

_ROOM = WIDE + 4


@njit(cache=True, nogil=True)
def _less(a: Any, b: Any, scale: float, out: Any) -> None:
    for j in range(out.size):
        out[j] = (a[j] - b[j]) * scale


@njit(cache=True, nogil=True)
def _mean(a: Any, b: Any, c: Any, out: Any) -> None:
    for j in range(out.size):
        out[j] = (a[j] + np.float32(2) * b[j] + c[j]) * np.float32(0.25)


@njit(cache=True, nogil=True)
def _less_along(line: Any, scale: Any, out: Any) -> None:
    """Put differences along a line: of both neighbours, at its ends of the end and the next."""
    n = out.size
    if n == 1:
        out[0] = line[0] * np.float32(0)
        return
    _less(line[2:n], line[: n - 2], scale, out[1 : n - 1])
    out[0] = (line[1] - line[0]) * (scale * np.float32(2))
    out[n - 1] = (line[n - 1] - line[n - 2]) * (scale * np.float32(2))


@njit(cache=True, nogil=True)
def _first(values: Any, z: int, y: int, axis: int, axes: Any, span: Any, out: Any) -> None:
    """Put the difference of the lines on both sides along z (0) or y (1)."""
    (low, high, scale), (a, b) = axes[axis], span
    if axis == 0:
        _less(values[high[z], y, a:b], values[low[z], y, a:b], scale[z], out)
    else:
        _less(values[z, high[y], a:b], values[z, low[y], a:b], scale[y], out)


@njit(cache=True, nogil=True)
def _second(
    values: Any,
    z: int,
    y: int,
    first: int,
    axis: int,
    axes: Any,
    span: Any,
    room: Any,
    out: Any,
) -> None:
    """Put the difference along ``axis`` of differences along ``first``."""
    low, high, scale = axes[axis]
    one, two = room[0, : out.size], room[1, : out.size]
    if axis == 0:
        _first(values, high[z], y, first, axes, span, one)
        _first(values, low[z], y, first, axes, span, two)
        _less(one, two, scale[z], out)
    else:
        _first(values, z, high[y], first, axes, span, one)
        _first(values, z, low[y], first, axes, span, two)
        _less(one, two, scale[y], out)


@njit(cache=True, nogil=True)
def _lines_of(
    values: Any, z: int, y: int, axes: Any, across: Any, span: Any, order: int, lines: Any,
    room: Any,
) -> None:  # fmt: skip
    """Make the differences of a line, as ``_eigen_kernels`` wants them, into ``lines``."""
    n = span[1] - span[0]
    lines[0, :n] = values[z, y, span[0] : span[1]]
    _first(values, z, y, 0, axes, span, lines[1, :n])
    _first(values, z, y, 1, axes, span, lines[2, :n])
    _less_along(lines[0], across, lines[3, :n])
    if order == 1:
        return
    _second(values, z, y, 0, 0, axes, span, room, lines[4, :n])
    _second(values, z, y, 0, 1, axes, span, room, lines[5, :n])
    _less_along(lines[1], across, lines[6, :n])
    _second(values, z, y, 1, 1, axes, span, room, lines[7, :n])
    _less_along(lines[2], across, lines[8, :n])
    _less_along(lines[3], across, lines[9, :n])


@njit(cache=True, nogil=True)
def _mean_line(values: Any, z: int, y: int, axes: Any, span: Any, out: Any) -> None:
    """Put the mean of a line and those on both sides along z."""
    (low, high, _), (a, b) = axes[0], span
    _mean(values[low[z], y, a:b], values[z, y, a:b], values[high[z], y, a:b], out)


@njit(cache=True, nogil=True)
def _add_squares(line: Any, slope: bool, total: Any) -> None:
    """Add the squares of Sobel's differences, or else of his means, along a line."""
    n = total.size
    for j in (0, n - 1):
        _add_square(line[max(j - 1, 0)], line[j], line[min(j + 1, n - 1)], slope, total, j)
        if n == 1:
            return
    inner, left, middle, right = (
        total[1 : n - 1],
        line[: n - 2],
        line[1 : n - 1],
        line[2:n],
    )
    if slope:
        for j in range(inner.size):
            inner[j] += (right[j] - left[j]) * (right[j] - left[j])
    else:
        for j in range(inner.size):
            found = (left[j] + np.float32(2) * middle[j] + right[j]) * np.float32(0.25)
            inner[j] += found * found


@njit(cache=True, nogil=True)
def _add_square(a: float, b: float, c: float, slope: bool, total: Any, j: int) -> None:
    found = c - a if slope else (a + np.float32(2) * b + c) * np.float32(0.25)
    total[j] += found * found


@njit(cache=True, nogil=True)
def _sobel(values: Any, z: int, y: int, axes: Any, span: Any, room: Any, total: Any) -> None:
    """Put the root mean square of Sobel's differences along the dims into ``total``."""
    n, whole = total.size, np.float32(1)
    total[:] = 0
    rows, line = room[:3, :], room[3, :n]
    (below, above, _), (low, high, _), _ = axes
    a, b = span
    for k, at in enumerate((low[y], y, high[y])):
        _less(values[above[z], at, a:b], values[below[z], at, a:b], whole, rows[k, :n])
    _mean(rows[0], rows[1], rows[2], line)
    _add_squares(line, False, total)
    for k, at in enumerate((low[y], y, high[y])):
        _mean_line(values, z, at, axes, span, rows[k, :n])
    _less(rows[2], rows[0], whole, line)
    _add_squares(line, False, total)
    _mean(rows[0], rows[1], rows[2], line)
    _add_squares(line, True, total)
    scale = np.float32(1 / 3)
    for j in range(n):
        total[j] = math.sqrt(total[j] * scale)


@njit(cache=True, nogil=True)
def differ(
    values: Any, axes: Any, across: Any, made: Any, own: Any, at: Any, order: int, slots: Any,
    out: Any, kept: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of lines ``first`` to ``last`` of a box in smoothed values.

    ``made`` holds the start and stop of the box along each axis of the values; ``own`` those of
    what goes into ``out``, and ``at`` where. Of the rest only what is kept is made.
    """
    count, width = made[3] - made[2], axes[2][0].size
    lines, room = np.empty((10, _ROOM), np.float32), np.empty((4, _ROOM), np.float32)
    parts, total = np.empty(10 * WIDE, np.float32), np.empty(3 * WIDE, np.float32)
    for number in range(first, last):
        z, y = made[0] + number // count, made[2] + number % count
        mine = own[0] <= z < own[1] and own[2] <= y < own[3]
        for x in range(made[4], made[5], WIDE):
            size = min(WIDE, made[5] - x)
            span = (max(0, x - 2), min(width, x + size + 2))
            shift = x - span[0]
            _lines_of(values, z, y, axes, across, span, order if mine else 1, lines, room)
            for k in range(10):
                parts[k * WIDE : k * WIDE + size] = lines[k, shift : shift + size]
            for k in range(kept.shape[0]):
                into = kept[k, z - made[0], y - made[2], x - made[4] : x - made[4] + size]
                into[:] = parts[(k + 1) * WIDE : (k + 1) * WIDE + size]
            part = (max(own[4] - x, 0), min(own[5] - x, size))
            if not mine or part[0] >= part[1]:
                continue
            place = (
                at[0] + z - own[0],
                at[1] + y - own[2],
                at[2] + x + part[0] - own[4],
            )
            put_line(parts, True, total, part, slots, out, place)
            if slots[SOBEL] >= 0:
                line = lines[0, : span[1] - span[0]]
                _sobel(values, z, y, axes, span, room, line)
                line_of(out, slots[SOBEL], place, part)[:] = line[shift + part[0] : shift + part[1]]
