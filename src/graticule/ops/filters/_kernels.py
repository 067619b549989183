"""Compiled loops: eigenvalues of small symmetric matrices, steps of a total variation solver."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fill_of_two(a: Any, b: Any, c: Any, number: int, out: Any) -> None:
    """Put eigenvalue ``number``, from the largest, of ``[[a, b], [b, c]]`` into ``out``."""
    sign = 1.0 if number == 0 else -1.0
    for i in range(out.size):
        x, y, z = np.float64(a[i]), np.float64(b[i]), np.float64(c[i])
        out[i] = (x + z) / 2 + sign * math.sqrt(((x - z) / 2) ** 2 + y * y)


@njit(cache=True, nogil=True)
def fill_of_three(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, number: int, out: Any) -> None:
    """Put an eigenvalue of ``[[a, b, c], [b, d, e], [c, e, f]]`` into ``out`` (Smith 1961)."""
    for i in range(out.size):
        q = (np.float64(a[i]) + np.float64(d[i]) + np.float64(f[i])) / 3
        x, y, z = np.float64(a[i]) - q, np.float64(d[i]) - q, np.float64(f[i]) - q
        u, v, w = np.float64(b[i]), np.float64(c[i]), np.float64(e[i])
        p = math.sqrt((x * x + y * y + z * z + 2 * (u * u + v * v + w * w)) / 6)
        if p == 0.0:
            out[i] = q
            continue
        det = x * (y * z - w * w) - u * (u * z - w * v) + v * (u * w - y * v)
        angle = math.acos(min(1.0, max(-1.0, det / (2 * p * p * p)))) / 3
        largest = q + 2 * p * math.cos(angle)
        smallest = q + 2 * p * math.cos(angle + 2 * math.pi / 3)
        if number == 0:
            out[i] = largest
        elif number == 2:
            out[i] = smallest
        else:
            out[i] = 3 * q - largest - smallest


@njit(cache=True, nogil=True)
def step_slopes(
    ahead: Any, known: Any, slopes: Any, lines: Any, length: int, ways: Any, sizes: Any,
    sigma: float, weight: float,
) -> None:  # fmt: skip
    """Move the dual variable up the slopes of ``ahead`` and back into the ball of ``weight``."""
    for start in lines:
        for place in range(start, start + length):
            if not known[place]:
                continue
            square = 0.0
            for d in range(ways.size):
                if known[place + ways[d]]:
                    rise = (ahead[place + ways[d]] - ahead[place]) * sizes[d]
                    slopes[d, place] += sigma * rise
                    square += float(slopes[d, place]) ** 2
            length_of = math.sqrt(square)
            if length_of > weight:
                for d in range(ways.size):
                    slopes[d, place] *= weight / length_of


@njit(cache=True, nogil=True)
def step_values(
    values: Any, found: Any, ahead: Any, slopes: Any, lines: Any, length: int, ways: Any,
    sizes: Any, tau: float, theta: float,
) -> None:  # fmt: skip
    """Move ``found`` along the divergence and towards ``values``; ``ahead`` goes further."""
    for start in lines:
        for place in range(start, start + length):
            divergence = 0.0
            for d in range(ways.size):
                divergence += (slopes[d, place] - slopes[d, place - ways[d]]) * sizes[d]
            old = float(found[place])
            new = (old + tau * (divergence + values[place])) / (1 + tau)
            found[place] = new
            ahead[place] = new + theta * (new - old)
