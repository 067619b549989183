"""Properties that follow from the sums of positions: the ellipse, moments, the border."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._table import Measured

_AXES = {1: (), 2: ("major_axis", "minor_axis"), 3: ("major_axis", "middle_axis", "minor_axis")}
_FACTOR = {1: 12.0, 2: 16.0, 3: 20.0}


def ellipse(measured: Measured) -> Named:
    """Return the axes of the ellipse, ellipsoid or line with the same second moments."""
    ndim, unit, size = len(measured.dims), measured.unit, measured.sizes
    ball = {1: size, 2: 2 * np.sqrt(size / np.pi), 3: np.cbrt(6 * size / np.pi)}[ndim]
    columns = {"equivalent_diameter": (ball, unit)}
    spread = measured.directions.T @ measured.covariances @ measured.directions
    widths = _widths(spread)
    for column, name in enumerate(_AXES[ndim]):
        columns[name] = np.sqrt(_FACTOR[ndim] * widths[:, column]), unit
    if ndim == 2:
        high, low = widths.T
        flat = np.divide(low, high, out=np.ones(len(widths)), where=high > 0)
        columns["eccentricity"] = np.sqrt(1 - flat), ""
        turn = np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]) / 2
        columns["orientation"] = turn, "rad"
    return columns


def _widths(spread: Array) -> Array:
    """Return the eigenvalues of symmetric matrices, largest first."""
    if spread.shape[1] != 2:
        eigenvalues = np.linalg.eigvalsh(spread)[:, ::-1]
    else:
        middle = (spread[:, 0, 0] + spread[:, 1, 1]) / 2
        reach = np.hypot((spread[:, 0, 0] - spread[:, 1, 1]) / 2, spread[:, 0, 1])
        eigenvalues = np.stack([middle + reach, middle - reach], axis=1)
    return np.asarray(eigenvalues.clip(min=0))


def moments(measured: Measured) -> Named:
    """Return the covariance of positions, entry by entry."""
    spread = measured.covariances
    unit = measured.power(2)
    dims = list(enumerate(measured.dims))
    return {
        f"covariance_{one}{two}": (spread[:, i, j], unit) for i, one in dims for j, two in dims[i:]
    }


def border(measured: Measured) -> Named:
    """Return whether each object reaches the border of the image."""
    first = 3 - len(measured.dims)
    last = np.array([measured.partial.axes.shape[dim] - 1 for dim in measured.dims])
    low, high = measured.objects["low"][:, first:], measured.objects["high"][:, first:]
    return {"on_border": (((low == 0) | (high == last)).any(axis=1), "")}
