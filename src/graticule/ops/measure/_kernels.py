"""The compiled pass of raw sums over labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def sum_positions(labels: Any, offset: Any, count: int) -> tuple[Any, Any]:
    """Return sums and extrema of the positions of labels ``1..count``, exact in integers.

    ``labels`` has three axes. The sums are n, z, y, x, zz, yy, xx, zy, zx, yx; the extrema are
    first and last index along each axis. Sums may wrap around; they are right modulo 2**64.
    """
    sums = np.zeros((count + 1, 10), np.int64)
    ends = np.empty((count + 1, 6), np.int64)
    ends[:, 0::2] = np.iinfo(np.int64).max
    ends[:, 1::2] = -1
    for k in range(labels.shape[0]):
        z = k + offset[0]
        for j in range(labels.shape[1]):
            y = j + offset[1]
            for i in range(labels.shape[2]):
                label = labels[k, j, i]
                if label == 0:
                    continue
                x = i + offset[2]
                row = sums[label]
                row[0] += 1
                row[1] += z
                row[2] += y
                row[3] += x
                row[4] += z * z
                row[5] += y * y
                row[6] += x * x
                row[7] += z * y
                row[8] += z * x
                row[9] += y * x
                end = ends[label]
                end[0] = min(end[0], z)
                end[1] = max(end[1], z)
                end[2] = min(end[2], y)
                end[3] = max(end[3], y)
                end[4] = min(end[4], x)
                end[5] = max(end[5], x)
    return sums[1:], ends[1:]


@njit(cache=True, nogil=True)
def sum_values(labels: Any, values: Any, count: int) -> Any:
    """Return number, mean, sum of squared deviations, minimum and maximum by label; no NaN.

    Sums are taken from the first value of a label, so that a large mean does not swallow a
    small spread.
    """
    out = np.zeros((count + 1, 5))
    first = np.zeros(count + 1)
    out[:, 3] = np.inf
    out[:, 4] = -np.inf
    for index in range(labels.size):
        label = labels[index]
        value = float(values[index])
        if label == 0 or np.isnan(value):
            continue
        row = out[label]
        if row[0] == 0:
            first[label] = value
        difference = value - first[label]
        row[0] += 1
        row[1] += difference
        row[2] += difference * difference
        row[3] = min(row[3], value)
        row[4] = max(row[4], value)
    for label in range(1, count + 1):
        row = out[label]
        if row[0] > 0:
            row[2] -= row[1] * row[1] / row[0]
            row[2] = max(row[2], 0.0)
            row[1] = row[1] / row[0] + first[label]
    return out[1:]
