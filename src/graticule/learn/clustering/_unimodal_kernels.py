# mypy: disable-error-code="no-any-return"
"""The distribution with one mode that is nearest to some values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _hull(values: Any, shares: Any, start: int, stop: int, convex: bool, out: Any) -> None:
    """Mark the corners of the largest convex curve below points, or the least concave above."""
    out[start : stop + 1] = False
    corners, count = np.empty(stop - start + 1, np.int64), 0
    for at in range(start, stop + 1):
        while count > 1:
            a, b = corners[count - 2], corners[count - 1]
            turn = (values[b] - values[a]) * (shares[at] - shares[a])
            turn -= (shares[b] - shares[a]) * (values[at] - values[a])
            if (turn > 0) if convex else (turn < 0):
                break
            count -= 1
        corners[count] = at
        count += 1
    for k in range(count):
        out[corners[k]] = True


@njit(cache=True, nogil=True)
def nearest_unimodal(values: Any, shares: Any, modes: Any) -> Any:
    """Return which points of a distribution function are corners of one with a single mode.

    ``values`` rise and ``shares`` are the distribution function there. Up to a mode it is convex,
    beyond it concave; of the modes the one with the least largest distance is taken.
    """
    size = values.size
    best, least = np.zeros(size, np.bool_), np.inf
    corner = np.zeros(size, np.bool_)
    for mode in modes:
        _hull(values, shares, mode, size - 1, False, corner)
        _hull(values, shares, 0, mode, True, corner)
        corner[mode] = True
        largest, last = 0.0, 0
        for at in range(size):
            if not corner[at]:
                continue
            for k in range(last + 1, at):
                part = (values[k] - values[last]) / (values[at] - values[last])
                curve = shares[last] + part * (shares[at] - shares[last])
                largest = max(largest, abs(curve - shares[k]))
            last = at
        if largest < least:
            least = largest
            best[:] = corner
    return best
