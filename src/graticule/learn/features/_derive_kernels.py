"""Compiled features of Gaussians and their derivatives, four lines at a time from the values.

What the lines need is summed over the lines around them, then along them, and made into features
while it is in cache. Slopes (or smoothed values) that later features need go into ``kept``.

An axis is a tuple: ``index`` (where each position from ``reach`` before the first to ``reach``
after the last is found in the values, and ``ROWS - 1`` more), how many of the positions before the
first and up to the last lie in the image, and the weights by order and tap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._eigen_kernels import DOG, line_of, put_line
from graticule.learn.features._pass_kernels import (
    BLOCK,
    ROWS,
    SLACK,
    WIDE,
    sum_along,
    sum_line,
    sum_lines,
)
from graticule.learn.features._vectors import copy

DEEP = 10 * WIDE
"""Room for all derivatives of a line."""
_CACHE = 1 << 18
"""Values that stay in the cache of one processor."""


@njit(cache=True, nogil=True)
def size_of(axis: Any) -> Any:
    """Return how many positions of an axis are made."""
    return axis[0].size - 2 * (axis[3].shape[1] - 1) - (ROWS - 1)


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
def room_of(along: Any) -> Any:
    """Return the room for a line with margins, which begins ``SLACK`` after the room does."""
    return min(size_of(along), WIDE) + 2 * (along[3].shape[1] - 1) + SLACK + BLOCK


@njit(cache=True, nogil=True)
def make_lines(
    values: Any, across: int, down: Any, along: Any, row: int, begin: int, size: int, order: int,
    lines: Any,
) -> None:  # fmt: skip
    """Put sums across the lines around each of four from ``row``, with margins, into ``lines``."""
    wide = size + 2 * (along[3].shape[1] - 1)
    room = room_of(along)
    low, high = inside_of(along, begin, wide)
    first = along[0][begin + low]
    span = (first, first + high - low)
    sum_lines(values, across, down[0], row, span, down[3], order, lines, SLACK + low, room)
    for k in range(ROWS * (order + 1)):
        start = k * room + SLACK
        fill_margins(lines[start : start + wide], along[0], begin, (low, high))


@njit(cache=True, nogil=True)
def stage(
    values: Any, across: int, down: Any, along: Any, row: int, begin: int, size: int, order: int,
    places: Any, made: Any, lines: Any, steps: Any,
) -> None:  # fmt: skip
    """Make the derivatives of four lines up to an order; ``places[j, i]`` is where they go."""
    make_lines(values, across, down, along, row, begin, size, order, lines)
    room = room_of(along)
    for j in range(order + 1):
        for q in range(ROWS):
            to, start = q * DEEP, (j * ROWS + q) * room + SLACK
            at = (
                to + places[j, 0] * WIDE,
                to + places[j, 1] * WIDE,
                to + places[j, 2] * WIDE,
            )
            sum_along(lines, start, steps, size, along[3], order - j, made, at)


@njit(cache=True, nogil=True)
def put_narrow(
    values: Any, across: int, down: Any, along: Any, row: int, begin: int, size: int, found: Any,
    lines: Any, steps: Any,
) -> None:  # fmt: skip
    """Make four lines of a narrower Gaussian."""
    make_lines(values, across, down, along, row, begin, size, 0, lines)
    for q in range(ROWS):
        to, start = q * WIDE, q * room_of(along) + SLACK
        sum_along(lines, start, steps, size, along[3], 0, found, (to, to, to))


@njit(cache=True, nogil=True)
def put_features(
    made: Any, thin: Any, q: int, volume: bool, found: Any, span: Any, slots: Any, out: Any,
    place: Any,
) -> None:  # fmt: skip
    """Put the features of one of four lines into the output."""
    mine = made[q * DEEP : (q + 1) * DEEP]
    put_line(mine, volume, found, span, slots, out, place)
    if slots[DOG] >= 0:
        line = line_of(out, slots[DOG], place, span)
        slim = thin[q * WIDE : (q + 1) * WIDE]
        for j in range(span[0], span[1]):
            line[j - span[0]] = slim[j] - mine[j]


@njit(cache=True, nogil=True)
def put_lines(
    made: Any, thin: Any, lines: tuple[int, int], wanted: tuple[int, int], volume: bool, total: Any,
    columns: Any, slots: Any, out: Any, place: Any, kept: Any, keep: Any, z: int,
) -> None:  # fmt: skip
    """Keep what is kept of up to four lines, and put the features of those among the wanted.

    ``columns`` are the first, how many, and the span of them that goes into ``out``; ``place`` is
    of the first of these in line 0.
    """
    begin, size, span = columns
    for row in range(lines[0], lines[1]):
        q = row - lines[0]
        for k in range(keep.size):
            copy(made, q * DEEP + keep[k] * WIDE, kept[k, z, row], begin, size)
        if wanted[0] <= row < wanted[1] and span[0] < span[1]:
            here = (place[0], place[1] + row, place[2])
            put_features(made, thin, q, volume, total, span, slots, out, here)


@njit(cache=True, nogil=True)
def rooms(along: Any, narrow: Any) -> Any:
    """Return room for lines, derivatives, narrow lines and what is found, and the steps along."""
    lines = np.empty(3 * ROWS * max(room_of(along), room_of(narrow)), np.float32)
    made, thin = np.empty(ROWS * DEEP, np.float32), np.empty(ROWS * WIDE, np.float32)
    steps = np.arange(2 * max(along[3].shape[1], narrow[3].shape[1]) - 1)
    return lines, made, thin, np.empty(3 * WIDE, np.float32), steps


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
    (down, along), (slim, thinly) = axes, narrow
    flat, across, width = values.reshape(values.size), values.shape[1], size_of(along)
    places = np.array([[0, 2, 5], [1, 4, 0], [3, 0, 0]])
    lines, made, thin, total, steps = rooms(along, thinly)
    for begin in range(0, width, WIDE):
        size = min(WIDE, width - begin)
        span = (max(own[2] - begin, 0), min(own[3] - begin, size))
        for row in range(first, last, ROWS):
            stop = min(row + ROWS, last)
            mine = row < own[1] and own[0] < stop and span[0] < span[1]
            here = order if mine else min(order, 1)
            stage(flat, across, down, along, row, begin, size, here, places, made, lines, steps)
            if mine and slots[DOG] >= 0:
                put_narrow(flat, across, slim, thinly, row, begin, size, thin, lines, steps)
            place = (0, at[1] - own[0], at[2] + begin + span[0] - own[2])
            put_lines(
                made, thin, (row, stop), (own[0], own[1]), False, total, (begin, size, span),
                slots, out, place, kept, keep, 0,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def band_of(rows: int, width: int, reach: int, layers: int) -> int:
    """Return how many rows at a time keep some layers of them in cache, margins included."""
    fitting = _CACHE // (width * layers) - 2 * reach
    return min(rows, max(fitting, 2 * reach, 16))


@njit(cache=True, nogil=True)
def rows_read(down: Any, top: int, stop: int) -> tuple[int, int]:
    """Return the first and last line of the values that rows ``top`` to ``stop`` need."""
    reach = down[3].shape[1] - 1
    part = down[0][top : stop + 2 * reach + ROWS - 1]
    return part.min(), part.max() + 1


@njit(cache=True, nogil=True)
def derive_volume(
    values: Any, axes: Any, narrow: Any, own: Any, at: Any, order: int, slots: Any, out: Any,
    kept: Any, keep: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Make the features of planes ``first`` to ``last`` of a volume; see `derive_plane`."""
    (deep, down, along), thinly = axes, narrow[2]
    width, rows, across = size_of(along), size_of(down), values.shape[2]
    flat, area = values.reshape(values.size), values.shape[1] * across
    places = np.array(
        [
            [[0, 3, 9], [2, 8, 0], [7, 0, 0]],
            [[1, 6, 0], [5, 0, 0], [0, 0, 0]],
            [[4, 0, 0], [0, 0, 0], [0, 0, 0]],
        ]
    )
    lines, made, thin, total, steps = rooms(along, thinly)
    band = band_of(rows, across, down[3].shape[1] - 1, 3)
    room = min(values.shape[1], band + 2 * (down[3].shape[1] - 1) + ROWS - 1) * across
    layers = np.empty(3 * room, np.float32)
    layer = np.empty(room if slots[DOG] >= 0 else 0, np.float32)
    for top in range(0, rows, band):
        stop = min(rows, top + band)
        low, high = rows_read(down, top, stop)
        part = (low * across, high * across)
        near = (down[0] - low, down[1], down[2], down[3])
        slim = (narrow[1][0] - low, narrow[1][1], narrow[1][2], narrow[1][3])
        for z in range(first, last):
            above = own[0] <= z < own[1]
            here, to = order if above else min(order, 1), (0, room, 2 * room)
            n = z + deep[3].shape[1] - 1
            sum_line(flat, deep[0], n, area, part, deep[3], here, layers, to)
            if above and slots[DOG] >= 0:
                (index, _, _, w), to = narrow[0], (0, 0, 0)
                sum_line(flat, index, z + w.shape[1] - 1, area, part, w, 0, layer, to)
            for begin in range(0, width, WIDE):
                size = min(WIDE, width - begin)
                span = (max(own[4] - begin, 0), min(own[5] - begin, size))
                for row in range(top, stop, ROWS):
                    end = min(row + ROWS, stop)
                    mine = above and row < own[3] and own[2] < end and span[0] < span[1]
                    most = order if mine else min(order, 1)
                    for k in range(most + 1):
                        stage(
                            layers[k * room :], across, near, along, row, begin, size, most - k,
                            places[k], made, lines, steps,
                        )  # fmt: skip
                    if mine and slots[DOG] >= 0:
                        put_narrow(
                            layer, across, slim, thinly, row, begin, size, thin, lines, steps
                        )
                    wanted = (own[2], own[3]) if above else (0, 0)
                    x = at[2] + begin + span[0] - own[4]
                    place = (at[0] + z - own[0], at[1] - own[2], x)
                    put_lines(
                        made, thin, (row, end), wanted, True, total, (begin, size, span), slots,
                        out, place, kept, keep, z,
                    )  # fmt: skip
