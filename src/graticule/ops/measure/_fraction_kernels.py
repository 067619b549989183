"""Compiled counts of phases in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def count_in_blocks(phases: Any, valid: Any, first: Any, steps: Any, grid: Any, count: int) -> Any:
    """Return how many valid samples of each phase ``0..count - 1`` lie in each block.

    ``phases`` and ``valid`` have three axes and begin at ``first``; blocks are ``steps`` wide and
    there are ``grid`` of them along each axis.
    """
    out = np.zeros((grid[0] * grid[1] * grid[2], count), np.int64)
    for k in range(phases.shape[0]):
        for j in range(phases.shape[1]):
            row = (k + first[0]) // steps[0] * grid[1] + (j + first[1]) // steps[1]
            for i in range(phases.shape[2]):
                if valid[k, j, i]:
                    out[row * grid[2] + (i + first[2]) // steps[2], phases[k, j, i]] += 1
    return out
