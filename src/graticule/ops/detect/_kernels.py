"""Compiled loops that sum an image along many paths without making a shifted copy.

An image is handed over as *planes* of columns, ``(plane, column, 2 * sample + 1)``: one plane
for a real image, two for a complex one. Each column is followed by as many samples again:
zeros where a path that leaves the image is masked, or the column itself where it wraps around.
A path is a shift per column, from 0 to the number of samples; a column that is shifted by all
its samples takes no part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True}


@njit(**_OPTIONS)
def _add_four(columns: Array, first: int, base: Array, part: Array, total: Array) -> None:
    a, b = columns[first, base[0] :], columns[first + 1, base[1] :]
    c, d = columns[first + 2, base[2] :], columns[first + 3, base[3] :]
    fa, fb, fc, fd = part[0], part[1], part[2], part[3]
    if fa == 0 and fb == 0 and fc == 0 and fd == 0:
        for t in range(total.size):
            total[t] += (a[t] + b[t]) + (c[t] + d[t])
        return
    for t in range(total.size):
        total[t] += (a[t] + fa * (a[t + 1] - a[t]) + (b[t] + fb * (b[t + 1] - b[t]))) + (
            c[t] + fc * (c[t + 1] - c[t]) + (d[t] + fd * (d[t + 1] - d[t]))
        )


@njit(**_OPTIONS)
def _add_one(column: Array, base: int, part: float, total: Array) -> None:
    a = column[base:]
    for t in range(total.size):
        total[t] += a[t] + part * (a[t + 1] - a[t])


@njit(**_OPTIONS)
def _add_path(columns: Array, base: Array, part: Array, total: Array) -> None:
    total[:] = 0
    whole = base.size - base.size % 4
    for first in range(0, whole, 4):
        _add_four(columns, first, base[first : first + 4], part[first : first + 4], total)
    for column in range(whole, base.size):
        _add_one(columns[column], base[column], part[column], total)


@njit(**_OPTIONS)
def _count_path(base: Array, part: Array, count: Array) -> None:
    """Count the columns in which each start of a path lies inside the image."""
    size = count.size
    count[:] = 0
    for column in range(base.size):
        inside = size - base[column] - (1 if part[column] > 0 else 0)
        if inside > 0:
            count[inside - 1] += 1
    for t in range(size - 2, -1, -1):
        count[t] += count[t + 1]


@njit(**_OPTIONS)
def path_profiles(planes: Array, base: Array, part: Array, fewest: int, profiles: Array) -> None:
    """Take the mean along each path from every start, or the power where there are two planes.

    The power is ``|sum|**2 / count``: under white noise of unit power its mean is 1 whatever
    the count. A start with fewer than ``fewest`` samples inside the image is NaN.

    Parameters
    ----------
    planes : (plane, column, 2 * sample + 1) array
        The image.
    base, part : (path, column) arrays
        Whole samples (integer) and fraction of a sample by which each column is shifted.
    fewest : int
        At least 1.
    profiles : (path, sample) array
        Is overwritten.
    """
    total = np.empty((planes.shape[0], profiles.shape[1]), planes.dtype)
    count = np.empty(profiles.shape[1], np.int32)
    for path in range(base.shape[0]):
        for plane in range(planes.shape[0]):
            _add_path(planes[plane], base[path], part[path], total[plane])
        _count_path(base[path], part[path], count)
        for t in range(count.size):
            if count[t] < fewest:
                profiles[path, t] = np.nan
            elif planes.shape[0] == 1:
                profiles[path, t] = total[0, t] / count[t]
            else:
                power = total[0, t] * total[0, t] + total[1, t] * total[1, t]
                profiles[path, t] = power / count[t]


@njit(**_OPTIONS)
def profile_maxima(profiles: Array, best: Array, start: Array) -> None:
    """Find the largest value of each profile and where it is; NaN at -1 where there is none."""
    for path in range(profiles.shape[0]):
        best[path], start[path] = np.nan, -1
        for t in range(profiles.shape[1]):
            value = profiles[path, t]
            if not np.isnan(value) and (start[path] < 0 or value > best[path]):
                best[path], start[path] = value, t
