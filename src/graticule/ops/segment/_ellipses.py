"""Ellipses: how well one fits a set of samples, and what that is worth."""

from __future__ import annotations

import math

import numpy as np

from graticule.core.typing import Array

POWER = 24
"""How much a worse fit counts against a larger area: two discs that touch fit as 0.9."""

AREA_POWER = 0.6
"""Below 1, so that two parts are worth more than one of their area; above 0, so are large ones."""


def ball_volume(ndim: int) -> float:
    """Return the volume of the ball of radius 1: pi in two dims."""
    return float(math.pi ** (ndim / 2) / math.gamma(ndim / 2 + 1))


def worth(areas: Array, fits: Array) -> Array:
    """Return what objects are worth: parts are better than a whole if the sum of theirs is more."""
    value: Array = np.asarray(areas, float) ** AREA_POWER * np.asarray(fits, float) ** POWER
    return value


def fit_of(labels: Array, count: int) -> tuple[Array, Array]:
    r"""Return the sizes of objects 1..count, and how well an ellipse(oid) fits each.

    The size over that of the ellipse with the same second moments: 1 for an ellipse, less for
    all other shapes.

    Examples
    --------
    >>> labels = np.zeros((9, 9), np.int32)
    >>> labels[2:7, 1:8] = 1
    >>> areas, fits = fit_of(labels, 1)
    >>> areas.tolist(), fits.round(2).tolist()
    ([35.0], [0.95])
    """
    from graticule.ops.segment._ellipses_kernels import fits_of_labels

    rows = np.ascontiguousarray(labels).reshape(-1, labels.shape[-1])
    areas, fits = fits_of_labels(rows, np.array(labels.shape[:-1], np.int64), count)
    return areas, fits
