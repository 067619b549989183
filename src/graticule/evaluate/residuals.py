"""An image against the true image, value by value."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.evaluate._inputs import value_pair
from graticule.evaluate.empty import ratio

__all__ = ["mean_absolute_error", "mean_squared_error", "root_mean_squared_error"]


def mean_absolute_error(image: Any, truth: Any) -> float:
    r"""Return the mean of :math:`|f - g|`.

    Parameters
    ----------
    image, truth : array_like or DataArray
        Finite numbers of one shape.

    Returns
    -------
    float
        In the unit of the values; NaN for an image without a sample.

    Raises
    ------
    ImageError
        If the shapes differ, or a value is not finite.

    Examples
    --------
    >>> mean_absolute_error([1, 2, 3], [1, 1, 1])
    1.0
    """
    found, true = value_pair(image, truth)
    return ratio(float(np.abs(np.subtract(found, true, dtype=float)).sum()), found.size)


def mean_squared_error(image: Any, truth: Any) -> float:
    r"""Return the mean of :math:`(f - g)^2`.

    Parameters
    ----------
    image, truth : array_like or DataArray
        As for `mean_absolute_error`.

    Returns
    -------
    float
        In the square of the unit of the values.

    Examples
    --------
    >>> mean_squared_error([1, 2, 4], [1, 1, 2])
    1.6666666666666667
    """
    found, true = value_pair(image, truth)
    rest = np.subtract(found, true, dtype=float).ravel()
    return ratio(float(rest @ rest), found.size)


def root_mean_squared_error(image: Any, truth: Any) -> float:
    r"""Return the root of the mean of :math:`(f - g)^2`.

    Parameters
    ----------
    image, truth : array_like or DataArray
        As for `mean_absolute_error`.

    Returns
    -------
    float
        In the unit of the values.

    Examples
    --------
    >>> root_mean_squared_error([3, 4], [0, 0])
    3.5355339059327378
    """
    return float(np.sqrt(mean_squared_error(image, truth)))
