"""Compiled passes over windows in padded arrays laid out flat; a line of results at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

_COLUMNS = 1024


@njit(cache=True, nogil=True)
def window_sums(values: Any, out: Any, first: int, last: int, starts: Any, offsets: Any) -> None:
    """Put the sum over each window into some rows of ``out``."""
    for i in range(first, last):
        for begin in range(0, out.shape[1], _COLUMNS):
            total = out[i, begin : begin + _COLUMNS]
            total[:] = 0
            for offset in offsets:
                here = starts[i] + begin + offset
                part = values[here : here + total.size]
                for j in range(total.size):
                    total[j] += part[j]


@njit(cache=True, nogil=True)
def window_lowest(
    values: Any, out: Any, first: int, last: int, starts: Any, offsets: Any, heights: Any
) -> None:
    """Put the lowest of each window, with a height added to each sample, into rows of ``out``."""
    for i in range(first, last):
        for begin in range(0, out.shape[1], _COLUMNS):
            lowest = out[i, begin : begin + _COLUMNS]
            lowest[:] = np.inf
            for k in range(offsets.size):
                here, height = starts[i] + begin + offsets[k], heights[k]
                part = values[here : here + lowest.size]
                for j in range(lowest.size):
                    value = part[j] + height
                    lowest[j] = value if value < lowest[j] else lowest[j]


@njit(cache=True, nogil=True)
def bilateral_means(
    values: Any,
    out: Any,
    first: int,
    last: int,
    starts: Any,
    offsets: Any,
    weights: Any,
    sigma: float,
) -> None:
    """Put means weighted by place and by value into some rows of ``out``."""
    scale = -0.5 / (sigma * sigma)
    for i in range(first, last):
        for j in range(out.shape[1]):
            place = starts[i] + j
            middle = float(values[place])
            total, weight = 0.0, 0.0
            for k in range(offsets.size):
                apart = values[place + offsets[k]] - middle
                if math.isfinite(apart):
                    share = weights[k] * math.exp(scale * apart * apart)
                    total += share * apart
                    weight += share
            out[i, j] = middle + total / weight if weight > 0 else middle


@njit(cache=True, nogil=True)
def raise_to_highest(
    values: Any, out: Any, first: int, last: int, starts: Any, offsets: Any
) -> None:
    """Raise some rows of ``out`` to the highest of ``values`` at offsets from their samples.

    ``values`` is flat and has its margins on it; row ``i`` begins at ``starts[i]`` there.
    """
    for i in range(first, last):
        for begin in range(0, out.shape[1], 2 * _COLUMNS):
            highest = out[i, begin : begin + 2 * _COLUMNS]
            for offset in offsets:
                here = starts[i] + begin + offset
                part = values[here : here + highest.size]
                for j in range(highest.size):
                    highest[j] = part[j] if part[j] > highest[j] else highest[j]
