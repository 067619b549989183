# mypy: disable-error-code="no-any-return"
"""Compiled loops of self-organising maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_FMA = {"contract"}


@njit(cache=True, nogil=True, fastmath=_FMA)
def _responses(rows: Any, units: Any, negative_halves: Any, out: Any) -> None:
    """Fill in what four rows have in common with each unit, less half the square of the unit.

    Units come feature by feature, a multiple of four of them, so that the loop runs along the
    units, and touches each weight once for four rows and each result once for four features.
    """
    count = units.shape[1]
    for k in range(4):
        for u in range(count):
            out[k, u] = negative_halves[u]
    for f in range(0, units.shape[0], 4):
        a0, a1, a2, a3 = rows[0, f], rows[0, f + 1], rows[0, f + 2], rows[0, f + 3]
        b0, b1, b2, b3 = rows[1, f], rows[1, f + 1], rows[1, f + 2], rows[1, f + 3]
        c0, c1, c2, c3 = rows[2, f], rows[2, f + 1], rows[2, f + 2], rows[2, f + 3]
        d0, d1, d2, d3 = rows[3, f], rows[3, f + 1], rows[3, f + 2], rows[3, f + 3]
        for u in range(count):
            w0, w1, w2, w3 = units[f, u], units[f + 1, u], units[f + 2, u], units[f + 3, u]
            out[0, u] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3
            out[1, u] += b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3
            out[2, u] += c0 * w0 + c1 * w1 + c2 * w2 + c3 * w3
            out[3, u] += d0 * w0 + d1 * w1 + d2 * w2 + d3 * w3


@njit(cache=True, nogil=True, fastmath={"reassoc", "nnan", "nsz"})
def _largest(values: Any) -> Any:
    top = values[0]
    for u in range(values.size):
        top = max(top, values[u])
    return top


@njit(cache=True, nogil=True)
def _position_of_largest(values: Any) -> int:
    """Return the first position of the largest value: first of the part it is in, then in it."""
    best, top = 0, values[0]
    for start in range(0, values.size, 128):
        largest = _largest(values[start : start + 128])
        if largest > top:
            best, top = start, largest
    for u in range(best, values.size):
        if values[u] == top:
            return u
    return best


@njit(cache=True, nogil=True)
def sum_by_unit(rows: Any, units: Any, negative_halves: Any, start: int, stop: int) -> Any:
    """Return the sum of the rows that are nearest to each unit, and their number (last column)."""
    features = rows.shape[1]
    sums = np.zeros((units.shape[1], features + 1), np.float32)
    four, out = np.zeros((4, features), np.float32), np.empty((4, units.shape[1]), np.float32)
    for row in range(start, stop, 4):
        count = min(4, stop - row)
        four[:count] = rows[row : row + count]
        _responses(four, units, negative_halves, out)
        for k in range(count):
            best = _position_of_largest(out[k])
            for f in range(features):
                sums[best, f] += four[k, f]
            sums[best, features] += 1
    return sums


@njit(cache=True, nogil=True)
def train_online(
    rows: Any,
    order: Any,
    weights: Any,
    rates: Any,
    sigmas: Any,
    shift: Any,
    row_height: float,
    bubble: bool,
) -> None:
    """Move all units towards one row after the other; minisom's ``update`` of each winner.

    Parameters
    ----------
    rows : (rows, features) float64
    order : rows in the order they come
    weights : (x, y, features) float64, changed
    rates, sigmas : of each step
    shift : (y,) how far the units of a row of the grid are moved along x
    row_height : distance of the rows of the grid
    bubble : whether the neighbourhood is a box instead of a Gaussian
    """
    nx, ny, features = weights.shape
    along_x, along_y = np.empty((2, nx)), np.empty(ny)
    for step in range(order.size):
        row = rows[order[step]]
        win_x, win_y, least = 0, 0, np.inf
        for i in range(nx):
            for j in range(ny):
                total = 0.0
                for f in range(features):
                    apart = row[f] - weights[i, j, f]
                    total += apart * apart
                if total < least:
                    win_x, win_y, least = i, j, total
        sigma, rate = sigmas[step], rates[step]
        spread = 2 * sigma * sigma
        for j in range(ny):
            apart = (j - win_y) * row_height
            near = 1.0 if abs(j - win_y) < sigma else 0.0
            along_y[j] = near if bubble else np.exp(-(apart * apart) / spread)
        for moved in range(2):
            for i in range(nx):
                apart = i - win_x + (-0.5 if moved else 0.0) - shift[win_y]
                near = 1.0 if abs(i - win_x) < sigma else 0.0
                along_x[moved, i] = near if bubble else np.exp(-(apart * apart) / spread)
        for i in range(nx):
            for j in range(ny):
                part = along_x[1 if shift[j] != 0 else 0, i] * along_y[j] * rate
                for f in range(features):
                    weights[i, j, f] += part * (row[f] - weights[i, j, f])
