"""Compiled loops that sum an image along many paths without making a shifted copy.

An image is handed over as *planes* of lines, ``(plane, line, 2 * sample + 1)``: one plane for a
real image, two for a complex one. A column is one line, or several that are shifted by parts of
a sample. Each line is followed by as many samples again: zeros where a path that leaves the
image is masked, or the line itself where it wraps around. A path takes from every column one
line, shifted by 0 to all of its samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True}


@njit(**_OPTIONS)
def _add_four(a: Array, b: Array, c: Array, d: Array, part: Array, stop: int, sums: Array) -> None:
    fa, fb, fc, fd = part[0], part[1], part[2], part[3]
    if fa == 0 and fb == 0 and fc == 0 and fd == 0:
        for t in range(stop):
            sums[t] += (a[t] + b[t]) + (c[t] + d[t])
        return
    for t in range(stop):
        sums[t] += (a[t] + fa * (a[t + 1] - a[t]) + (b[t] + fb * (b[t + 1] - b[t]))) + (
            c[t] + fc * (c[t + 1] - c[t]) + (d[t] + fd * (d[t + 1] - d[t]))
        )


@njit(**_OPTIONS)
def _add_path(
    lines: Array, line: Array, base: Array, part: Array, inside: Array, sums: Array
) -> None:
    """Add one line of every column: together where four are inside, then each to its end."""
    sums[:] = 0
    for i in range(0, base.size, 4):
        common = 0
        if i + 4 <= base.size:
            common = min(min(inside[i], inside[i + 1]), min(inside[i + 2], inside[i + 3]))
        if common > 0:
            _add_four(
                lines[line[i], base[i] :],
                lines[line[i + 1], base[i + 1] :],
                lines[line[i + 2], base[i + 2] :],
                lines[line[i + 3], base[i + 3] :],
                part[i:],
                common,
                sums,
            )
        for k in range(i, min(i + 4, base.size)):
            if inside[k] > common:
                a, f = lines[line[k], base[k] :], part[k]
                for t in range(common, inside[k]):
                    sums[t] += a[t] + f * (a[t + 1] - a[t])


@njit(**_OPTIONS)
def _count_path(inside: Array, count: Array) -> None:
    """Count the columns in which each start of a path lies inside the image."""
    count[:] = 0
    for column in range(inside.size):
        if inside[column] > 0:
            count[inside[column] - 1] += 1
    for t in range(count.size - 2, -1, -1):
        count[t] += count[t + 1]


@njit(**_OPTIONS)
def path_profiles(
    planes: Array,
    line: Array,
    base: Array,
    part: Array,
    inside: Array,
    fewest: int,
    profiles: Array,
) -> None:
    """Take the mean along each path from every start, or the power where there are two planes.

    The power is ``|sum|**2 / count``: under white noise of unit power its mean is 1 whatever
    the count. A start with fewer than ``fewest`` samples inside the image is NaN.

    Parameters
    ----------
    planes : (plane, line, 2 * sample + 1) array
        The image.
    line, base, part : (path, column) arrays
        The line taken from each column, and the whole samples and the fraction of a sample by
        which it is shifted.
    inside : (path, column) array
        From how many starts on the column lies inside the image: the first ones.
    fewest : int
        At least 1.
    profiles : (path, sample) array
        Is overwritten.
    """
    total = np.empty((planes.shape[0], profiles.shape[1]), planes.dtype)
    count = np.empty(profiles.shape[1], np.int32)
    for path in range(base.shape[0]):
        for plane in range(planes.shape[0]):
            _add_path(planes[plane], line[path], base[path], part[path], inside[path], total[plane])
        _count_path(inside[path], count)
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
