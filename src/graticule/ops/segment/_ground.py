"""What is ground in an image, from its values in rising order."""

from __future__ import annotations

import numpy as np

from graticule.core.order import median
from graticule.core.typing import Array

_NORMAL = 1.4826


def minimum_cross_entropy(rising: Array) -> float:
    """Return Li's threshold of values in rising order, of which at least two differ.

    As `threshold.li`, which makes do with a histogram: sums over sorted values need none.

    Examples
    --------
    >>> round(minimum_cross_entropy(np.array([0.0, 1.0, 1.0, 8.0, 9.0])), 3)
    3.077
    """
    from graticule.ops.segment._ground_kernels import fixed_point

    return float(fixed_point(rising)) + float(rising[0])


def level_and_spread(ground: Array) -> tuple[float, float]:
    """Return the median of values, and their robust standard deviation.

    Examples
    --------
    >>> level_and_spread(np.array([1.0, 2.0, 3.0, 4.0, 50.0]))
    (3.0, 1.4826)
    """
    level = median(ground)
    return level, _NORMAL * median(np.abs(ground - level))
