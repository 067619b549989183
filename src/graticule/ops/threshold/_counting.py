"""Counting the values of a block: their range, each integer by itself, floats in fine bins.

Partial results are whole numbers, so a histogram does not depend on tiles or on processors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from typing import Any

import numpy as np

from graticule.core import BlockInfo, Image, map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array

BINS = 256
MOST_VALUES = 2**20
"""Integers that span more than this are counted in bins, as floats are."""
_LEAST = 1 << 18


@dataclass(frozen=True)
class ValueCounts:
    """How often each value of an integer type of up to 16 bits occurs."""

    dtype: np.dtype[Any]
    counts: Array

    def merged(self, other: ValueCounts) -> ValueCounts:
        """Return the counts of both blocks."""
        return ValueCounts(self.dtype, self.counts + other.counts)


@dataclass(frozen=True)
class Range:
    """Smallest and largest finite value; ``low > high`` where there is none."""

    dtype: np.dtype[Any]
    low: Any
    high: Any

    def merged(self, other: Range) -> Range:
        """Return the range of both blocks."""
        return Range(self.dtype, min(self.low, other.low), max(self.high, other.high))

    def require_width(self) -> None:
        """Refuse floats whose differences or sums are beyond what a float can hold."""
        if self.dtype.kind == "f":
            with np.errstate(over="ignore"):
                ends = np.array([self.low, self.high], self.dtype)
                width, sums = ends[1] - ends[0], 2 * ends
            if not np.isfinite([width, *sums]).all() or 0 < width < 1e-290:
                raise ImageError(
                    f"has values from {self.low:.3g} to {self.high:.3g}, and no bins between them",
                    hint="scale the values",
                )

    @property
    def by_value(self) -> bool:
        """Whether these are integers that are counted each by itself."""
        return self.dtype.kind in "iu" and int(self.high) - int(self.low) < MOST_VALUES

    @property
    def by_key(self) -> bool:
        """Whether these are floats so close that no 256 bins lie between them."""
        return self.dtype.kind == "f" and not bool((np.diff(self._spaced()) > 0).all())

    @cached_property
    def edges(self) -> Array:
        """Edges of the bins, as NumPy and scikit-image take them."""
        ends = np.array([self.low, self.high], self.dtype)
        return np.histogram_bin_edges(ends, bins=BINS)

    @property
    def scale(self) -> float:
        """How many fine bins there are to a unit."""
        from graticule.ops.threshold._kernels import FINE

        return FINE / (float(self.high) - float(self.low))

    @cached_property
    def places(self) -> Array:
        """The fine bin of each inner edge, by the arithmetic samples are put into bins with."""
        inner = self.edges[1:-1].astype(np.float64)
        return ((inner - float(self.low)) * self.scale).astype(np.int64)

    def _spaced(self) -> Array:
        return np.linspace(self.low, self.high, BINS + 1, dtype=self.dtype)


def map_range(
    image: Image, mask: Image | None, *, block: BlockInfo, **_: Any
) -> ValueCounts | Range:
    """Return the counts of a block where one pass will do, else its range."""
    values, inside = _plain(image, mask)
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        info = np.iinfo(values.dtype)
        size = int(info.max) - int(info.min) + 1
        return ValueCounts(values.dtype, _count_values(values, inside, int(info.min), size))
    spans = [span for span in _over(values, inside, _range_of) if span is not None]
    return reduce(Range.merged, spans, Range(values.dtype, np.inf, -np.inf))


def merge_ranges(one: Any, other: Any) -> Any:
    """Return what is known of both blocks after the first pass."""
    return one.merged(other)


def map_counts(
    image: Image, mask: Image | None, *, block: BlockInfo, prior: Range, **_: Any
) -> Array:
    """Return the counts of a block, given the range of the whole.

    For fine bins the result holds their counts, their sums, and the samples of the fine bin of
    each edge that are below the edge, one after the other.
    """
    values, inside = _plain(image, mask)
    if not prior.low < prior.high:
        return np.zeros(1, np.int64)
    if prior.by_value:
        return _count_values(values, inside, prior.low, prior.high - prior.low + 1)
    if prior.by_key:
        low, high = keys(np.array([prior.low, prior.high], prior.dtype))
        return _count_values(values, inside, int(low), int(high - low) + 1)
    return _count_fine(values, inside, prior)


def map_parts(
    image: Image,
    mask: Image | None,
    *,
    block: BlockInfo,
    prior: Range,
    first: int,
    bins: int,
    **_: Any,
) -> Array:
    """Return how many values of a block lie in each 65,536th of some fine bins."""
    from graticule.ops.threshold._kernels import count_parts

    values, inside = _plain(image, mask)
    count = partial(count_parts, low=float(prior.low), scale=prior.scale, first=first, bins=bins)
    return np.asarray(sum(_over(values, inside, lambda part: count(part))))


def keys(values: Array) -> Array:
    """Return whole numbers in the order of floats, one step for each float there is between."""
    bits = values.view(f"i{values.dtype.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits).astype(np.int64)


def values_of(numbers: Array, dtype: np.dtype[Any]) -> Array:
    """Return the floats of `keys`."""
    bits = np.asarray(numbers).astype(f"i{dtype.itemsize}")
    return np.where(bits < 0, bits ^ np.iinfo(bits.dtype).max, bits).view(dtype)


def _plain(image: Image, mask: Image | None) -> tuple[Array, Array | None]:
    """Return the values in one row, and the mask's in the same order."""
    if mask is None:
        values, inside = np.ravel(image.values, order="K"), None
    else:
        values, inside = np.ravel(image.values), np.ravel(broadcast_mask(mask, image).values)
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    # Bins of half precision would be coarser than the values they count.
    return (values.astype(np.float32) if values.dtype == np.float16 else values), inside


def broadcast_mask(mask: Image, image: Image) -> Image:
    """Return a mask with the dims of an image, repeated along those it does not have."""
    import xarray as xr

    if mask.dims == image.dims:
        return mask
    more = [str(dim) for dim in mask.dims if dim not in image.dims]
    if more:
        raise ImageError(f"the mask has the dim {more[0]}; the image has {list(image.dims)}")
    bare = xr.DataArray(mask.values, dims=mask.dims)
    return bare.expand_dims(
        {dim: image.sizes[dim] for dim in image.dims if dim not in mask.dims}
    ).transpose(*image.dims)


def _over(values: Array, inside: Array | None, function: Callable[[Array], Any]) -> list[Any]:
    """Return what a function gives for the values under the mask, part by part."""
    from graticule.ops.threshold._kernels import kept

    def one(start: int, stop: int) -> Any:
        part = values[start:stop]
        return function(part if inside is None else kept(part, inside[start:stop]))

    return map_ranges(one, values.size, least=_LEAST)


def _range_of(values: Array) -> Range | None:
    from graticule.ops.threshold._kernels import extremes

    if values.size == 0:
        return None
    if values.dtype.kind in "iu":
        return Range(values.dtype, int(values.min()), int(values.max()))
    bits = values.view(f"i{values.dtype.itemsize}")
    exponent = np.array(np.inf, values.dtype).view(bits.dtype)[()]
    ends = extremes(bits, exponent, np.iinfo(bits.dtype).max * np.ones((), bits.dtype)[()])
    if ends[0] > ends[1]:
        return None
    low, high = values_of(np.array(ends), values.dtype)
    return Range(values.dtype, low, high)


def _count_values(values: Array, inside: Array | None, low: int, size: int) -> Array:
    from graticule.ops.threshold._kernels import count_values

    def counts(part: Array) -> Array:
        if part.dtype.kind == "f":
            part = keys(part[np.isfinite(part)])
        if part.dtype == np.uint64:  # beyond int64, so it is moved down before it is counted
            return np.asarray(count_values((part - np.uint64(low)).astype(np.int64), 0, size))
        return np.asarray(count_values(part, low, size))

    return np.asarray(sum(_over(values, inside, counts)))


def _count_fine(values: Array, inside: Array | None, span: Range) -> Array:
    from graticule.ops.threshold._kernels import MOST, count_fine

    low, scale = float(span.low), span.scale
    inner, places = np.ascontiguousarray(span.edges[1:-1]), span.places

    def counts(part: Array) -> Array:
        chunks = (part[start : start + MOST] for start in range(0, max(part.size, 1), MOST))
        counted = (np.concatenate(count_fine(chunk, low, scale, inner, places)) for chunk in chunks)
        return np.asarray(sum(counted))

    return np.asarray(sum(_over(values, inside, counts)))
