"""Compiled surveys of labels."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def survey(labels: Any, z: int, top: int, left: int, counts: Any, boxes: Any) -> None:
    """Count the samples of each label of a plane, and widen its box in z, rows and columns."""
    for row in range(labels.shape[0]):
        y = top + row
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if label == 0:
                continue
            x = left + column
            if boxes[label, 1] == 0:
                boxes[label, 0], boxes[label, 1] = z, z + 1
                boxes[label, 2], boxes[label, 3] = y, y + 1
                boxes[label, 4], boxes[label, 5] = x, x + 1
            else:
                boxes[label, 0] = min(boxes[label, 0], z)
                boxes[label, 1] = max(boxes[label, 1], z + 1)
                boxes[label, 2] = min(boxes[label, 2], y)
                boxes[label, 3] = max(boxes[label, 3], y + 1)
                boxes[label, 4] = min(boxes[label, 4], x)
                boxes[label, 5] = max(boxes[label, 5], x + 1)
            counts[label] += 1
