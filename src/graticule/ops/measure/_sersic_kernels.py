"""Compiled passes of the fit of a Sersic profile: what is fitted, and its slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_MIDDLE = 1e-10
"""The profile has a peak without end in its slopes; this near to it they are those there."""
_LARGEST, _FLAT = 8, 16
_NEAR = (6.0, 3.0, 1.5)
"""Within these distances of the middle the mean over a sample is that of 3 x 3, of 5 x 5 and of
11 x 11 places."""


@njit(cache=True, nogil=True)
def gathered(values: Any, weights: Any, y: float, x: float, out: Any) -> int:
    """Write what is fitted: samples, those far out taken together in squares; return how many.

    A square that is further from ``y x`` than `_FLAT` times its side becomes one point, in the
    middle of its samples, with their weighted mean: the sum of squares is the same but for a
    number, as long as the model is flat across it.

    Parameters
    ----------
    values, weights : (y, x)
        Light, and what its residuals are multiplied by; 0 leaves a sample out.
    out : (4, n)
        Gets x, y, light and weight.
    """
    rows, columns = values.shape
    count = 0
    for top in range(0, rows, _LARGEST):
        for left in range(0, columns, _LARGEST):
            side = _side(top, left, _LARGEST, y, x)
            for j in range(top, min(top + _LARGEST, rows), side):
                for i in range(left, min(left + _LARGEST, columns), side):
                    count = _joined(values, weights, j, i, side, out, count)
    return count


@njit(cache=True, nogil=True)
def _side(top: int, left: int, side: int, y: float, x: float) -> int:
    """Return the side of the squares that a square is cut into."""
    down = max(top - y, y - top - side + 1, 0.0)
    along = max(left - x, x - left - side + 1, 0.0)
    far = np.sqrt(down * down + along * along)
    while side > 1 and far < _FLAT * side:
        side //= 2
    return side


@njit(cache=True, nogil=True)
def _joined(values: Any, weights: Any, top: int, left: int, side: int, out: Any, at: int) -> int:
    """Write a square of samples as one point, if any of them counts; return the next place."""
    rows, columns = values.shape
    light = square = down = along = 0.0
    for j in range(top, min(top + side, rows)):
        for i in range(left, min(left + side, columns)):
            part = weights[j, i] * weights[j, i]
            square += part
            light += part * values[j, i]
            down += part * (j - top)
            along += part * (i - left)
    if square == 0.0:
        return at
    out[0, at], out[1, at] = left + along / square, top + down / square
    out[2, at], out[3, at] = light / square, np.sqrt(square)
    return at + 1


@njit(cache=True, nogil=True, error_model="numpy")
def slopes_of(points: Any, parameters: Any, b: float, slope: float, step: int, out: Any) -> None:
    """Write the slopes of weighted residuals along each parameter, and in a last row these.

    Parameters
    ----------
    points : (4, n)
        x, y, light and weight of what is fitted.
    parameters : (7,)
        Logarithms of the light at the half-light radius, of that radius and of the index; middle
        along x and y; logarithm of minor over major axis; angle.
    b, slope : float
        What makes the radius that of half of the light, and how it grows with the index.
    step : int
        Every so many points are counted.
    out : (8, n / step)
        Gets a column for each.
    """
    x0, y0 = parameters[3], parameters[4]
    shape = (
        np.exp(parameters[0]),
        np.exp(parameters[1]),
        np.exp(parameters[2]),
        np.exp(parameters[5]),
        np.cos(parameters[6]),
        np.sin(parameters[6]),
        b,
        slope,
    )
    for column in range(out.shape[1]):
        at = column * step
        weight = points[3, at]
        dx, dy = points[0, at] - x0, points[1, at] - y0
        far = dx * dx + dy * dy
        parts = 1
        if far < _NEAR[2] * _NEAR[2]:
            parts = 11
        elif far < _NEAR[1] * _NEAR[1]:
            parts = 5
        elif far < _NEAR[0] * _NEAR[0]:
            parts = 3
        out[:, column] = 0.0
        share = weight / (parts * parts)
        for row in range(parts):
            down = dy + (row + 0.5) / parts - 0.5
            for place in range(parts):
                _add_slopes(dx + (place + 0.5) / parts - 0.5, down, share, shape, out, column)
        out[7, column] -= weight * points[2, at]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_slopes(dx: float, dy: float, share: float, shape: Any, out: Any, column: int) -> None:
    """Add the model at a place, times a share, and its slopes."""
    bright, radius, n, q, cos, sin, b, slope = shape
    cos, sin = cos / radius, sin / radius
    u, v = dx * cos + dy * sin, (dy * cos - dx * sin) / q
    square = max(u * u + v * v, _MIDDLE)
    along = 0.5 * np.log(square)
    power = np.exp(along / n)
    model = share * bright * np.exp(-b * (power - 1.0))
    fall = -model * b * power / n
    out[0, column] += model
    out[1, column] -= fall
    out[2, column] -= n * slope * model * (power - 1.0) + fall * along
    fall /= square
    out[3, column] += fall * (-u * cos + v * sin / q)
    out[4, column] -= fall * (u * sin + v * cos / q)
    out[5, column] -= fall * v * v
    out[6, column] += fall * u * v * (q - 1.0 / q)
    out[7, column] += model
