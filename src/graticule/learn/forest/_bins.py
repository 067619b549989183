"""Features in at most 256 bins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.threads import map_ranges
from graticule.core.typing import Array

BINS = 256
_SAMPLE = 200_000


class Bins(NamedTuple):
    """Rows of features as numbers of bins.

    Attributes
    ----------
    codes : ndarray of uint8
        (rows, features).
    low, high : ndarray of float32
        Smallest and largest value in each bin, (features, 256); infinite where there is none.
    """

    codes: Array
    low: Array
    high: Array


def bin_features(rows: Array) -> Bins:
    """Put each feature into bins: one for each value, or 256 with about as many rows in each.

    Parameters
    ----------
    rows : ndarray of float32
        (rows, features).

    Examples
    --------
    >>> bin_features(np.array([[3.0], [1.0], [3.0]], np.float32)).codes.tolist()
    [[1], [0], [1]]
    """
    from graticule.learn.forest._bin_kernels import encode

    count, features = rows.shape
    codes = np.empty((count, features), np.uint8)
    low, high = (np.empty((features, BINS), np.float32) for _ in range(2))
    # Every so many rows, so that the bins follow from the rows alone.
    sample = rows[:: max(1, count // _SAMPLE)]

    def some(start: int, stop: int) -> None:
        for feature in range(start, stop):
            upper = _bin_edges(np.sort(sample[:, feature]))
            encode(rows, feature, upper, codes, low[feature], high[feature])

    map_ranges(some, features)
    return Bins(codes, low, high)


def _bin_edges(values: Array) -> Array:
    """Return the largest value of each bin but the last, from sorted values."""
    last = np.flatnonzero(values[1:] != values[:-1])
    if last.size < BINS:
        return np.ascontiguousarray(values[last])
    at = np.arange(1, BINS) * values.size // BINS - 1
    borders: Array = np.unique(values[at])
    kept: Array = borders[borders < values[-1]]
    return kept
