"""Compiled passes over labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def number_by_appearance(labels: Any, most: int) -> int:
    """Renumber labels ``0..most``, in place, by first appearance; return how many there are."""
    new = np.zeros(most + 1, np.int32)
    count = 0
    for index in range(labels.size):
        label = labels[index]
        if label > 0:
            if new[label] == 0:
                count += 1
                new[label] = count
            labels[index] = new[label]
    return count
