"""The compiled iteration of Li's threshold over sorted values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

_MOST_ROUNDS = 10_000


@njit(cache=True, nogil=True)
def fixed_point(rising: Any) -> Any:
    """Return where the iteration ends, started from the mean; values count from the smallest."""
    below, gap = np.zeros(rising.size + 1), math.inf
    for number in range(rising.size):
        below[number + 1] = below[number] + (rising[number] - rising[0])
        if number > 0 and rising[number] > rising[number - 1]:
            gap = min(gap, rising[number] - rising[number - 1])
    following, current = below[-1] / rising.size, -math.inf
    for _ in range(_MOST_ROUNDS):
        if not abs(following - current) > gap / 2:
            break
        current = following
        count = np.searchsorted(rising, current + rising[0], side="right")
        if below[count] == 0:
            break
        back = below[count] / count
        fore = (below[-1] - below[count]) / (rising.size - count)
        following = (back - fore) / (math.log(back) - math.log(fore))
    return following
