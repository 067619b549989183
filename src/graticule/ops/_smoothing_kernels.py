"""Compiled Gaussian smoothing in double precision, with the sums in the order of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _mirrored(size: int, reach: int) -> Any:
    """Return the places of ``-reach .. size + reach - 1``, mirrored at both ends."""
    places = np.empty(size + 2 * reach, np.int64)
    for number in range(places.size):
        place = (number - reach) % (2 * size)
        places[number] = place if place < size else 2 * size - 1 - place
    return places


@njit(cache=True, nogil=True)
def _add_pair(total: Any, left: Any, right: Any, weight: float) -> None:
    for x in range(total.size):
        total[x] += (left[x] + right[x]) * weight


@njit(cache=True, nogil=True)
def _across(total: Any, lines: Any, places: Any, line: int, weights: Any) -> None:
    """Put the weighted sum of the lines around one into ``total``."""
    reach = weights.size - 1
    middle = lines[line]
    for x in range(total.size):
        total[x] = middle[x] * weights[0]
    for k in range(reach, 0, -1):
        left, right = lines[places[reach + line - k]], lines[places[reach + line + k]]
        _add_pair(total, left, right, weights[k])


@njit(cache=True, nogil=True)
def _along(total: Any, line: Any, places: Any, weights: Any) -> None:
    """Put the weighted sums along a line, which begins after its margin, into ``total``."""
    size, reach = total.size, weights.size - 1
    for k in range(reach):
        line[k] = line[reach + places[k]]
        line[reach + size + k] = line[reach + places[reach + size + k]]
    for x in range(size):
        total[x] = line[reach + x] * weights[0]
    for k in range(reach, 0, -1):
        _add_pair(total, line[reach - k : reach - k + size], line[reach + k :], weights[k])


@njit(cache=True, nogil=True)
def _smooth_planes(planes: Any, weights_down: Any, weights: Any) -> Any:
    """Smooth ``[plane, y, x]`` along y and then x, row by row."""
    out = np.empty_like(planes)
    count, height, width = planes.shape
    reach = weights.size - 1
    down, along = _mirrored(height, weights_down.size - 1), _mirrored(width, reach)
    line = np.empty(width + 2 * reach)
    for number in range(count):
        for y in range(height):
            inner = line[reach : reach + width]
            _across(inner, planes[number], down, y, weights_down)
            _along(out[number, y], line, along, weights)
    return out


@njit(cache=True, nogil=True)
def smooth(values: Any, shape: Any, weights: Any) -> Any:
    """Return a flat array smoothed along all axes; its border mirrors.

    Parameters
    ----------
    values : array
        float64.
    shape : array
        Its sizes along the axes.
    weights : array
        At distances 0, 1, 2 and so on.
    """
    inner, now = values.size, values
    for axis in range(shape.size - 2):
        inner //= shape[axis]
        blocks = now.reshape((values.size // (shape[axis] * inner), shape[axis], inner))
        out, places = np.empty_like(blocks), _mirrored(shape[axis], weights.size - 1)
        for number in range(len(blocks)):
            for i in range(shape[axis]):
                _across(out[number, i], blocks[number], places, i, weights)
        now = out.reshape(-1)
    width, height = shape[-1], shape[-2] if shape.size > 1 else 1
    planes = now.reshape((values.size // (height * width), height, width))
    weights_down = weights if shape.size > 1 else np.ones(1)
    return _smooth_planes(planes, weights_down, weights).reshape(-1)


def gaussian_weights(sigma: float) -> Any:
    """Return the weights of a Gaussian at distances up to 4 widths; both sides add up to 1."""
    reach = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 / (sigma * sigma) * np.arange(-reach, reach + 1) ** 2)
    return (weights / weights.sum())[reach:]
