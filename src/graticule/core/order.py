"""Medians and percentiles by one selection; those of NumPy select several times."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array


def median(values: Array) -> float:
    """Return the median of all values, of which there is at least one and none is NaN.

    See Also
    --------
    numpy.median : the same number.

    Examples
    --------
    >>> median(np.array([[4.0, 1.0], [9.0, 2.0]]))
    3.0
    """
    below, above = _neighbours(values, (values.size - 1) // 2)
    return (below + above) / 2 if values.size % 2 == 0 else below


def percentile(values: Array, percent: float) -> float:
    """Return a percentile of all values, linear between them; at least one, and none is NaN.

    See Also
    --------
    numpy.percentile : the same number.

    Examples
    --------
    >>> percentile(np.array([0.0, 10.0, 5.0]), 75)
    7.5
    """
    place = (values.size - 1) * (percent / 100)
    below, above = _neighbours(values, int(place))
    share = place - int(place)
    step = above - below
    return above - step * (1 - share) if share >= 0.5 else below + step * share


def _neighbours(values: Array, place: int) -> tuple[float, float]:
    """Return the value at a place of the sorted values, and the one after it if there is one."""
    parted = np.partition(values, place, axis=None)
    after = parted[place + 1 :]
    return float(parted[place]), float(after.min() if after.size else parted[place])
