"""Compiled eigenvalues of the structure tensor: means of products of slopes, line by line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._derive_kernels import (
    band_of,
    fill_margins,
    inside_of,
    make_lines,
    room_of,
    rows_read,
    size_of,
)
from graticule.learn.features._eigen_kernels import STRUCTURE, put_eigenvalues
from graticule.learn.features._pass_kernels import ROWS, SLACK, WIDE, sum_along
from graticule.learn.features._vectors import LANES, entry, fused, load, splat, store, times

_SIX = 6 * WIDE


@njit(cache=True, nogil=True)
def _sum_of_two(
    slopes: Any, area: int, index: Any, here: int, across: int, span: Any, w: Any, into: Any,
    at: int, apart: int,
) -> None:  # fmt: skip
    """Put weighted sums of the products of two slopes across lines, ``apart`` from each other."""
    reach, low = w.shape[1] - 1, span[0]
    none = splat(np.float32(0))
    for x in range(low, span[1], LANES):
        c = min(x, across - LANES)
        a, b, d = none, none, none
        for k in range(reach, 0, -1):
            p, q = entry(index, here - k) * across + c, entry(index, here + k) * across + c
            s = splat(entry(w, k))
            l0, h0, l1, h1 = (
                load(slopes, p), load(slopes, q), load(slopes, area + p), load(slopes, area + q)
            )  # fmt: skip
            a = fused(s, fused(h0, h0, times(l0, l0)), a)
            b = fused(s, fused(h0, h1, times(l0, l1)), b)
            d = fused(s, fused(h1, h1, times(l1, l1)), d)
        p, s = entry(index, here) * across + c, splat(entry(w, 0))
        l0, l1, to = load(slopes, p), load(slopes, area + p), at + c - low
        store(into, to, fused(s, times(l0, l0), a))
        store(into, to + apart, fused(s, times(l0, l1), b))
        store(into, to + 2 * apart, fused(s, times(l1, l1), d))


@njit(cache=True, nogil=True)
def _sum_of_three(
    slopes: Any, area: int, index: Any, here: int, across: int, span: Any, w: Any, into: Any,
    apart: int,
) -> None:  # fmt: skip
    reach, low, two = w.shape[1] - 1, span[0], 2 * area
    none = splat(np.float32(0))
    for x in range(low, span[1], LANES):
        c = min(x, span[1] - LANES)
        a, b, d, e, f, g = none, none, none, none, none, none
        for k in range(reach, 0, -1):
            p, q = entry(index, here - k) * across + c, entry(index, here + k) * across + c
            s = splat(entry(w, k))
            l0, l1, l2 = load(slopes, p), load(slopes, area + p), load(slopes, two + p)
            h0, h1, h2 = load(slopes, q), load(slopes, area + q), load(slopes, two + q)
            a = fused(s, fused(h0, h0, times(l0, l0)), a)
            b = fused(s, fused(h0, h1, times(l0, l1)), b)
            d = fused(s, fused(h0, h2, times(l0, l2)), d)
            e = fused(s, fused(h1, h1, times(l1, l1)), e)
            f = fused(s, fused(h1, h2, times(l1, l2)), f)
            g = fused(s, fused(h2, h2, times(l2, l2)), g)
        p, s, to = entry(index, here) * across + c, splat(entry(w, 0)), c - low
        l0, l1, l2 = load(slopes, p), load(slopes, area + p), load(slopes, two + p)
        store(into, to, fused(s, times(l0, l0), a))
        store(into, to + apart, fused(s, times(l0, l1), b))
        store(into, to + 2 * apart, fused(s, times(l0, l2), d))
        store(into, to + 3 * apart, fused(s, times(l1, l1), e))
        store(into, to + 4 * apart, fused(s, times(l1, l2), f))
        store(into, to + 5 * apart, fused(s, times(l2, l2), g))


@njit(cache=True, nogil=True)
def structure_plane(
    slopes: Any, axes: Any, at: Any, slots: Any, out: Any, first: int, last: int
) -> None:
    """Put the eigenvalues of rows ``first`` to ``last`` of a plane."""
    down, along = axes
    flat, across = slopes.reshape(slopes.size), slopes.shape[3]
    area, width, reach = slopes.shape[2] * across, size_of(along), along[3].shape[1] - 1
    room = room_of(along)
    lines, steps = np.empty(3 * room, np.float32), np.arange(2 * reach + 1)
    total, made = np.empty(3 * WIDE, np.float32), np.empty(3 * WIDE, np.float32)
    for begin in range(0, width, WIDE):
        size = min(WIDE, width - begin)
        wide = size + 2 * reach
        low, high = inside_of(along, begin, wide)
        left = along[0][begin + low]
        span = (left, left + high - low)
        for row in range(first, last):
            here = row + down[3].shape[1] - 1
            _sum_of_two(flat, area, down[0], here, across, span, down[3], lines, SLACK + low, room)
            for k in range(3):
                start = k * room + SLACK
                fill_margins(lines[start : start + wide], along[0], begin, (low, high))
                to = k * WIDE
                sum_along(lines, start, steps, size, along[3], 0, made, (to, to, to))
            place = (0, at[1] + row, at[2] + begin)
            put_eigenvalues(made, 0, False, total, (0, size), slots, STRUCTURE, out, place)


@njit(cache=True, nogil=True)
def structure_volume(
    slopes: Any, axes: Any, at: Any, slots: Any, out: Any, first: int, last: int
) -> None:
    """Put the eigenvalues of planes ``first`` to ``last`` of a volume."""
    deep, down, along = axes
    flat, across, tall = slopes.reshape(slopes.size), slopes.shape[3], slopes.shape[2]
    reach, width, rows = along[3].shape[1] - 1, size_of(along), size_of(down)
    area = slopes.shape[1] * tall * across
    lines, steps = np.empty(ROWS * room_of(along), np.float32), np.arange(2 * reach + 1)
    total, made = np.empty(3 * WIDE, np.float32), np.empty(ROWS * _SIX, np.float32)
    band = band_of(rows, across, down[3].shape[1] - 1, 6)
    room = min(tall, band + 2 * (down[3].shape[1] - 1) + ROWS - 1) * across
    layers = np.empty(6 * room, np.float32)
    for top in range(0, rows, band):
        stop = min(rows, top + band)
        low, high = rows_read(down, top, stop)
        near = (down[0] - low, down[1], down[2], down[3])
        part = (low * across, high * across)
        for z in range(first, last):
            here = z + deep[3].shape[1] - 1
            _sum_of_three(flat, area, deep[0], here, tall * across, part, deep[3], layers, room)
            for begin in range(0, width, WIDE):
                size = min(WIDE, width - begin)
                for row in range(top, stop, ROWS):
                    for k in range(6):
                        plane = layers[k * room :]
                        make_lines(plane, across, near, along, row, begin, size, 0, lines)
                        for q in range(ROWS):
                            start, to = q * room_of(along) + SLACK, q * _SIX + k * WIDE
                            sum_along(lines, start, steps, size, along[3], 0, made, (to, to, to))
                    for q in range(min(ROWS, stop - row)):
                        place = (at[0] + z, at[1] + row + q, at[2] + begin)
                        mine = made[q * _SIX : (q + 1) * _SIX]
                        put_eigenvalues(
                            mine, 0, True, total, (0, size), slots, STRUCTURE, out, place
                        )
