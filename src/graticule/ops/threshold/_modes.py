"""Thresholds between the two modes of a histogram: minimum, intermodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.threshold._histogram import Histogram


def minimum(histogram: Histogram) -> Any:
    """Return the value with the lowest count between the modes."""
    if np.count_nonzero(histogram.counts) == 2:
        return histogram.centers[0]
    first, second, smooth = _two_modes(histogram)
    return histogram.centers[first + int(np.argmin(smooth[first : second + 1]))]


def intermodes(histogram: Histogram) -> Any:
    """Return the value halfway between the modes."""
    if np.count_nonzero(histogram.counts) == 2:
        return histogram.centers[0]
    first, second, _ = _two_modes(histogram)
    return histogram.centers[(first + second) // 2]


def _two_modes(histogram: Histogram) -> tuple[int, int, Array]:
    first, second, smooth = histogram.modes
    if first < 0:
        raise ImageError(
            "has no histogram of two modes, so there is no threshold between them",
            hint="a method that needs no modes, as otsu or triangle, always has an answer",
        )
    return first, second, smooth
