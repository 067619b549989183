"""Compiled passes over labels, for joining tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def first_places(labels: Any, count: int) -> Any:
    """Return the index of the first sample of each of the labels ``1..count`` in a row of them."""
    places = np.full(count + 1, -1, np.int64)
    for index in range(labels.size):
        label = labels[index]
        if label > 0 and places[label] < 0:
            places[label] = index
    return places[1:]


@njit(cache=True, nogil=True)
def shift_labels(labels: Any, by: int) -> None:
    """Add a number to every label but the background, in place."""
    for index in range(labels.size):
        if labels[index] > 0:
            labels[index] += by


@njit(cache=True, nogil=True)
def apply_lookup(labels: Any, table: Any) -> None:
    """Replace every label by its entry in a table, in place."""
    for index in range(labels.size):
        labels[index] = table[labels[index]]
