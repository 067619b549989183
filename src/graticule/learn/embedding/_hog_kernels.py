"""The compiled pass of histograms of oriented gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def cell_histograms(planes: Any, cell: int, orientations: int, out: Any) -> None:
    """Add up the strength of gradients in each cell by their direction, half a turn.

    Parameters
    ----------
    planes : (n, y, x)
        Images. Gradients are differences of the samples on both sides, 0 at the border.
    out : (n, cells along y, cells along x, orientations)
        Gets the sums over the number of samples of a cell.
    """
    count, rows, columns = planes.shape
    high, wide = out.shape[1] * cell, out.shape[2] * cell
    area = cell * cell
    out[:] = 0
    for image in range(count):
        for j in range(high):
            for i in range(wide):
                down = along = 0.0
                if 0 < j < rows - 1:
                    down = float(planes[image, j + 1, i]) - float(planes[image, j - 1, i])
                if 0 < i < columns - 1:
                    along = float(planes[image, j, i + 1]) - float(planes[image, j, i - 1])
                size = np.sqrt(down * down + along * along)
                if size == 0.0:
                    continue
                angle = (np.arctan2(down, along) * 180 / np.pi) % 180
                bin_ = min(int(angle * orientations / 180), orientations - 1)
                out[image, j // cell, i // cell, bin_] += size / area
