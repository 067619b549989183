"""Compiled surveys of labels."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def survey(labels: Any, top: int, left: int, counts: Any, boxes: Any) -> None:
    """Count the samples of each label of a plane, and widen its box ``[y0, y1, x0, x1]``."""
    for row in range(labels.shape[0]):
        y = top + row
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if label == 0:
                continue
            x = left + column
            if boxes[label, 1] == 0:
                boxes[label, 0], boxes[label, 1] = y, y + 1
                boxes[label, 2], boxes[label, 3] = x, x + 1
            else:
                boxes[label, 0] = min(boxes[label, 0], y)
                boxes[label, 1] = max(boxes[label, 1], y + 1)
                boxes[label, 2] = min(boxes[label, 2], x)
                boxes[label, 3] = max(boxes[label, 3], x + 1)
            counts[label] += 1
