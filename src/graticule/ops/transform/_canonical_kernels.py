"""Compiled resampling of an image on a turned and scaled grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _weights(part: float, out: Any) -> None:
    """Fill in the weights of the samples -1, 0, 1, 2 of Keys' cubic convolution."""
    t = part
    out[0] = ((-0.5 * t + 1.0) * t - 0.5) * t
    out[1] = (1.5 * t - 2.5) * t * t + 1.0
    out[2] = ((-1.5 * t + 2.0) * t + 0.5) * t
    out[3] = (0.5 * t - 0.5) * t * t


@njit(cache=True, nogil=True)
def resample_turned(
    values: Any, origin: Any, down: Any, along: Any, outside: Any, out: Any
) -> None:
    """Fill ``out[c, j, i]`` with ``values[c]`` at ``origin + j down + i along``.

    Where the samples around a place are not all inside, it is ``outside[c]``.
    """
    channels, rows, columns = values.shape
    wy, wx = np.empty(4), np.empty(4)
    for j in range(out.shape[1]):
        for i in range(out.shape[2]):
            y = origin[0] + j * down[0] + i * along[0]
            x = origin[1] + j * down[1] + i * along[1]
            b, a = int(np.floor(y)), int(np.floor(x))
            if b < 1 or a < 1 or b + 2 >= rows or a + 2 >= columns:
                for c in range(channels):
                    out[c, j, i] = outside[c]
                continue
            _weights(y - b, wy)
            _weights(x - a, wx)
            for c in range(channels):
                total = 0.0
                for k in range(4):
                    line = values[c, b - 1 + k]
                    total += wy[k] * (
                        wx[0] * line[a - 1]
                        + wx[1] * line[a]
                        + wx[2] * line[a + 1]
                        + wx[3] * line[a + 2]
                    )
                out[c, j, i] = total
