"""Rows and the nearest of some centroids."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array

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
