"""Rows and the nearest of some centroids."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.step import Fit, numbered_by_size

_BLOCK = 1 << 22
"""Distances held at once."""


def require_rows(rows: Array, groups: int) -> None:
    """Refuse a table that has fewer distinct rows than groups.

    Raises
    ------
    ImageError
    """
    if len(rows) < groups:
        raise ImageError(
            f"{groups} groups need {groups} rows, not {len(rows)}",
            hint="ask for fewer groups or give more rows",
        )
    if groups > 1:
        distinct = len(np.unique(rows[: 100 * groups], axis=0))
        if distinct < groups and (distinct := len(np.unique(rows, axis=0))) < groups:
            raise ImageError(
                f"{groups} groups need {groups} rows that differ, and {distinct} do",
                hint="ask for fewer groups, or leave copies out",
            )


def nearest_centroid(rows: Array, centroids: Array) -> Array:
    """Return the number of the nearest of some centroids by Euclidean distance.

    Parameters
    ----------
    rows : ndarray
        (rows, features).
    centroids : ndarray
        (centroids, features).

    Returns
    -------
    ndarray of int32
        Of equally near ones the first.

    Examples
    --------
    >>> nearest_centroid(np.array([[0.2], [2.6]]), np.array([[0.0], [1], [2], [3]])).tolist()
    [0, 3]
    """
    shift = centroids.mean(axis=0)  # far from the origin squares would drown the differences
    centred = centroids - shift
    half = (centred**2).sum(axis=1) / 2
    found = np.empty(len(rows), np.int32)
    size = max(1, _BLOCK // len(centroids))
    for start in range(0, len(rows), size):
        block = rows[start : start + size] - shift
        found[start : start + size] = (half - block @ centred.T).argmin(axis=1)
    return found


def quietly(estimator: Any, rows: Array) -> Any:
    """Return an estimator fitted; that it did not converge is told by facts, not by a warning."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(rows)


def centroid_fit(rows: Array, centroids: Array, iterations: int) -> Fit:
    """Return the groups of the nearest of fitted centroids, without empty ones."""
    centroids = np.asarray(centroids, np.float64)
    labels, order = numbered_by_size(nearest_centroid(rows, centroids))
    inertia = float(((rows - centroids[order][labels]) ** 2).sum())
    facts = {"inertia": inertia, "iterations": iterations}
    return Fit(labels, {"centroids": centroids[order]}, facts)


def assign_to_centroids(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the nearest centroid."""
    return nearest_centroid(rows, content["centroids"])
