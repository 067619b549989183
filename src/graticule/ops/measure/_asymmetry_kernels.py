"""Compiled asymmetry under half a turn, and the middle at which it is least."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.ops.measure._aperture_kernels import ellipse_row, rows_of

_OUTSIDE = 100.0
"""What a middle outside of the image, or without light, is given, so that it is not sought."""
_TURNS = 400
_PLACE, _VALUE = 1e-6, 1e-4
"""The search ends where places and values of its triangle differ by less."""


@njit(cache=True, nogil=True)
def _at(values: Any, j: int, i: int) -> float:
    """Return a sample; 0 outside of the image."""
    rows, columns = values.shape
    if 0 <= j < rows and 0 <= i < columns:
        return values[j, i]  # type: ignore[no-any-return]
    return 0.0


@njit(cache=True, nogil=True, fastmath={"reassoc", "nsz"})
def _row_sums(
    here: Any, used: Any, above_after: Any, above: Any, under_after: Any, under: Any,
    used_turned: Any, weights: Any,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the sums of light, of what it is off its turned self, and of samples, of a row."""
    w00, w01, w10, w11 = weights
    light = apart = area = 0.0
    for i in range(here.size):
        turned = w00 * above[i] + w01 * above_after[i] + w10 * under[i] + w11 * under_after[i]
        part = used[i] * used_turned[i]
        light += part * abs(here[i])
        apart += part * abs(turned - here[i])
        area += part
    return light, apart, area


@njit(cache=True, nogil=True)
def asymmetry(
    values: Any, used: Any, turned: Any, y: float, x: float, radius: float, sky: float
) -> tuple[float, float]:
    """Return the asymmetry within a circle under half a turn about its middle, and the light.

    Where a sample falls between others after the turn, it is between them linearly; it is masked
    if it or the one that it falls on is. ``used`` is 1 where a sample is not,
    else 0; ``turned`` are both with rows and columns in reverse; ``sky`` is
    the asymmetry of a sample of the sky.
    """
    rows, columns = values.shape
    if x < 0 or x >= columns or y < 0 or y >= rows:
        return _OUTSIDE, 0.0
    turned_values, turned_used = turned
    parts = np.empty(columns)
    light = apart = area = 0.0
    top, bottom = rows_of(y, radius, 1.0, 0.0, rows)
    # After half a turn all samples fall between others in the same way.
    last_j, last_i = int(np.floor(2.0 * y)), int(np.floor(2.0 * x))
    below, beside = 2.0 * y - last_j, 2.0 * x - last_i
    near_j, near_i = int(np.floor(2.0 * y + 0.5)), int(np.floor(2.0 * x + 0.5))
    w00, w01 = (1.0 - below) * (1.0 - beside), (1.0 - below) * beside
    w10, w11 = below * (1.0 - beside), below * beside
    for j in range(top, bottom):
        first, full, rest, end = ellipse_row(j, y, x, radius, 1.0, 0.0, parts)
        j0, turned_j = last_j - j, near_j - j
        low, high = end, end
        inside = 0 <= turned_j < rows and 0 <= j0 < rows - 1
        if inside and full < rest:
            # Samples that count whole and fall between four others; no branch tells the masked.
            low = max(full, last_i - columns + 2, near_i - columns + 1)
            high = max(low, min(rest, last_i + 1, near_i + 1))
            size = high - low
            # In the image turned by indices alone, samples go the same way as here.
            above, under = rows - 1 - j0, rows - 2 - j0
            start = columns - 2 - last_i + low
            near = columns - 1 - near_i + low
            of_row = _row_sums(
                values[j, low:high],
                used[j, low:high],
                turned_values[above, start : start + size],
                turned_values[above, start + 1 : start + 1 + size],
                turned_values[under, start : start + size],
                turned_values[under, start + 1 : start + 1 + size],
                turned_used[rows - 1 - turned_j, near : near + size],
                (w00, w01, w10, w11),
            )
            light, apart, area = light + of_row[0], apart + of_row[1], area + of_row[2]
        for begin, stop in ((first, low), (high, end)):
            for i in range(begin, stop):
                part = 1.0 if full <= i < rest else parts[i]
                if part == 0.0 or used[j, i] == 0.0:
                    continue
                i0, turned_i = last_i - i, near_i - i
                within = 0 <= turned_j < rows and 0 <= turned_i < columns
                if within and used[turned_j, turned_i] == 0.0:
                    continue
                if 0 <= j0 < rows - 1 and 0 <= i0 < columns - 1:
                    half = w00 * values[j0, i0] + w01 * values[j0, i0 + 1]
                    half += w10 * values[j0 + 1, i0] + w11 * values[j0 + 1, i0 + 1]
                else:
                    half = w00 * _at(values, j0, i0) + w01 * _at(values, j0, i0 + 1)
                    half += w10 * _at(values, j0 + 1, i0) + w11 * _at(values, j0 + 1, i0 + 1)
                light += part * abs(values[j, i])
                apart += part * abs(half - values[j, i])
                area += part
    if light == 0.0:
        return _OUTSIDE, 0.0
    return (apart - area * sky) / light, light


@njit(cache=True, nogil=True)
def least_asymmetric(
    values: Any, used: Any, turned: Any, y: float, x: float, radius: float, sky: float
) -> tuple[float, float, bool]:
    """Return the middle with the least asymmetry near a place, and whether none was refused.

    By the downhill simplex of Nelder and Mead, from a triangle with sides of a twentieth of the
    coordinates, as published measurements of asymmetry are made.
    """
    places = np.empty((3, 2))
    places[:, 0], places[:, 1] = x, y
    for side in range(2):
        at = places[side + 1, side]
        places[side + 1, side] = 1.05 * at if at != 0 else 0.00025
    known = np.empty(3)
    fine = True
    for corner in range(3):
        known[corner], light = asymmetry(
            values, used, turned, places[corner, 1], places[corner, 0], radius, sky
        )
        fine = fine and light > 0
    tried = np.empty(2)
    for _ in range(_TURNS):
        order = np.argsort(known, kind="mergesort")
        places, known = places[order], known[order]
        wide = np.abs(places[1:] - places[0]).max()
        if wide <= _PLACE and np.abs(known[1:] - known[0]).max() <= _VALUE:
            break
        middle = 0.5 * (places[0] + places[1])
        far = 1.0
        tried = middle + far * (middle - places[2])
        value, light = asymmetry(values, used, turned, tried[1], tried[0], radius, sky)
        fine = fine and light > 0
        shrink = False
        if value < known[0]:
            further = middle + 2.0 * (middle - places[2])
            beyond, light = asymmetry(values, used, turned, further[1], further[0], radius, sky)
            fine = fine and light > 0
            if beyond < value:
                tried, value = further, beyond
        elif value >= known[1]:
            outside = value < known[2]
            nearer = middle + (0.5 if outside else -0.5) * (middle - places[2])
            closer, light = asymmetry(values, used, turned, nearer[1], nearer[0], radius, sky)
            fine = fine and light > 0
            shrink = closer > value if outside else closer >= known[2]
            tried, value = nearer, closer
        if shrink:
            for corner in range(1, 3):
                places[corner] = places[0] + 0.5 * (places[corner] - places[0])
                known[corner], light = asymmetry(
                    values, used, turned, places[corner, 1], places[corner, 0], radius, sky
                )
                fine = fine and light > 0
        else:
            places[2], known[2] = tried, value
    best = np.argmin(known)
    return places[best, 1], places[best, 0], fine
