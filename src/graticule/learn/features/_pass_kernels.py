"""Compiled sums over taps: a Gaussian and its first two derivatives from the same samples."""

from __future__ import annotations

from typing import Any

from numba import njit

# A product and a sum may be one instruction; nothing else of the order of sums is left open.
FAST = {"contract"}
WIDE = 512
"""Columns that are worked on at once. Sums of each order lie this far apart in one array, so
that the compiler knows them apart and the loops over columns become vector instructions."""
_TWO = 2 * WIDE


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_values(total: Any, size: int, left: Any, right: Any, w: Any, k: int) -> None:
    a, b, c, d = left
    e, f, g, h = right
    s, t, u, v = w[0, k], w[0, k + 1], w[0, k + 2], w[0, k + 3]
    for j in range(size):
        near = s * (e[j] + a[j]) + t * (f[j] + b[j])
        total[j] += near + (u * (g[j] + c[j]) + v * (h[j] + d[j]))


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_slopes(total: Any, size: int, left: Any, right: Any, w: Any, k: int) -> None:
    a, b, c, d = left
    e, f, g, h = right
    s, t, u, v = w[0, k], w[0, k + 1], w[0, k + 2], w[0, k + 3]
    p, q, r, z = w[1, k], w[1, k + 1], w[1, k + 2], w[1, k + 3]
    for j in range(size):
        near = s * (e[j] + a[j]) + t * (f[j] + b[j])
        total[j] += near + (u * (g[j] + c[j]) + v * (h[j] + d[j]))
        near = p * (e[j] - a[j]) + q * (f[j] - b[j])
        total[WIDE + j] += near + (r * (g[j] - c[j]) + z * (h[j] - d[j]))


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_curves(total: Any, size: int, left: Any, right: Any, w: Any, k: int) -> None:
    a, b, c, d = left
    e, f, g, h = right
    s, t, u, v = w[0, k], w[0, k + 1], w[0, k + 2], w[0, k + 3]
    p, q, r, z = w[1, k], w[1, k + 1], w[1, k + 2], w[1, k + 3]
    l, m, n, o = w[2, k], w[2, k + 1], w[2, k + 2], w[2, k + 3]  # noqa: E741
    for j in range(size):
        x1, x2, x3, x4 = e[j] + a[j], f[j] + b[j], g[j] + c[j], h[j] + d[j]
        near = s * x1 + t * x2
        total[j] += near + (u * x3 + v * x4)
        far = l * x1 + m * x2
        total[_TWO + j] += far + (n * x3 + o * x4)
        side = p * (e[j] - a[j]) + q * (f[j] - b[j])
        total[WIDE + j] += side + (r * (g[j] - c[j]) + z * (h[j] - d[j]))


@njit(cache=True, nogil=True, fastmath=FAST)
def _add_one(total: Any, size: int, left: Any, right: Any, w: Any, k: int, order: int) -> None:
    s = w[0, k]
    for j in range(size):
        total[j] += s * (right[j] + left[j])
    if order > 0:
        s = w[1, k]
        for j in range(size):
            total[WIDE + j] += s * (right[j] - left[j])
    if order > 1:
        s = w[2, k]
        for j in range(size):
            total[_TWO + j] += s * (right[j] + left[j])


@njit(cache=True, nogil=True, fastmath=FAST)
def start_sums(total: Any, size: int, middle: Any, w: Any, order: int) -> None:
    """Put the weighted middle samples of each order up to ``order`` into ``total``."""
    for o in range(order + 1):
        weight, begin = w[o, 0], o * WIDE
        into = total[begin : begin + size]
        for j in range(size):
            into[j] = weight * middle[j]


@njit(cache=True, nogil=True)
def add_four(total: Any, size: int, left: Any, right: Any, w: Any, k: int, order: int) -> None:
    """Add four pairs of lines at once, so that the sums are loaded and stored only once."""
    if order == 0:
        _add_values(total, size, left, right, w, k)
    elif order == 1:
        _add_slopes(total, size, left, right, w, k)
    else:
        _add_curves(total, size, left, right, w, k)


@njit(cache=True, nogil=True)
def sum_lines(
    total: Any, values: Any, index: Any, line: int, start: int, size: int, w: Any, order: int
) -> None:
    """Put into ``total`` the sums across lines around one, for ``size`` columns from ``start``.

    ``index`` gives the line at each position, ``w.shape[1] - 1`` of them before the first.
    """
    stop, reach = start + size, w.shape[1] - 1
    here = line + reach
    start_sums(total, size, values[index[here], start:stop], w, order)
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
        add_four(total, size, left, right, w, k, order)
        k += 4
    while k <= reach:
        below, above = values[index[here - k], start:stop], values[index[here + k], start:stop]
        _add_one(total, size, below, above, w, k, order)
        k += 1


@njit(cache=True, nogil=True)
def sum_along(total: Any, line: Any, size: int, w: Any, order: int) -> None:
    """Put into ``total`` the sums along a line that has its margins on it."""
    reach = w.shape[1] - 1
    start_sums(total, size, line[reach : reach + size], w, order)
    k = 1
    while k + 3 <= reach:
        p, q = reach - k, reach + k
        left = (
            line[p : p + size],
            line[p - 1 : p - 1 + size],
            line[p - 2 : p - 2 + size],
            line[p - 3 : p - 3 + size],
        )
        right = (
            line[q : q + size],
            line[q + 1 : q + 1 + size],
            line[q + 2 : q + 2 + size],
            line[q + 3 : q + 3 + size],
        )
        add_four(total, size, left, right, w, k, order)
        k += 4
    while k <= reach:
        p, q = reach - k, reach + k
        _add_one(total, size, line[p : p + size], line[q : q + size], w, k, order)
        k += 1
