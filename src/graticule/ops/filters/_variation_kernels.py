"""Compiled steps of a total variation solver, on padded arrays laid out flat."""

from __future__ import annotations

import math
from typing import Any

from numba import njit


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
