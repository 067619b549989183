"""Compiled features of one line: from its derivatives, while these are in cache.

Derivatives of a line lie ``WIDE`` apart in one array: in a plane ``f, y, x, yy, yx, xx``, in a
volume ``f, z, y, x, zz, zy, zx, yy, yx, xx``. Each feature has a slot, its row in the output, or
-1 where it is not wanted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from graticule.learn.features._pass_kernels import WIDE
from graticule.learn.features._vectors import copy

VALUE, DOG, GRADIENT, LAPLACIAN, SOBEL, HESSIAN, STRUCTURE = 0, 1, 2, 3, 4, 5, 8
SLOTS = 11


@njit(cache=True, nogil=True, error_model="numpy")
def eigen_two(parts: Any, first: int, size: int, found: Any) -> None:
    """Put the eigenvalues of ``[[a, b], [b, c]]``, the largest first.

    ``a``, ``b`` and ``c`` are rows ``first`` and following of ``parts``.
    """
    a = parts[first * WIDE : first * WIDE + size]
    b = parts[(first + 1) * WIDE : (first + 1) * WIDE + size]
    c = parts[(first + 2) * WIDE : (first + 2) * WIDE + size]
    half = np.float32(0.5)
    for j in range(size):
        middle, apart = half * (a[j] + c[j]), half * (a[j] - c[j])
        reach = math.sqrt(apart * apart + b[j] * b[j])
        found[j] = middle + reach
        found[WIDE + j] = middle - reach


@njit(cache=True, nogil=True, error_model="numpy")
def eigen_three(parts: Any, first: int, size: int, found: Any) -> None:
    r"""Put the eigenvalues of ``[[a, b, c], [b, d, e], [c, e, f]]``, the largest first.

    With the mean :math:`q` taken off and scaled by :math:`2p`, they are the roots of
    :math:`4x^3 - 3x = r` (Smith 1961). For :math:`r \ge 0` the largest is found by Newton's steps
    from a polynomial, the others from what is left, a quadratic; for :math:`r < 0` signs turn.
    Everything in double precision, in one loop without a branch.
    """
    a = parts[first * WIDE :]
    b = parts[(first + 1) * WIDE :]
    c = parts[(first + 2) * WIDE :]
    d = parts[(first + 3) * WIDE :]
    e = parts[(first + 4) * WIDE :]
    f = parts[(first + 5) * WIDE :]
    for j in range(size):
        q = (np.float64(a[j]) + np.float64(d[j]) + np.float64(f[j])) / 3
        x, y, z = np.float64(a[j]) - q, np.float64(d[j]) - q, np.float64(f[j]) - q
        u, v, w = np.float64(b[j]), np.float64(c[j]), np.float64(e[j])
        square = (x * x + y * y + z * z + 2 * (u * u + v * v + w * w)) / 6
        p = math.sqrt(square)
        det = x * (y * z - w * w) - u * (u * z - w * v) + v * (u * w - y * v)
        below = 2 * square * p
        r = det / (below if below > 0 else 1.0)
        s = min(abs(r), 1.0)
        top = 0.8660254037844386 + s * (
            0.16666666666666666 + s * (-0.04811252243246882 + s * 0.01544492073)
        )
        top -= (4 * top * top * top - 3 * top - s) / (12 * top * top - 3)
        top -= (4 * top * top * top - 3 * top - s) / (12 * top * top - 3)
        rest = math.sqrt(max(3 - 3 * top * top, 0.0))
        high, low = 0.5 * (rest - top), -0.5 * (rest + top)
        turned = r < 0
        found[j] = q + 2 * p * (-low if turned else top)
        found[WIDE + j] = q + 2 * p * (-high if turned else high)
        found[2 * WIDE + j] = q + 2 * p * (-top if turned else low)


@njit(cache=True, nogil=True)
def line_of(out: Any, slot: int, place: Any, span: Any) -> Any:
    """Return where a feature of ``span`` of what was made goes; ``place`` is of its first."""
    z, y, x = place
    return out[slot, z, y, x : x + span[1] - span[0]]


@njit(cache=True, nogil=True)
def put_eigenvalues(
    parts: Any, first: int, volume: bool, found: Any, span: Any, slots: Any, kind: int,
    out: Any, place: Any,
) -> None:  # fmt: skip
    """Put the eigenvalues that are wanted into the output."""
    begin, end = span
    if slots[kind] < 0 and slots[kind + 1] < 0 and slots[kind + 2] < 0:
        return
    if volume:
        eigen_three(parts, first, end, found)
    else:
        eigen_two(parts, first, end, found)
    for k in range(3 if volume else 2):
        if slots[kind + k] >= 0:
            line = line_of(out, slots[kind + k], place, span)
            copy(found, k * WIDE + begin, line, 0, line.size)


@njit(cache=True, nogil=True)
def put_line(
    made: Any, volume: bool, found: Any, span: Any, slots: Any, out: Any, place: Any
) -> None:
    """Put the features of a line into the output, of ``span`` of what was made."""
    begin, end = span
    second = 4 if volume else 3
    if slots[VALUE] >= 0:
        copy(made, begin, line_of(out, slots[VALUE], place, span), 0, end - begin)
    if slots[GRADIENT] >= 0:
        _slope(made, second - 1, end, found)
        copy(found, begin, line_of(out, slots[GRADIENT], place, span), 0, end - begin)
    if slots[LAPLACIAN] >= 0:
        _trace(made, volume, end, found)
        copy(found, begin, line_of(out, slots[LAPLACIAN], place, span), 0, end - begin)
    put_eigenvalues(made, second, volume, found, span, slots, HESSIAN, out, place)


@njit(cache=True, nogil=True, error_model="numpy")
def _slope(made: Any, count: int, size: int, found: Any) -> None:
    y, x = made[(count - 1) * WIDE :], made[count * WIDE :]
    z = made[WIDE:]
    if count == 2:
        for j in range(size):
            found[j] = math.sqrt(y[j] * y[j] + x[j] * x[j])
    else:
        for j in range(size):
            found[j] = math.sqrt(z[j] * z[j] + (y[j] * y[j] + x[j] * x[j]))


@njit(cache=True, nogil=True, error_model="numpy")
def _trace(made: Any, volume: bool, size: int, found: Any) -> None:
    if volume:
        z, y, x = made[4 * WIDE :], made[7 * WIDE :], made[9 * WIDE :]
        for j in range(size):
            found[j] = z[j] + (y[j] + x[j])
    else:
        y, x = made[3 * WIDE :], made[5 * WIDE :]
        for j in range(size):
            found[j] = y[j] + x[j]
