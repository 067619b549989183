"""Compiled features of Gaussians and their derivatives, line by line from the values.

What a line needs is summed over the lines around it, then along it, and made into features while
it is in cache. Slopes (or smoothed values) that later features need go into ``kept``.

An axis is a tuple: ``index`` (where each position from ``reach`` before the first to ``reach``
after the last is found in the values), how many of the positions before the first and up to the
last lie in the image, and the weights by order and tap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._eigen_kernels import DOG, line_of, put_line
from graticule.learn.features._pass_kernels import WIDE, sum_along, sum_lines

_CACHE = 1 << 18
"""Values that stay in the cache of one processor."""


@njit(cache=True, nogil=True)
def fill_margins(line: Any, index: Any, begin: int, inside: tuple[int, int]) -> None:
    """Fill what of a line lies outside the image from what lies inside.

    The line begins at ``begin`` of ``index``; from ``inside[0]`` up to ``inside[1]`` it is made.
    """
    low, high = inside
    first = index[begin + low] - low
    for p in range(low):
        line[p] = line[index[begin + p] - first]
    for p in range(high, line.size):
        line[p] = line[index[begin + p] - first]


@njit(cache=True, nogil=True)
def inside_of(axis: Any, begin: int, size: int) -> tuple[int, int]:
    """Return which of the ``size`` positions from ``begin`` of an axis lie in the image."""
    return max(0, axis[1] - begin), min(size, axis[2] - begin)


@njit(cache=True, nogil=True)
def make_lines(
    values: Any, down: Any, along: Any, row: int, begin: int, wide: int, lines: Any, total: Any,
    order: int,
) -> None:  # fmt: skip
    """Put sums across the lines around ``row`` into ``wide`` columns of ``lines``, with margins."""
    low, high = inside_of(along, begin, wide)
    index = along[0]
    for c in range(low, high, WIDE):
        size = min(WIDE, high - c)
        sum_lines(total, values, down[0], row, index[begin + c], size, down[3], order)
        for k in range(order + 1):
            lines[k, c : c + size] = total[k * WIDE : k * WIDE + size]
    for k in range(order + 1):
        fill_margins(lines[k, :wide], index, begin, (low, high))


@njit(cache=True, nogil=True)
def stage(
    values: Any, down: Any, along: Any, row: int, begin: int, size: int, order: int,
    places: Any, made: Any, lines: Any, total: Any,
) -> None:  # fmt: skip
    """Make the derivatives of a line up to an order; ``places[j, i]`` is where they go."""
    wide = size + 2 * (along[3].shape[1] - 1)
    make_lines(values, down, along, row, begin, wide, lines, total, order)
    for j in range(order + 1):
        sum_along(total, lines[j], size, along[3], order - j)
        for i in range(order - j + 1):
            to = places[j, i] * WIDE
            made[to : to + size] = total[i * WIDE : i * WIDE + size]


@njit(cache=True, nogil=True)
def _put_dog(
    values: Any, axes: Any, row: int, begin: int, span: tuple[int, int], made: Any, lines: Any,
    total: Any, out: Any,
) -> None:  # fmt: skip
    down, along = axes
    first, last = span
    wide = last + 2 * (along[3].shape[1] - 1)
    make_lines(values, down, along, row, begin, wide, lines, total, 0)
    sum_along(total, lines[0], last, along[3], 0)
    for j in range(first, last):
        out[j - first] = total[j] - made[j]


@njit(cache=True, nogil=True)
def lines_of(size: int, along: Any, narrow: Any) -> Any:
    """Return room for lines with margins."""
    reach = max(along[3].shape[1], narrow[3].shape[1]) - 1
    return np.empty((3, min(size, WIDE) + 2 * reach), np.float32)


@njit(cache=True, nogil=True)
def derive_plane(
    values: Any, axes: Any, narrow: Any, own: Any, at: Any, order: int, slots: Any, out: Any,
    kept: Any, keep: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of rows ``first`` to ``last`` of a plane.

    ``own`` holds the start and stop of the rows and columns that go into ``out`` among those
    made, and ``at`` where they go; of the others only what is kept is made. ``keep`` says which
    derivatives go into ``kept``.
    """
    down, along = axes
    width = along[0].size - 2 * (along[3].shape[1] - 1)
    places = np.array([[0, 2, 5], [1, 4, 0], [3, 0, 0]])
    lines, total = lines_of(width, along, narrow[1]), np.empty(3 * WIDE, np.float32)
    made = np.empty(6 * WIDE, np.float32)
    for begin in range(0, width, WIDE):
        size = min(WIDE, width - begin)
        span = (max(own[2] - begin, 0), min(own[3] - begin, size))
        for row in range(first, last):
            mine = own[0] <= row < own[1] and span[0] < span[1]
            here = order if mine else min(order, 1)
            stage(values, down, along, row, begin, size, here, places, made, lines, total)
            for k in range(keep.size):
                kept[k, 0, row, begin : begin + size] = made[keep[k] * WIDE : keep[k] * WIDE + size]
            if mine:
                place = (0, at[1] + row - own[0], at[2] + begin + span[0] - own[2])
                put_line(made, False, total, span, slots, out, place)
                if slots[DOG] >= 0:
                    line = line_of(out, slots[DOG], place, span)
                    _put_dog(values, narrow, row, begin, span, made, lines, total, line)


@njit(cache=True, nogil=True)
def _layer(values: Any, axis: Any, z: int, span: tuple[int, int], order: int, into: Any,
           total: Any) -> None:  # fmt: skip
    """Put sums across planes, of the lines of a plane laid end to end, into ``into[k]``."""
    for c in range(span[0], span[1], WIDE):
        size = min(WIDE, span[1] - c)
        sum_lines(total, values, axis[0], z, c, size, axis[3], order)
        for k in range(order + 1):
            into[k, c - span[0] : c - span[0] + size] = total[k * WIDE : k * WIDE + size]


@njit(cache=True, nogil=True)
def band_of(rows: int, width: int, reach: int, layers: int) -> int:
    """Return how many rows at a time keep some layers of them in cache, margins included."""
    fitting = _CACHE // (width * layers) - 2 * reach
    return min(rows, max(fitting, 2 * reach, 16))


@njit(cache=True, nogil=True)
def rows_read(down: Any, top: int, stop: int) -> tuple[int, int]:
    """Return the first and last line of the values that rows ``top`` to ``stop`` need."""
    reach = down[3].shape[1] - 1
    part = down[0][top : stop + 2 * reach]
    return part.min(), part.max() + 1


@njit(cache=True, nogil=True)
def derive_volume(
    values: Any, axes: Any, narrow: Any, own: Any, at: Any, order: int, slots: Any, out: Any,
    kept: Any, keep: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of planes ``first`` to ``last`` of a volume; see `derive_plane`."""
    deep, down, along = axes
    width = along[0].size - 2 * (along[3].shape[1] - 1)
    rows = down[0].size - 2 * (down[3].shape[1] - 1)
    across = values.shape[2]
    flat = values.reshape(values.shape[0], -1)
    places = np.array(
        [
            [[0, 3, 9], [2, 8, 0], [7, 0, 0]],
            [[1, 6, 0], [5, 0, 0], [0, 0, 0]],
            [[4, 0, 0], [0, 0, 0], [0, 0, 0]],
        ]
    )
    lines, total = lines_of(width, along, narrow[2]), np.empty(3 * WIDE, np.float32)
    made = np.empty(10 * WIDE, np.float32)
    band = band_of(rows, across, down[3].shape[1] - 1, 3)
    room = min(values.shape[1], band + 2 * (down[3].shape[1] - 1))
    layers = np.empty((3, room * across), np.float32)
    thin = np.empty((1 if slots[DOG] >= 0 else 0, room * across), np.float32)
    for top in range(0, rows, band):
        stop = min(rows, top + band)
        low, high = rows_read(down, top, stop)
        near = (down[0] - low, down[1], down[2], down[3])
        slim = ((narrow[1][0] - low, narrow[1][1], narrow[1][2], narrow[1][3]), narrow[2])
        for z in range(first, last):
            above = own[0] <= z < own[1]
            here = order if above else min(order, 1)
            _layer(flat, deep, z, (low * across, high * across), here, layers, total)
            if above and slots[DOG] >= 0:
                _layer(flat, narrow[0], z, (low * across, high * across), 0, thin, total)
            for begin in range(0, width, WIDE):
                size = min(WIDE, width - begin)
                span = (max(own[4] - begin, 0), min(own[5] - begin, size))
                for row in range(top, stop):
                    mine = above and own[2] <= row < own[3] and span[0] < span[1]
                    most = order if mine else min(order, 1)
                    for k in range(most + 1):
                        plane = layers[k, : (high - low) * across].reshape(-1, across)
                        stage(
                            plane, near, along, row, begin, size, most - k, places[k], made,
                            lines, total,
                        )  # fmt: skip
                    for k in range(keep.size):
                        kept[k, z, row, begin : begin + size] = made[
                            keep[k] * WIDE : keep[k] * WIDE + size
                        ]
                    if mine:
                        to = at[2] + begin + span[0] - own[4]
                        place = (at[0] + z - own[0], at[1] + row - own[2], to)
                        put_line(made, True, total, span, slots, out, place)
                        if slots[DOG] >= 0:
                            plane = thin[0, : (high - low) * across].reshape(-1, across)
                            line = line_of(out, slots[DOG], place, span)
                            _put_dog(plane, slim, row, begin, span, made, lines, total, line)
