# mypy: disable-error-code="no-any-return"
"""Compiled sums over ellipses, in which a sample counts with the part of its area that is inside.

Light and area are given as running sums along rows (``(rows, columns + 1)``, from 0), so that what
lies wholly inside takes no time. Ellipses are told by their middle ``y x``, semi-axes ``a`` and
``a / elongation``, and the angle ``theta`` from the second axis (x) towards the first (y) to the
major one; a circle has an elongation of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_TOLERANCE = 1e-6
_GRID = 100
_RING, _FEW, _MARGIN, _NEAR = 1.0, 6, 0.02, 1.4
"""A rough look at rings so wide, of so many samples, tells where to begin: so much of the light, or
so many times the level, before what is sought."""
FRACTION, PETROSIAN = 0, 1
_ROUND = 4.0
"""Radius from which on what a circle has beyond the chord in a sample is a short series."""
_SEGMENT = (2 / 3, 1 / 5, 3 / 28, 5 / 72, 35 / 704, 63 / 1664, 231 / 7680)
"""Of asin s - s sqrt(1 - s^2), the coefficients of s^3, s^5, ..."""


@njit(cache=True, nogil=True)
def _wedge(ay: float, ax: float, by: float, bx: float) -> tuple[float, float, float]:
    """Return what the unit disk has of the triangle of the origin, a and b.

    The signed area of what is bounded by a straight line, and by an arc, whose angle is that of
    the complex number with the parts that follow.
    """
    if ax * ax + ay * ay <= 1.0 and bx * bx + by * by <= 1.0:
        return 0.5 * (ax * by - ay * bx), 1.0, 0.0
    dy, dx = by - ay, bx - ax
    square = dx * dx + dy * dy
    along = ax * dx + ay * dy
    under = along * along - square * (ax * ax + ay * ay - 1.0)
    if under > 0.0 and square > 0.0:
        root = np.sqrt(under)
        enter, leave = (-along - root) / square, (-along + root) / square
        if enter < 1.0 and leave > 0.0:
            low, high = max(enter, 0.0), min(leave, 1.0)
            py, px, qy, qx = ay + low * dy, ax + low * dx, ay + high * dy, ax + high * dx
            real, imaginary = 1.0, 0.0
            if enter > 0.0:
                real, imaginary = ax * px + ay * py, ax * py - ay * px
            if leave < 1.0:
                dot, cross = qx * bx + qy * by, qx * by - qy * bx
                real, imaginary = real * dot - imaginary * cross, real * cross + imaginary * dot
            return 0.5 * (px * qy - py * qx), real, imaginary
    return 0.0, ax * bx + ay * by, ax * by - ay * bx


@njit(cache=True, nogil=True)
def _share(v: float, u: float, vy: float, vx: float, uy: float, ux: float, apart: bool) -> float:
    """Return the area of the unit disk within a sample that the ellipse's map has made slanted.

    ``apart``: the angles are added one by one, as they must be where the sample may be around the
    middle; else it is enough to know that of them all.
    """
    vs = (v - vy - vx, v - vy + vx, v + vy + vx, v + vy - vx)
    us = (u - uy - ux, u - uy + ux, u + uy + ux, u + uy - ux)
    area = angle = 0.0
    real, imaginary = 1.0, 0.0
    for one in range(4):
        two = (one + 1) % 4
        straight, a, b = _wedge(vs[one], us[one], vs[two], us[two])
        area += straight
        if apart:
            angle += np.arctan2(b, a)
        else:
            real, imaginary = real * a - imaginary * b, real * b + imaginary * a
    if not apart:
        angle = np.arctan2(imaginary, real)
    return abs(area + 0.5 * angle)


@njit(cache=True, nogil=True)
def _circle_row(j: int, y: float, x: float, radius: float, out: Any) -> tuple[int, int, int, int]:
    """Do what `ellipse_row` does for a circle, of which the samples of a row share much."""
    square = radius * radius
    v = abs(j - y)
    near, far = max(v - 0.5, 0.0), v + 0.5
    if near >= radius:
        return 0, 0, 0, 0
    wide = np.sqrt(square - near * near)
    narrow = np.sqrt(max(square - far * far, 0.0))
    first = min(max(0, int(np.ceil(x - wide - 0.5))), out.size)
    end = max(first, min(out.size, int(np.floor(x + wide + 0.5)) + 1))
    full, rest = end, end
    if narrow >= 0.5:
        full = min(max(first, int(np.ceil(x - narrow + 0.5))), end)
        rest = max(full, min(end, int(np.floor(x + narrow - 0.5)) + 1))
    half = 0.5 / radius
    for begin, stop in ((first, full), (rest, end)):
        for i in range(begin, stop):
            u = abs(i - x)
            left, right = u - 0.5, u + 0.5
            if v < 0.5 or u < 0.5:
                at_v, at_u = (j - y) / radius, (i - x) / radius
                out[i] = min(1.0, _share(at_v, at_u, half, 0.0, 0.0, half, False) * square)
                continue
            # Full as far as `narrow`, then under the chord, then what bulges beyond it.
            enter, leave = max(left, narrow), min(right, wide)
            above = far if narrow > left else np.sqrt(max(square - left * left, 0.0))
            under = near if wide <= right else np.sqrt(max(square - right * right, 0.0))
            along, down = leave - enter, above - under
            sine2 = (along * along + down * down) / (4.0 * square)
            bulge = 0.0
            for k in range(len(_SEGMENT) - 1, -1, -1):
                bulge = bulge * sine2 + _SEGMENT[k]
            part = enter - left + along * (0.5 * (above + under) - near)
            part += bulge * sine2 * np.sqrt(sine2) * square
            out[i] = min(1.0, max(0.0, part))
    return first, full, rest, end


@njit(cache=True, nogil=True)
def ellipse_row(
    j: int, y: float, x: float, a: float, elongation: float, theta: float, out: Any
) -> tuple[int, int, int, int]:
    """Write the parts of a row of samples that lie in an ellipse, where they are none or a part.

    Parameters
    ----------
    j : int
        The row.
    out : (columns,)
        Gets the parts.

    Returns
    -------
    first, full, rest, end : int
        Parts are written from ``first`` to ``full`` and from ``rest`` to ``end``; between, samples
        lie wholly inside.
    """
    if elongation == 1.0 and a >= _ROUND:
        return _circle_row(j, y, x, a, out)
    b = a / elongation
    cos, sin = np.cos(theta), np.sin(theta)
    # Half a sample along y and x, in the frame where the ellipse is the unit disk.
    uy, ux, vy, vx = 0.5 * sin / a, 0.5 * cos / a, 0.5 * cos / b, -0.5 * sin / b
    reach = np.sqrt(max((uy + ux) ** 2 + (vy + vx) ** 2, (uy - ux) ** 2 + (vy - vx) ** 2))
    down = j - y
    low, high = _chord(down, 1.0 + reach, a, b, cos, sin)
    first = min(max(0, int(np.floor(x + low))), out.size)
    end = max(first, min(out.size, int(np.ceil(x + high)) + 1))
    full, rest = end, end
    if reach < 1.0:
        low, high = _chord(down, 1.0 - reach, a, b, cos, sin)
        if low < high:
            full = min(max(first, int(np.ceil(x + low))), end)
            rest = max(full, min(end, int(np.floor(x + high)) + 1))
    outside, apart = (1.0 + reach) ** 2, reach >= 0.5
    for begin, stop in ((first, full), (rest, end)):
        for i in range(begin, stop):
            step = i - x
            u, v = (step * cos + down * sin) / a, (down * cos - step * sin) / b
            if u * u + v * v >= outside:
                out[i] = 0.0
            else:
                out[i] = min(1.0, _share(v, u, vy, vx, uy, ux, apart) * a * b)
    return first, full, rest, end


@njit(cache=True, nogil=True)
def _chord(
    down: float, scale: float, a: float, b: float, cos: float, sin: float
) -> tuple[float, float]:
    """Return where a row enters and leaves an ellipse that is scaled, from its middle; 0, 0 if not.

    The ellipse is ``(p cos + down sin)^2 / a^2 + (down cos - p sin)^2 / b^2 = scale^2``.
    """
    square = (cos / a) ** 2 + (sin / b) ** 2
    half = down * cos * sin * (1.0 / (a * a) - 1.0 / (b * b))
    rest = down * down * ((sin / a) ** 2 + (cos / b) ** 2) - scale * scale
    under = half * half - square * rest
    if under <= 0.0:
        return 0.0, 0.0
    root = np.sqrt(under)
    return (-half - root) / square, (-half + root) / square


@njit(cache=True, nogil=True)
def rows_of(y: float, a: float, elongation: float, theta: float, rows: int) -> tuple[int, int]:
    """Return the first row of samples that an ellipse may reach, and the end of them."""
    down = np.sqrt((a * np.sin(theta)) ** 2 + (a / elongation * np.cos(theta)) ** 2)
    return max(0, int(np.floor(y - down))), min(rows, int(np.ceil(y + down)) + 1)


@njit(cache=True, nogil=True)
def ellipse_sums(
    light: Any, area: Any, y: float, x: float, a: float, elongation: float, theta: float
) -> tuple[float, float]:
    """Return the light within an ellipse, and its area within the image and out of the mask."""
    total = size = 0.0
    if a <= 0.0:
        return total, size
    rows, columns = light.shape[0], light.shape[1] - 1
    parts = np.empty(columns)
    top, bottom = rows_of(y, a, elongation, theta, rows)
    for j in range(top, bottom):
        first, full, rest, end = ellipse_row(j, y, x, a, elongation, theta, parts)
        for i in range(first, full):
            total += parts[i] * (light[j, i + 1] - light[j, i])
            size += parts[i] * (area[j, i + 1] - area[j, i])
        total += light[j, rest] - light[j, full]
        size += area[j, rest] - area[j, full]
        for i in range(rest, end):
            total += parts[i] * (light[j, i + 1] - light[j, i])
            size += parts[i] * (area[j, i + 1] - area[j, i])
    return total, size


@njit(cache=True, nogil=True)
def _mean(total: float, area: float) -> float:
    return abs(total / area) if area > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _curve(
    kind: int, a: float, light: Any, area: Any, y: float, x: float, elongation: float,
    theta: float, level: float, total: float,
) -> float:  # fmt: skip
    """Return how far a semi-axis is beyond what is sought: negative before, positive after."""
    held, size = ellipse_sums(light, area, y, x, a, elongation, theta)
    if kind == FRACTION:
        return abs(held) / total - level
    outer, outer_size = ellipse_sums(light, area, y, x, a + 0.5, elongation, theta)
    inner, inner_size = ellipse_sums(light, area, y, x, a - 0.5, elongation, theta)
    edge, within = _mean(outer - inner, outer_size - inner_size), _mean(held, size)
    if within == 0.0:
        return level - (1.0 if edge != 0.0 else 0.0)
    return level - edge / within


@njit(cache=True, nogil=True)
def _rough_start(
    kind: int, low: float, step: float, light: Any, area: Any, y: float, x: float,
    elongation: float, theta: float, level: float, total: float,
) -> int:  # fmt: skip
    """Return a number of the grid well before the first that may be beyond what is sought.

    By samples whose middles are inside, which is near enough but for a margin.
    """
    rings = int((low + (_GRID - 1) * step) / _RING) + 2
    sums, counts = np.zeros(rings), np.zeros(rings)
    rows, columns = light.shape[0], light.shape[1] - 1
    cos, sin = np.cos(theta), np.sin(theta)
    for j in range(rows):
        for i in range(columns):
            if area[j, i + 1] > area[j, i]:
                along = (i - x) * cos + (j - y) * sin
                across = ((j - y) * cos - (i - x) * sin) * elongation
                ring = int(np.sqrt(along * along + across * across) / _RING)
                if ring < rings:
                    sums[ring] += light[j, i + 1] - light[j, i]
                    counts[ring] += 1
    held = size = 0.0
    for ring in range(rings):
        held += sums[ring]
        size += counts[ring]
        if kind == FRACTION:
            beyond = abs(held) > (level - _MARGIN) * total
        else:
            # Of so few samples as there are in the middle nothing is known.
            few = counts[ring] < _FEW
            beyond = not few and abs(sums[ring]) * size < _NEAR * level * abs(held) * counts[ring]
        if beyond:
            return max(0, int((ring * _RING - low) / step) - 1)
    return 0


@njit(cache=True, nogil=True)
def crossing(
    kind: int, low: float, high: float, light: Any, area: Any, y: float, x: float,
    elongation: float, theta: float, level: float, total: float,
) -> tuple[float, int]:  # fmt: skip
    """Return the semi-axis at which an ellipse first holds, or is bounded by, some light.

    ``FRACTION``: it holds ``level`` of ``total``. ``PETROSIAN``: the mean light of a ring around
    it, one sample wide, is ``level`` of the mean light within. Of a hundred semi-axes the first
    that is beyond is found, and between it and the one before the root to a millionth of a sample.

    Returns
    -------
    semi_axis : float
        ``low`` or ``high`` where it is beyond from the start, or never.
    status : int
        0 where it is found, -1 and 1 in these cases.
    """
    step = (high - low) / (_GRID - 1)
    one = two = low
    before = after = 0.0
    first = _rough_start(kind, low, step, light, area, y, x, elongation, theta, level, total)
    number = first
    while number < _GRID:
        two = low + number * step
        after = -level
        if kind == PETROSIAN or two > 0:
            after = _curve(kind, two, light, area, y, x, elongation, theta, level, total)
        if after > 0.0 and number == first and number > 0:
            first = number = 0
            continue
        if after > 0.0:
            break
        one, before = two, after
        number += 1
    if after <= 0.0:
        return high, 1
    if number == 0:
        return low, -1
    # Brent's root, step by step as it is published, so that of several it is the usual one.
    last, here, other = one, two, one
    f_last, f_here, f_other = before, after, before
    stride = previous = here - last
    for _ in range(100):
        if f_last != 0.0 and f_here != 0.0 and (f_last > 0.0) != (f_here > 0.0):
            other, f_other = last, f_last
            stride = previous = here - last
        if abs(f_other) < abs(f_here):
            last, here, other = here, other, here
            f_last, f_here, f_other = f_here, f_other, f_here
        least = 0.5 * (_TOLERANCE + 1e-15 * abs(here))
        half = 0.5 * (other - here)
        if f_here == 0.0 or abs(half) < least:
            return here, 0
        step = half
        if abs(previous) > least and abs(f_here) < abs(f_last):
            if last == other:
                trial = -f_here * (here - last) / (f_here - f_last)
            else:
                slope = (f_last - f_here) / (last - here)
                slope_other = (f_other - f_here) / (other - here)
                trial = -f_here * (f_other * slope_other - f_last * slope)
                trial /= slope_other * slope * (f_other - f_last)
            if 2.0 * abs(trial) < min(abs(previous), 3.0 * abs(half) - least):
                previous, step = stride, trial
            else:
                previous = half
        else:
            previous = half
        stride = step
        last, f_last = here, f_here
        here += stride if abs(stride) > least else np.copysign(least, half)
        f_here = _curve(kind, here, light, area, y, x, elongation, theta, level, total)
    return here, 0
