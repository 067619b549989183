"""Compiled passes over a scale space: coarser grids, second derivatives, maxima."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# Derivatives of fourth order from samples 0, 1 and 2 away.
_SECOND = (np.float32(-5 / 2), np.float32(4 / 3), np.float32(-1 / 12))
_FIRST = (np.float32(2 / 3), np.float32(-1 / 12))


@njit(cache=True, nogil=True)
def _inside(place: int, size: int) -> int:
    """Return the sample that a place is mirrored to."""
    while place < 0 or place >= size:
        place = -1 - place if place < 0 else 2 * size - 1 - place
    return place


@njit(cache=True, nogil=True)
def resample(values: Any, taps: Any, weights: Any, out: Any, first: int, last: int) -> None:
    """Fill rows ``first`` up to ``last`` of ``out[outer, coarse, inner]`` from four lines each."""
    coarse, inner = out.shape[1], out.shape[2]
    for row in range(first, last):
        block, j = row // coarse, row % coarse
        a, b, c, d = taps[j]
        s, t, u, v = weights[j]
        near = values[block]
        target = out[block, j]
        for i in range(inner):
            target[i] = (s * near[a, i] + t * near[b, i]) + (u * near[c, i] + v * near[d, i])


@njit(cache=True, nogil=True)
def _line_second(values: Any, z: int, y: int, axis: int, index: Any, scale: Any, out: Any) -> None:
    """Add to a line the second derivative along an axis that is not its own, times a scale."""
    size = values.shape[axis]
    place = z if axis == 0 else y
    for k in range(5):
        index[k] = _inside(place + k - 2, size)
    for k in range(5):
        weight = scale * _SECOND[abs(k - 2)]
        line = values[index[k], y] if axis == 0 else values[z, index[k]]
        for x in range(out.size):
            out[x] += weight * line[x]


@njit(cache=True, nogil=True)
def _own_second(line: Any, scale: Any, out: Any) -> None:
    """Add to a line the second derivative along itself, times a scale."""
    size = line.size
    a, b, c = scale * _SECOND[0], scale * _SECOND[1], scale * _SECOND[2]
    for x in range(2, size - 2):
        out[x] += a * line[x] + (b * (line[x - 1] + line[x + 1]) + c * (line[x - 2] + line[x + 2]))
    for x in range(size):
        if x < 2 or x >= size - 2:
            near = line[_inside(x - 1, size)] + line[_inside(x + 1, size)]
            far = line[_inside(x - 2, size)] + line[_inside(x + 2, size)]
            out[x] += a * line[x] + (b * near + c * far)


@njit(cache=True, nogil=True)
def negative_laplacian(values: Any, squares: Any, out: Any, first: int, last: int) -> None:
    """Fill rows with minus the sum of second derivatives, each times ``squares[axis]``.

    An axis with a square of 0 has no say. Samples beyond the ends are mirrored.
    """
    index = np.empty(5, np.int64)
    for row in range(first, last):
        z, y = row // values.shape[1], row % values.shape[1]
        target = out[z, y]
        target[:] = 0
        for axis in range(2):
            if squares[axis] > 0:
                _line_second(values, z, y, axis, index, -squares[axis], target)
        if squares[2] > 0:
            _own_second(values[z, y], -squares[2], target)


@njit(cache=True, nogil=True)
def _own_first(line: Any, scale: Any, out: Any) -> None:
    """Add to a line the first derivative along itself, times a scale."""
    size = line.size
    a, b = scale * _FIRST[0], scale * _FIRST[1]
    for x in range(2, size - 2):
        out[x] += a * (line[x + 1] - line[x - 1]) + b * (line[x + 2] - line[x - 2])
    for x in range(size):
        if x < 2 or x >= size - 2:
            near = line[_inside(x + 1, size)] - line[_inside(x - 1, size)]
            far = line[_inside(x + 2, size)] - line[_inside(x - 2, size)]
            out[x] += a * near + b * far


@njit(cache=True, nogil=True)
def _mixed(values: Any, z: int, y: int, one: int, other: int, scale: Any, out: Any) -> None:
    """Add to a line the derivative along two axes, times a scale."""
    at = np.empty(2, np.int64)
    for i in (-2, -1, 1, 2):
        weight = scale * _FIRST[abs(i) - 1] * np.float32(1 if i > 0 else -1)
        at[0], at[1] = z, y
        at[one] = _inside(at[one] + i, values.shape[one])
        if other == 2:
            _own_first(values[at[0], at[1]], weight, out)
        else:
            for j in (-2, -1, 1, 2):
                line = values[at[0], _inside(y + j, values.shape[1])]
                product = weight * _FIRST[abs(j) - 1] * np.float32(1 if j > 0 else -1)
                for x in range(out.size):
                    out[x] += product * line[x]


@njit(cache=True, nogil=True)
def _definite(a: Any, b: Any, c: Any, ab: Any, ac: Any, bc: Any, active: int) -> Any:
    """Return the root of a determinant, with the sign of the matrix; 0 if it is of both signs."""
    if active == 1:
        return a
    plane = a * b - ab * ab
    if plane <= 0:
        return np.float32(0)
    if active == 2:
        return np.float32(np.sign(a) * np.sqrt(plane))
    volume = c * plane - a * bc * bc - b * ac * ac + 2 * ab * ac * bc
    if volume * a <= 0:
        return np.float32(0)
    return np.float32(np.sign(volume) * abs(volume) ** np.float32(1 / 3))


@njit(cache=True, nogil=True)
def hessian_determinant(values: Any, squares: Any, out: Any, first: int, last: int) -> None:
    """Fill rows with the root of the determinant of minus the Hessian, where it is definite."""
    axes = np.flatnonzero(squares > 0)
    active = axes.size
    index = np.empty(5, np.int64)
    lines = np.zeros((6, values.shape[2]), values.dtype)
    for row in range(first, last):
        z, y = row // values.shape[1], row % values.shape[1]
        lines[:] = 0
        for i in range(active):
            square = -squares[axes[i]]
            if axes[i] == 2:
                _own_second(values[z, y], square, lines[i])
            else:
                _line_second(values, z, y, axes[i], index, square, lines[i])
            for j in range(i):
                width = -np.sqrt(squares[axes[i]] * squares[axes[j]])
                _mixed(values, z, y, axes[j], axes[i], width, lines[2 + i + j])
        for x in range(values.shape[2]):
            out[z, y, x] = _definite(
                lines[0, x], lines[1, x], lines[2, x], lines[3, x], lines[4, x], lines[5, x], active
            )


@njit(cache=True, nogil=True)
def _is_top(levels: Any, k: int, z: int, y: int, x: int, sign: Any) -> bool:
    """Tell whether a sample is larger than its neighbours in place and scale.

    Of equal neighbours the first in raster order is; what is outside or NaN has no say.
    """
    _, depth, height, width = levels.shape
    value = sign * levels[k, z, y, x]
    for a in range(k - 1, k + 2):
        for b in range(max(0, z - 1), min(depth, z + 2)):
            for c in range(max(0, y - 1), min(height, y + 2)):
                for d in range(max(0, x - 1), min(width, x + 2)):
                    other = sign * levels[a, b, c, d]
                    if other > value:
                        return False
                    if other == value and (a, b, c, d) < (k, z, y, x):
                        return False
    return True


@njit(cache=True, nogil=True)
def tops(levels: Any, least: Any, own: Any, signs: Any, first: int, last: int) -> Any:
    """Return the maxima over place and scale in the rows ``first`` up to ``last``, one a row.

    ``levels[scale, z, y, x]``; of the first and last scale none is a maximum. ``least`` is what
    one of a scale must be above, ``own`` the first sample and the end along each axis.
    """
    found = np.empty((64, 5), np.int64)
    count = 0
    height, plane = own[1, 1] - own[1, 0], (own[0, 1] - own[0, 0]) * (own[1, 1] - own[1, 0])
    for row in range(first, last):
        k, z, y = 1 + row // plane, own[0, 0] + row % plane // height, own[1, 0] + row % height
        line, limit = levels[k, z, y], least[k]
        for sign in signs:
            for x in range(own[2, 0], own[2, 1]):
                value = sign * line[x]
                if (
                    value > limit
                    and not (x > 0 and sign * line[x - 1] >= value)
                    and not (x + 1 < line.size and sign * line[x + 1] > value)
                    and _is_top(levels, k, z, y, x, sign)
                ):
                    if count == found.shape[0]:
                        grown = np.empty((2 * count, 5), np.int64)
                        grown[:count] = found
                        found = grown
                    found[count, 0], found[count, 1], found[count, 2] = k, z, y
                    found[count, 3], found[count, 4] = x, sign
                    count += 1
    return found[:count].copy()


@njit(cache=True, nogil=True)
def count_second_differences(values: Any, active: Any, own: Any, counts: Any) -> None:
    """Count the sizes of products of second differences by the upper half of their bits."""
    size = np.empty(1, np.float32)
    bits = size.view(np.int32)
    reach = np.where(active, 1, 0)
    weights = (np.float32(1), np.float32(-2), np.float32(1))
    for z in range(own[0, 0], own[0, 1]):
        for y in range(own[1, 0], own[1, 1]):
            for x in range(own[2, 0], own[2, 1]):
                total = np.float32(0)
                for a in range(-reach[0], reach[0] + 1):
                    for b in range(-reach[1], reach[1] + 1):
                        for c in range(-reach[2], reach[2] + 1):
                            weight = np.float32(1)
                            if reach[0]:
                                weight *= weights[a + 1]
                            if reach[1]:
                                weight *= weights[b + 1]
                            if reach[2]:
                                weight *= weights[c + 1]
                            total += weight * values[z + a, y + b, x + c]
                if np.isfinite(total):
                    size[0] = abs(total)
                    counts[bits[0] >> 16] += 1
