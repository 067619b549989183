"""Compiled eigenvalues of the structure tensor: means of products of slopes, line by line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._derive_kernels import (
    band_of,
    make_lines,
    room_of,
    rows_read,
    size_of,
)
from graticule.learn.features._eigen_kernels import STRUCTURE, put_eigenvalues
from graticule.learn.features._pass_kernels import ROWS, SLACK, WIDE, sum_along
from graticule.learn.features._vectors import (
    LANES,
    entry,
    fused,
    load,
    splat,
    store,
    times,
)
from graticule.learn.forest._lean import lean

_SIX = 6 * WIDE


@lean
def _products(slopes: Any, area: int, span: Any, into: Any, apart: int) -> None:
    """Put the products of two slopes of a span of columns, ``apart`` from each other."""
    for x in range(span[0], span[1], LANES):
        c = min(x, span[1] - LANES)
        a, b, to = load(slopes, c), load(slopes, area + c), c - span[0]
        store(into, to, times(a, a))
        store(into, to + apart, times(a, b))
        store(into, to + 2 * apart, times(b, b))


@lean
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
            p, q = (
                entry(index, here - k) * across + c,
                entry(index, here + k) * across + c,
            )
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
def _put_band(
    layers: Any, room: int, across: int, axes: Any, z: int, rows: Any, at: Any, slots: Any,
    out: Any, rooms: Any,
) -> None:  # fmt: skip
    """Put the eigenvalues of some rows, of products whose means across planes are made."""
    (down, along), (lines, made, total, steps) = axes, rooms
    volume, width = layers.size == 6 * room, size_of(along)
    for begin in range(0, width, WIDE):
        size = min(WIDE, width - begin)
        for row in range(rows[0], rows[1], ROWS):
            for k in range(6 if volume else 3):
                plane = layers[k * room :]
                make_lines(plane, across, down, along, row, begin, size, 0, lines)
                for q in range(ROWS):
                    start, to = q * room_of(along) + SLACK, q * _SIX + k * WIDE
                    sum_along(lines, start, steps, size, along[3], 0, made, (to, to, to))
            for q in range(min(ROWS, rows[1] - row)):
                place = (at[0] + z, at[1] + row + q, at[2] + begin)
                mine = made[q * _SIX : (q + 1) * _SIX]
                put_eigenvalues(mine, 0, volume, total, (0, size), slots, STRUCTURE, out, place)


@njit(cache=True, nogil=True)
def _rooms_of(along: Any) -> Any:
    """Return room for lines, what is made of them and what is found, and the steps along."""
    lines, steps = (
        np.empty(ROWS * room_of(along), np.float32),
        np.arange(2 * along[3].shape[1] - 1),
    )
    return (
        lines,
        np.empty(ROWS * _SIX, np.float32),
        np.empty(3 * WIDE, np.float32),
        steps,
    )


@njit(cache=True, nogil=True)
def structure(slopes: Any, axes: Any, at: Any, slots: Any, out: Any, first: int, last: int) -> None:
    """Put the eigenvalues of rows of a plane, or of planes of a volume, ``first`` to ``last``."""
    deep, down, along = axes
    volume, across, tall = slopes.shape[0] == 3, slopes.shape[3], slopes.shape[2]
    flat, area, count = slopes.reshape(slopes.size), tall * across, 6 if volume else 3
    whole = slopes.shape[1] * area
    begin, end = (0, size_of(down)) if volume else (first, last)
    planes = (first, last) if volume else (0, 1)
    rooms, margin = _rooms_of(along), 2 * (down[3].shape[1] - 1) + ROWS - 1
    band = band_of(end - begin, across, down[3].shape[1] - 1, count)
    room = min(tall, band + margin) * across
    layers = np.empty(count * room, np.float32)
    for top in range(begin, end, band):
        stop = min(end, top + band)
        low, high = rows_read(down, top, stop)
        near = (down[0] - low, down[1], down[2], down[3])
        part = (low * across, high * across)
        for z in range(planes[0], planes[1]):
            if volume:
                here = z + deep[3].shape[1] - 1
                _sum_of_three(flat, whole, deep[0], here, area, part, deep[3], layers, room)
            else:
                _products(flat, whole, part, layers, room)
            _put_band(
                layers,
                room,
                across,
                (near, along),
                z,
                (top, stop),
                at,
                slots,
                out,
                rooms,
            )
