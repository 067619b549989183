"""What stands out of a table: rows far from all others, rows that are all but copies, effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.typing import Array

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 5
_SAMPLE = 20_000
_DISTANCES = 1 << 22
"""Distances held at once."""
_CLOSE = 0.1
"""Part of the usual distance between neighbours within which two rows are all but copies."""


def outlier_scores(space: Array, *, seed: int = 0) -> Array:
    """Return the mean distance of each row from its nearest others: large for odd ones.

    Parameters
    ----------
    space : ndarray
        (rows, features).
    seed : int
        Of the sample in which neighbours are sought, where there are more than 20,000 rows.

    Returns
    -------
    ndarray
        The mean distance from the five nearest others; 0 for a single row.

    Examples
    --------
    >>> outlier_scores(np.array([[0.0], [1.0], [2.0], [50.0]])).argmax()
    np.int64(3)
    """
    rows = len(space)
    if rows < 2:
        return np.zeros(rows)
    reference = np.arange(rows)
    if rows > _SAMPLE:
        rng = np.random.default_rng(seed)
        reference = np.sort(rng.choice(rows, _SAMPLE, replace=False))
    values = np.ascontiguousarray(space - space.mean(axis=0), np.float64)
    count = min(NEIGHBOURS, len(reference) - 1)
    scores: Array = _nearest(values, np.arange(rows), reference, count).mean(axis=1)
    return scores


def _nearest(values: Array, asked: Array, reference: Array, count: int) -> Array:
    """Return the distances of some rows from their nearest others of a reference, unordered.

    In blocks, so that memory does not grow with the rows.
    """
    known = values[reference]
    squares = (known**2).sum(axis=1)
    found = np.empty((len(asked), count))
    size = max(1, _DISTANCES // len(reference))
    for start in range(0, len(asked), size):
        numbers = asked[start : start + size]
        block = values[numbers]
        distances = block @ known.T
        distances *= -2
        distances += squares
        distances += (block**2).sum(axis=1)[:, None]
        places = np.searchsorted(reference, numbers)
        at = np.minimum(places, len(reference) - 1)
        own = np.flatnonzero(reference[at] == numbers)
        distances[own, at[own]] = np.inf
        distances.partition(count - 1, axis=1)
        found[start : start + size] = np.sqrt(np.maximum(distances[:, :count], 0))
    return found


def near_duplicates(table: pd.DataFrame) -> tuple[Array, Array]:
    """Return for each row the one of which it is all but a copy, and how far that is.

    Columns are brought to one scale. Close is what is nearer than a tenth of the usual (median)
    distance of a row from its nearest other; of many rows that is taken from a sample.

    Returns
    -------
    other : ndarray of int
        Number of the other row; -1 where there is none.
    distance : ndarray
        Over the usual distance; NaN where there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [0.0, 1, 2, 3, 3.01], "b": [0.0, 1, 0, 1, 1.01]})
    >>> near_duplicates(table)[0].tolist()
    [-1, -1, -1, 4, 3]
    """
    from scipy.spatial import cKDTree

    rows = len(table)
    other, distance = np.full(rows, -1), np.full(rows, np.nan)
    if rows < 3:
        return other, distance
    values = table.to_numpy(np.float64)
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    usual = _usual_distance(values)
    tree = cKDTree(values)
    reach = _CLOSE * usual if usual > 0 else 1e-9
    found, nearest = map(np.asarray, tree.query(values, k=2, distance_upper_bound=reach))
    for row in np.flatnonzero(np.isfinite(found[:, 1]) | (nearest[:, 0] != np.arange(rows))):
        pairs = [(d, n) for d, n in zip(found[row], nearest[row], strict=True) if n not in
                 (row, rows)]  # fmt: skip
        if pairs:
            distance[row], other[row] = pairs[0][0] / (usual or 1.0), pairs[0][1]
    return other, distance


def _usual_distance(values: Array) -> float:
    """Return the median distance of rows from their nearest other, of a sample of them."""
    rows = len(values)
    asked = np.arange(0, rows, max(1, rows // 500))
    return float(np.median(_nearest(values, asked, np.arange(rows), 1)))


def effect_sizes(table: pd.DataFrame, labels: Array, groups: int) -> Array:
    """Return Cohen's d of each group against all other rows, for each column.

    The difference of the means over the pooled standard deviation [1]_; noise counts to the
    others.

    Returns
    -------
    ndarray
        (groups, columns); NaN where a group or the rest has fewer than two rows or both have no
        spread.

    References
    ----------
    .. [1] Cohen, J., "Statistical power analysis for the behavioral sciences", 2nd ed., 1988.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [0.0, 1, 9, 10], "b": [0.0, 1, 0, 1]})
    >>> effect_sizes(table, np.array([0, 0, 1, 1]), 2).round(1).tolist()
    [[-12.7, 0.0], [12.7, 0.0]]
    """
    values = table.to_numpy(np.float64)
    rows = len(values)
    # far from the origin squares would drown the differences
    values = values - values.mean(axis=0)
    total, squares = values.sum(axis=0), (values**2).sum(axis=0)
    found = np.full((groups, values.shape[1]), np.nan)
    for group in range(groups):
        own = values[labels == group]
        n, m = len(own), rows - len(own)
        if n < 2 or m < 2:
            continue
        mean, other = own.mean(axis=0), (total - own.sum(axis=0)) / m
        spread = squares - n * mean**2 - m * other**2
        pooled = np.sqrt(np.maximum(spread, 0) / (rows - 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            found[group] = np.where(pooled > 0, (mean - other) / pooled, np.nan)
    return found
