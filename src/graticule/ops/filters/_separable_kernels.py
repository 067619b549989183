"""Compiled passes of even and odd kernels along axes, with the sums kept in cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# A product and a sum may be one instruction; nothing else of the order of sums is left open.
_FAST = {"contract"}
_WIDE = 2048


@njit(cache=True, nogil=True, fastmath=_FAST)
def _add_one(total: Any, left: Any, right: Any, weight: float, sign: float) -> None:
    for j in range(total.size):
        total[j] += weight * (right[j] + sign * left[j])


@njit(cache=True, nogil=True, fastmath=_FAST)
def _add_four(
    total: Any,
    left: tuple[Any, Any, Any, Any],
    right: tuple[Any, Any, Any, Any],
    weights: Any,
    sign: float,
) -> None:
    """Add four pairs of lines at once, so that the totals are loaded and stored only once."""
    a, b, c, d = left
    e, f, g, h = right
    s, t, u, v = weights[0], weights[1], weights[2], weights[3]
    for j in range(total.size):
        near = s * (e[j] + sign * a[j]) + t * (f[j] + sign * b[j])
        total[j] += near + (u * (g[j] + sign * c[j]) + v * (h[j] + sign * d[j]))


@njit(cache=True, nogil=True, fastmath=_FAST)
def _across_lines(
    total: Any, values: Any, index: Any, line: int, start: int, weights: Any, sign: float
) -> None:
    """Put into ``total`` the weighted sum of the lines around one, from column ``start``."""
    stop = start + total.size
    reach = weights.size - 1
    here = line + reach
    middle, weight = values[index[here], start:stop], weights[0]
    for j in range(total.size):
        total[j] = weight * middle[j]
    k = 1
    while k + 3 <= reach:
        left = (
            values[index[here - k], start:stop],
            values[index[here - k - 1], start:stop],
            values[index[here - k - 2], start:stop],
            values[index[here - k - 3], start:stop],
        )
        right = (
            values[index[here + k], start:stop],
            values[index[here + k + 1], start:stop],
            values[index[here + k + 2], start:stop],
            values[index[here + k + 3], start:stop],
        )
        _add_four(total, left, right, weights[k : k + 4], sign)
        k += 4
    while k <= reach:
        below, above = values[index[here - k], start:stop], values[index[here + k], start:stop]
        _add_one(total, below, above, weights[k], sign)
        k += 1


@njit(cache=True, nogil=True, fastmath=_FAST)
def _along_line(total: Any, line: Any, step: int, weights: Any, sign: float) -> None:
    """Put into ``total`` the weighted sums along a line that has its margins on it."""
    size, reach = total.size, weights.size - 1
    here, weight = reach * step, weights[0]
    middle = line[here : here + size]
    for j in range(size):
        total[j] = weight * middle[j]
    k = 1
    while k + 3 <= reach:
        p, q, r, s = k * step, (k + 1) * step, (k + 2) * step, (k + 3) * step
        left = (
            line[here - p : here - p + size],
            line[here - q : here - q + size],
            line[here - r : here - r + size],
            line[here - s : here - s + size],
        )
        right = (
            line[here + p : here + p + size],
            line[here + q : here + q + size],
            line[here + r : here + r + size],
            line[here + s : here + s + size],
        )
        _add_four(total, left, right, weights[k : k + 4], sign)
        k += 4
    while k <= reach:
        p = k * step
        _add_one(
            total, line[here - p : here - p + size], line[here + p : here + p + size],
            weights[k], sign,
        )  # fmt: skip
        k += 1


@njit(cache=True, nogil=True, fastmath=_FAST)
def _fill_margins(line: Any, step: int, index: Any, reach: int) -> None:
    for k in range(reach):
        for j in range(step):
            line[k * step + j] = line[(reach + index[k]) * step + j]
    size = index.size - 2 * reach
    for k in range(reach + size, index.size):
        for j in range(step):
            line[k * step + j] = line[(reach + index[k]) * step + j]


@njit(cache=True, nogil=True)
def pass_lines(
    values: Any, out: Any, first: int, last: int, step: int, index: Any, weights: Any, sign: float
) -> None:
    """Filter the lines from ``first`` up to ``last`` along themselves, samples ``step`` apart."""
    reach, size = weights.size - 1, values.shape[1]
    line = np.empty(size + 2 * reach * step, values.dtype)
    for i in range(first, last):
        line[reach * step : reach * step + size] = values[i]
        _fill_margins(line, step, index, reach)
        for start in range(0, size, _WIDE):
            stop = min(size, start + _WIDE)
            part = line[start : stop + 2 * reach * step]
            _along_line(out[i, start:stop], part, step, weights, sign)


@njit(cache=True, nogil=True)
def pass_columns(
    values: Any, out: Any, first: int, last: int, index: Any, weights: Any, sign: float
) -> None:
    """Filter ``[outer, along, inner]`` along its middle axis, in bands of columns.

    ``first`` and ``last`` number the bands, those of one outer index after those of another.
    """
    _, along, inner = values.shape
    bands = (inner + _WIDE - 1) // _WIDE
    for band in range(first, last):
        block, start = values[band // bands], (band % bands) * _WIDE
        stop = min(inner, start + _WIDE)
        for i in range(along):
            total = out[band // bands, i, start:stop]
            _across_lines(total, block, index, i, start, weights, sign)


@njit(cache=True, nogil=True)
def pass_planes(values: Any, out: Any, first: int, last: int, down: Any, along: Any) -> None:
    """Filter ``[plane, y, x]`` along y and x in one go; ``first`` and ``last`` number the rows.

    ``down`` and ``along`` are the index, weights and sign for y and x.
    """
    _, height, width = values.shape
    reach = along[1].size - 1
    line = np.empty(width + 2 * reach, values.dtype)
    for row in range(first, last):
        plane, i = row // height, row % height
        for start in range(0, width, _WIDE):
            stop = min(width, start + _WIDE)
            total = line[reach + start : reach + stop]
            _across_lines(total, values[plane], down[0], i, start, down[1], down[2])
        _fill_margins(line, 1, along[0], reach)
        for start in range(0, width, _WIDE):
            stop = min(width, start + _WIDE)
            part = line[start : stop + 2 * reach]
            _along_line(out[plane, i, start:stop], part, 1, along[1], along[2])


def bands_of(inner: int) -> int:
    """Return how many bands the columns of `pass_columns` are taken in."""
    return -(-inner // _WIDE)
