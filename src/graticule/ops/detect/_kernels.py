"""Compiled loops that sum an image along many paths without making a shifted copy.

An image is handed over as *planes* of lines, ``(plane, line, 2 * sample + STRIDE)``: one plane for
a real image, two for a complex one. A column is one line, or several (`parts`) that are shifted
by parts of a sample; the last line of all is zero. Each line is followed by as many samples again:
zeros where a path that leaves the image is masked, or the line itself where it wraps around. A
path is the travel time to every column; it is counted from its earliest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from graticule.ops.detect._planes import STRIDE

Array = np.ndarray[Any, Any]
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


@njit(**_OPTIONS)
def _add_eight(lines: Array, line: Array, base: Array, i: int, strides: int, sums: Array) -> None:
    a, b = lines[line[i], base[i] :], lines[line[i + 1], base[i + 1] :]
    c, d = lines[line[i + 2], base[i + 2] :], lines[line[i + 3], base[i + 3] :]
    e, f = lines[line[i + 4], base[i + 4] :], lines[line[i + 5], base[i + 5] :]
    g, h = lines[line[i + 6], base[i + 6] :], lines[line[i + 7], base[i + 7] :]
    for t in range(STRIDE * strides):
        sums[t] += ((a[t] + b[t]) + (c[t] + d[t])) + ((e[t] + f[t]) + (g[t] + h[t]))


@njit(**_OPTIONS)
def _add_four(
    lines: Array, line: Array, base: Array, part: Array, i: int, stop: int, sums: Array
) -> None:
    a, b = lines[line[i], base[i] :], lines[line[i + 1], base[i + 1] :]
    c, d = lines[line[i + 2], base[i + 2] :], lines[line[i + 3], base[i + 3] :]
    fa, fb, fc, fd = part[i], part[i + 1], part[i + 2], part[i + 3]
    for t in range(stop):
        sums[t] += (a[t] + fa * (a[t + 1] - a[t]) + (b[t] + fb * (b[t + 1] - b[t]))) + (
            c[t] + fc * (c[t + 1] - c[t]) + (d[t] + fd * (d[t + 1] - d[t]))
        )


@njit(**_OPTIONS)
def _lay_out(
    times: Array, size: int, parts: int, wrap: bool, rows: tuple[Array, Array, Array], part: Array
) -> None:
    """Find for each column its line, whole samples of shift, starts inside, and the fraction."""
    line, base, inside = rows
    earliest, latest = np.inf, np.inf if wrap else float(size)
    for k in range(times.size):
        if times[k] < earliest:
            earliest = times[k]
    for k in range(times.size):
        shift = times[k] - earliest
        line[k], base[k], inside[k], part[k] = times.size * max(parts, 1), size, 0, 0
        if not shift <= latest:
            continue
        step = int(shift * parts + 0.5) if parts else int(shift)
        whole = step // parts if parts > 1 else step
        rest = step - whole * parts if parts else shift - whole
        if wrap and whole >= size:
            whole %= size
        line[k] = k * max(parts, 1)
        base[k] = whole
        inside[k] = size if wrap else max(size - whole - (1 if rest > 0 else 0), 0)
        if parts:
            line[k] += int(rest)
        else:
            part[k] = rest


@njit(**_OPTIONS)
def _add_interpolated(
    lines: Array, rows: tuple[Array, Array, Array], part: Array, sums: Array
) -> None:
    """Add a line of every column: four together where all are inside, then each to its end."""
    line, base, inside = rows
    sums[:] = 0
    for i in range(0, inside.size, 4):
        last = min(i + 4, inside.size)
        common = 0
        if last == i + 4:
            common = min(inside[i], inside[i + 1], inside[i + 2], inside[i + 3])
        if common > 0:
            _add_four(lines, line, base, part, i, common, sums)
        for k in range(i, last):
            if inside[k] > common:
                a, f = lines[line[k], base[k] :], part[k]
                for t in range(common, inside[k]):
                    sums[t] += a[t] + f * (a[t + 1] - a[t])


@njit(**_OPTIONS)
def _add_whole(
    lines: Array, rows: tuple[Array, Array, Array], size: int, wrap: bool, sums: Array
) -> None:
    """Add lines, eight together as far as one of them reaches; beyond its end each is zero."""
    line, base, _ = rows
    sums[:] = 0
    for i in range(0, line.size, 8):
        earliest = base[i]
        for k in range(i + 1, i + 8):
            earliest = min(earliest, base[k])
        reach = size if wrap else size - earliest
        _add_eight(lines, line, base, i, (reach + STRIDE - 1) // STRIDE, sums)


@njit(**_OPTIONS)
def _count_path(inside: Array, count: Array) -> None:
    """Count the columns in which each start of a path lies inside the image: never growing."""
    common = inside[0]
    for column in range(1, inside.size):
        common = min(common, inside[column])
    count[:common] = inside.size
    count[common:] = 0
    for column in range(inside.size):
        if inside[column] > common:
            count[inside[column] - 1] += 1
    for t in range(count.size - 2, common - 1, -1):
        count[t] += count[t + 1]


@njit(**_OPTIONS)
def _profile(sums: Array, inside: Array, fewest: int, count: Array, profile: Array) -> None:
    _count_path(inside, count)
    end = profile.size
    while end > 0 and count[end - 1] < fewest:
        end -= 1
    profile[end:] = np.nan
    if sums.shape[0] == 1:
        for t in range(end):
            profile[t] = sums[0, t] / count[t]
    else:
        for t in range(end):
            power = sums[0, t] * sums[0, t] + sums[1, t] * sums[1, t]
            profile[t] = power / count[t]


@njit(**_OPTIONS)
def _largest(profile: Array) -> tuple[float, int]:
    """Find the largest value and its place, looking closely only where it may be."""
    value, place = profile.dtype.type(-np.inf), -1
    for first in range(0, profile.size, 32):
        last = min(first + 32, profile.size)
        above = 0
        for t in range(first, last):
            above += profile[t] > value
        if above:
            for t in range(first, last):
                if profile[t] > value:
                    value, place = profile[t], t
    return (value, place) if place >= 0 else (np.nan, -1)


@njit(**_OPTIONS)
def path_profiles(
    planes: Array,
    times: Array,
    parts: int,
    wrap: bool,
    fewest: Array,
    profiles: Array,
    best: Array,
    start: Array,
) -> None:
    """Take the mean along each path from every start, or the power where there are two planes.

    The power is ``|sum|**2 / count``: under white noise of unit power its mean is 1 whatever
    the count. A start with fewer than ``fewest`` samples inside the image is NaN.

    Parameters
    ----------
    planes : (plane, line, 2 * sample + STRIDE) array
        The image.
    times : (path, column) array
        In samples; a column where it is NaN takes no part in that path.
    parts : int
        Lines of a column: round to this part of a sample. 0: interpolate one line linearly.
    wrap : bool
        Whether a path that leaves the image comes back at its other end.
    fewest : (path,) array
        At least 1.
    profiles : (path or 1, sample) array
        Is overwritten: by the profile of every path, or where it has one row by the last's.
    best, start : (path,) arrays
        Are overwritten by the largest value of each profile and its sample; NaN at -1 where
        there is none.
    """
    size, width = profiles.shape[1], times.shape[1]
    eights = -(-width // 8) * 8
    rows = (
        np.full(eights, planes.shape[1] - 1),
        np.full(eights, size),
        np.empty(width, np.int64),
    )
    part = np.empty(width, planes.dtype)
    sums = np.empty((planes.shape[0], -(-size // STRIDE) * STRIDE), planes.dtype)
    count = np.empty(size, planes.dtype)
    for path in range(times.shape[0]):
        profile = profiles[path if profiles.shape[0] > 1 else 0]
        _lay_out(times[path], size, parts, wrap, rows, part)
        for plane in range(planes.shape[0]):
            if parts:
                _add_whole(planes[plane], rows, size, wrap, sums[plane])
            else:
                _add_interpolated(planes[plane], rows, part, sums[plane])
        _profile(sums, rows[2], fewest[path], count, profile)
        best[path], start[path] = _largest(profile)
