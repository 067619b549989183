"""Compiled: the bin of each value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def encode(rows: Any, feature: int, upper: Any, codes: Any, low: Any, high: Any) -> None:
    """Write the bin of each value of a feature, and the smallest and largest value of each bin.

    ``upper`` has the largest value of each bin but the last, ascending.
    """
    low[:] = np.inf
    high[:] = -np.inf
    for row in range(rows.shape[0]):
        value = rows[row, feature]
        code, step = 0, 128
        while step:
            ahead = code + step
            code = ahead if ahead <= upper.size and upper[ahead - 1] < value else code
            step >>= 1
        codes[row, feature] = code
        low[code] = min(low[code], value)
        high[code] = max(high[code], value)
