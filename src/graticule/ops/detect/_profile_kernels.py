"""Compiled sums of the light of an object: by distance, under a window, over its footprint."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def mean_of_features(values: Any, out: Any) -> None:
    """Fill in the means over the last axis."""
    rows, columns, features = values.shape
    for j in range(rows):
        for i in range(columns):
            total = 0.0
            if features == 3:  # that loop unrolled, as colour is what comes most
                total += values[j, i, 0]
                total += values[j, i, 1]
                total += values[j, i, 2]
            else:
                for feature in range(features):
                    total += values[j, i, feature]
            out[j, i] = total / features


@njit(cache=True, nogil=True)
def ring_sums(values: Any, used: Any, y: float, x: float, per_sample: int, rings: int) -> Any:
    """Return by distance the samples, and the sums of light times 1, cos 2a and sin 2a.

    ``a`` is the angle from the first axis; rings are ``1 / per_sample`` wide.
    """
    sums = np.zeros((4, rings))
    reach = rings / per_sample
    rows, columns = values.shape
    for j in range(max(0, int(y - reach)), min(rows, int(y + reach) + 2)):
        for i in range(max(0, int(x - reach)), min(columns, int(x + reach) + 2)):
            if used[j, i]:
                down, along = j - y, i - x
                square = down * down + along * along
                ring = int(np.sqrt(square) * per_sample)
                if ring < rings:
                    light = values[j, i]
                    sums[0, ring] += 1
                    sums[1, ring] += light
                    if square > 0:
                        sums[2, ring] += light * (down * down - along * along) / square
                        sums[3, ring] += light * 2 * down * along / square
    return sums


@njit(cache=True, nogil=True)
def windowed_centre(
    values: Any, used: Any, y: float, x: float, width: float, turns: int
) -> tuple[float, float]:
    """Return the middle of light under a Gaussian window that follows it."""
    rows, columns = values.shape
    reach = 3 * width
    along_x = np.empty(columns)
    for _ in range(turns):
        left, right = max(0, int(x - reach)), min(columns, int(x + reach) + 2)
        for i in range(left, right):
            along_x[i] = np.exp(-0.5 * (i - x) ** 2 / width**2)
        total = down = along = 0.0
        for j in range(max(0, int(y - reach)), min(rows, int(y + reach) + 2)):
            line = across = 0.0
            for i in range(left, right):
                if used[j, i]:
                    light = values[j, i] * along_x[i]
                    line += light
                    across += light * (i - x)
            weight = np.exp(-0.5 * (j - y) ** 2 / width**2)
            total += weight * line
            down += weight * line * (j - y)
            along += weight * across
        if total <= 0:
            break
        # Under a window as wide as the light, the light is seen half as far off; a whole step
        # would never rest on what is much narrower.
        y, x = y + 1.5 * down / total, x + 1.5 * along / total
        if abs(down) + abs(along) < 3e-3 * total:
            break
    return y, x


@njit(cache=True, nogil=True)
def windowed_moments(
    values: Any, inside: Any, y: float, x: float, width: float
) -> tuple[float, float, float, float]:
    """Return light that is not negative under a Gaussian window, and its moments yy, xx and yx."""
    rows, columns = values.shape
    across = np.exp(-0.5 * (np.arange(columns) - x) ** 2 / width**2)
    total = yy = xx = yx = 0.0
    for j in range(rows):
        weight, down = np.exp(-0.5 * (j - y) ** 2 / width**2), j - y
        line = first = second = 0.0
        for i in range(columns):
            if inside[j, i] and values[j, i] > 0:
                light = values[j, i] * across[i]
                line += light
                first += light * (i - x)
                second += light * (i - x) ** 2
        total += weight * line
        yy += weight * line * down * down
        xx += weight * second
        yx += weight * first * down
    return total, yy, xx, yx


@njit(cache=True, nogil=True)
def footprint_sums(
    values: Any, inside: Any, y: float, x: float
) -> tuple[float, float, float, int, int]:
    """Return light, the most of it in a sample and where, and the furthest distance from a place.

    In the order light, furthest, most, row and column of the most.
    """
    rows, columns = values.shape
    total, furthest, most, row, column = 0.0, 0.0, -np.inf, 0, 0
    for j in range(rows):
        for i in range(columns):
            if inside[j, i]:
                total += values[j, i]
                furthest = max(furthest, (j - y) ** 2 + (i - x) ** 2)
                if values[j, i] > most:
                    most, row, column = values[j, i], j, i
    return total, np.sqrt(furthest), most, row, column
