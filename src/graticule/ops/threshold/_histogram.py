"""The one pass over an image that every histogram threshold works from.

A threshold is a function from a `Histogram` to a number; `thresholding` makes of it the scope
of an op: a pass for the range, a pass for the counts, and ``image > threshold`` for the mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import Place, Reduction, like
from graticule.core.errors import ImageError

Array: TypeAlias = np.ndarray[Any, Any]

BINS = 256
MOST_VALUES = 2**20
"""Integers that span more than this are counted in bins, as floats are."""


@dataclass(frozen=True)
class Histogram:
    """How often each value occurs.

    Attributes
    ----------
    counts : ndarray
        Samples in each bin; the first and last are not empty.
    centers : ndarray
        Value in the middle of each bin; for integers, the value itself.
    """

    counts: Array
    centers: Array


Method: TypeAlias = Callable[[Histogram], Any]


@dataclass(frozen=True)
class _Range:
    """Smallest and largest finite value; ``low > high`` where there is none."""

    dtype: np.dtype[Any]
    low: Any
    high: Any

    def union(self, other: _Range) -> _Range:
        return _Range(self.dtype, min(self.low, other.low), max(self.high, other.high))

    @property
    def by_value(self) -> bool:
        return self.dtype.kind in "iu" and int(self.high) - int(self.low) < MOST_VALUES

    def edges(self) -> Array:
        """Return the edges of the bins, as NumPy and scikit-image take them."""
        ends = np.array([self.low, self.high], self.dtype)
        return np.histogram_bin_edges(ends, bins=BINS)


def _plain(image: xr.DataArray) -> Array:
    """Return the values in one row, in whatever order they lie in memory."""
    values = np.ravel(image.values, order="K")
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    # Bins of half precision would be coarser than the values they count.
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _map_range(image: xr.DataArray, *, place: Place, **_: Any) -> _Range:
    from graticule.ops.threshold._kernels import finite_range

    values = _plain(image)
    if values.dtype.kind in "iu":
        return _Range(values.dtype, int(values.min()), int(values.max()))
    low, high = finite_range(values)
    return _Range(values.dtype, low, high)


def _map_counts(image: xr.DataArray, *, place: Place, prior: _Range, **_: Any) -> Array:
    from graticule.ops.threshold._kernels import count_in_bins, count_values

    if not prior.low < prior.high:
        return np.zeros(1, np.int64)
    values = _plain(image)
    if prior.by_value:
        low, size = prior.low, prior.high - prior.low + 1
        if values.dtype == np.uint64:  # beyond int64, so it is moved down before it is counted
            values, low = (values - np.uint64(low)).astype(np.int64), 0
        return np.asarray(count_values(values, low, size))
    return np.asarray(count_in_bins(values, prior.edges()))


def _finish(counts: Array, *, prior: _Range, method: Method, **_: Any) -> Any:
    """Return the threshold, which for a constant image is its value."""
    if prior.low > prior.high:
        raise ImageError("has no finite value, so there is no threshold", hint="is it all NaN?")
    if prior.low == prior.high:
        return prior.low
    if prior.by_value:
        wide = np.uint64 if prior.dtype == np.uint64 else np.int64
        return method(Histogram(counts, wide(prior.low) + np.arange(len(counts), dtype=wide)))
    edges = prior.edges()
    return method(Histogram(counts, (edges[:-1] + edges[1:]) / 2))


def _above(image: xr.DataArray, *, result: Any, **_: Any) -> xr.DataArray:
    return like(image, image.values > result)


def thresholding(method: Method) -> Reduction:
    """Return the scope of an op that gives ``image > method(histogram)``.

    NaN and infinite values are left out of the histogram. Floats are counted in 256 bins from
    the smallest to the largest value, integers value by value.
    """
    spread = Reduction(_map_range, _Range.union, _kept)
    return Reduction(_map_counts, np.add, partial(_finish, method=method), _above, spread)


def _kept(partial_result: _Range, **_: Any) -> _Range:
    return partial_result
