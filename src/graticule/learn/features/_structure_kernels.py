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
    rows_read,
)
from graticule.learn.features._eigen_kernels import STRUCTURE, put_eigenvalues
from graticule.learn.features._pass_kernels import FAST, WIDE, sum_along

_TWO, _THREE, _FOUR, _FIVE = 2 * WIDE, 3 * WIDE, 4 * WIDE, 5 * WIDE


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_two(total: Any, size: int, left: Any, right: Any, w: float) -> None:
    a, b = left
    e, f = right
    for j in range(size):
        total[j] += w * (e[j] * e[j] + a[j] * a[j])
        total[WIDE + j] += w * (e[j] * f[j] + a[j] * b[j])
        total[_TWO + j] += w * (f[j] * f[j] + b[j] * b[j])


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_three(total: Any, size: int, left: Any, right: Any, w: float) -> None:
    a, b, c = left
    e, f, g = right
    for j in range(size):
        total[j] += w * (e[j] * e[j] + a[j] * a[j])
        total[WIDE + j] += w * (e[j] * f[j] + a[j] * b[j])
        total[_TWO + j] += w * (e[j] * g[j] + a[j] * c[j])
        total[_THREE + j] += w * (f[j] * f[j] + b[j] * b[j])
        total[_FOUR + j] += w * (f[j] * g[j] + b[j] * c[j])
        total[_FIVE + j] += w * (g[j] * g[j] + c[j] * c[j])


@njit(cache=True, nogil=True)
def _products_of_two(
    total: Any, slopes: Any, index: Any, line: int, start: int, size: int, w: Any
) -> None:
    """Put weighted sums of the products of two slopes across lines into ``total``."""
    reach, stop = w.shape[1] - 1, start + size
    here = line + reach
    total[:] = 0
    zero = np.zeros(size, np.float32)
    middle = (slopes[0, index[here], start:stop], slopes[1, index[here], start:stop])
    _add_two(total, size, middle, (zero, zero), w[0, 0])
    for k in range(1, reach + 1):
        i, j = index[here - k], index[here + k]
        left = (slopes[0, i, start:stop], slopes[1, i, start:stop])
        right = (slopes[0, j, start:stop], slopes[1, j, start:stop])
        _add_two(total, size, left, right, w[0, k])


@njit(cache=True, nogil=True)
def _products_of_three(
    total: Any, slopes: Any, index: Any, line: int, start: int, size: int, w: Any
) -> None:
    reach, stop = w.shape[1] - 1, start + size
    here = line + reach
    total[:] = 0
    zero = np.zeros(size, np.float32)
    n = index[here]
    middle = (slopes[0, n, start:stop], slopes[1, n, start:stop], slopes[2, n, start:stop])
    _add_three(total, size, middle, (zero, zero, zero), w[0, 0])
    for k in range(1, reach + 1):
        i, j = index[here - k], index[here + k]
        left = (slopes[0, i, start:stop], slopes[1, i, start:stop], slopes[2, i, start:stop])
        right = (slopes[0, j, start:stop], slopes[1, j, start:stop], slopes[2, j, start:stop])
        _add_three(total, size, left, right, w[0, k])


@njit(cache=True, nogil=True)
def structure_plane(
    slopes: Any, axes: Any, at: Any, slots: Any, out: Any, first: int, last: int
) -> None:
    """Put the eigenvalues of rows ``first`` to ``last`` of a plane."""
    down, along = axes
    flat = slopes.reshape(slopes.shape[0], slopes.shape[2], slopes.shape[3])
    reach = along[3].shape[1] - 1
    width = along[0].size - 2 * reach
    lines = np.empty((3, min(width, WIDE) + 2 * reach), np.float32)
    total, made = np.empty(3 * WIDE, np.float32), np.empty(3 * WIDE, np.float32)
    for begin in range(0, width, WIDE):
        size = min(WIDE, width - begin)
        wide = size + 2 * reach
        low, high = inside_of(along, begin, wide)
        for row in range(first, last):
            for c in range(low, high, WIDE):
                n = min(WIDE, high - c)
                _products_of_two(total, flat, down[0], row, along[0][begin + c], n, down[3])
                for k in range(3):
                    lines[k, c : c + n] = total[k * WIDE : k * WIDE + n]
            for k in range(3):
                fill_margins(lines[k, :wide], along[0], begin, (low, high))
                sum_along(total, lines[k], size, along[3], 0)
                made[k * WIDE : k * WIDE + size] = total[:size]
            place = (0, at[1] + row, at[2] + begin)
            put_eigenvalues(made, 0, False, total, (0, size), slots, STRUCTURE, out, place)


@njit(cache=True, nogil=True)
def structure_volume(
    slopes: Any, axes: Any, at: Any, slots: Any, out: Any, first: int, last: int
) -> None:
    """Put the eigenvalues of planes ``first`` to ``last`` of a volume."""
    deep, down, along = axes
    reach = along[3].shape[1] - 1
    width, across = along[0].size - 2 * reach, slopes.shape[3]
    rows = down[0].size - 2 * (down[3].shape[1] - 1)
    flat = slopes.reshape(slopes.shape[0], slopes.shape[1], -1)
    lines = np.empty((1, min(width, WIDE) + 2 * reach), np.float32)
    total, made = np.empty(6 * WIDE, np.float32), np.empty(6 * WIDE, np.float32)
    band = band_of(rows, across, down[3].shape[1] - 1, 6)
    room = min(slopes.shape[2], band + 2 * (down[3].shape[1] - 1))
    layers = np.empty((6, room * across), np.float32)
    for top in range(0, rows, band):
        stop = min(rows, top + band)
        low, high = rows_read(down, top, stop)
        near = (down[0] - low, down[1], down[2], down[3])
        for z in range(first, last):
            for c in range(low * across, high * across, WIDE):
                n = min(WIDE, high * across - c)
                _products_of_three(total, flat, deep[0], z, c, n, deep[3])
                for k in range(6):
                    layers[k, c - low * across : c - low * across + n] = total[
                        k * WIDE : k * WIDE + n
                    ]
            for begin in range(0, width, WIDE):
                size = min(WIDE, width - begin)
                wide = size + 2 * reach
                for row in range(top, stop):
                    for k in range(6):
                        plane = layers[k, : (high - low) * across].reshape(-1, across)
                        make_lines(plane, near, along, row, begin, wide, lines, total, 0)
                        sum_along(total, lines[0], size, along[3], 0)
                        made[k * WIDE : k * WIDE + size] = total[:size]
                    place = (at[0] + z, at[1] + row, at[2] + begin)
                    put_eigenvalues(made, 0, True, total, (0, size), slots, STRUCTURE, out, place)
