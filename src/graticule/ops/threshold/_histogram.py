"""The one pass over an image that every histogram threshold works from.

A criterion is a function from a `Histogram` to a threshold; it stands beside its op. `Counting`
is the scope of an op that needs nothing of an image but its histogram: integers of up to 16 bits
are counted in a single pass, other values after a quick one for their range. For floats, the pass
counts the 256 bins thresholds are found in exactly as NumPy does, and beside them 65,536 fine bins
with their sums, from which means follow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Image, Reduction, like
from graticule.core.errors import ImageError
from graticule.core.scope import Block, Mapper
from graticule.core.typing import Array
from graticule.ops import _parameters
from graticule.ops.threshold._counting import (
    Range,
    ValueCounts,
    broadcast_mask,
    keys,
    map_counts,
    map_parts,
    map_range,
    merge_ranges,
    values_of,
)

MOST_ROUNDS = 10_000
"""Means of three that are tried until a histogram has two modes."""
_MOST_PASSES, _AROUND = 8, 16
EXACT = 2**50
"""Integers below this leave a float room for fractions."""

_BINS = """\
Floats are counted in 256 bins between the smallest and the largest value, integers value by
value (in 256 bins where they span more than a million)."""
_PAGE = f"""\
NaN, infinite values and what is outside ``mask`` are left out of the histogram; NaN and what
is outside are never in the result. The value of a constant image is its threshold: nothing
in it is bright.

Parameters
----------
image : Image
    Any dims; one threshold for all of it.
{_parameters.DOC["where"]}
keep : {{"bright", "dark"}}
    What is above the threshold, or what is up to it.

Returns
-------
Mask
    True where the image is above the threshold; with ``keep="dark"`` where it is not.

{_parameters.DOC["raises_values"]}"""
DOC = _parameters.DOC | {
    "page": _PAGE,
    "binned": f"{_BINS}\n\n{_PAGE}",
    "see_values": "graticule.threshold.values : the thresholds of all methods at once.",
}
"""What the docstrings of all histogram thresholds say."""


@dataclass(frozen=True)
class Histogram:
    """How often each value occurs.

    Attributes
    ----------
    counts : ndarray
        Samples in each bin; the first and last are not empty.
    centers : ndarray
        Value in the middle of each bin; for integers, the value itself.
    low : int or float
        The smallest value.
    fine_counts, fine_values : ndarray
        The same, as finely as is known: how many samples, and how far above ``low`` they are in
        the mean. For integers these are exact.
    gap : float
        The smallest difference between values; 0 where it is less than the fine bins tell.
    fine_width : float
        Width of a fine bin; 0 where values are counted one by one.
    alike : ndarray or None
        Whether the values of a fine bin seem to be all the same, by their sum; None where they
        all are.
    finer : Histogram or None
        The same with some fine bins parted once more, where a criterion had to know.
    parted : tuple of int
        The first of each 16 fine bins that were.
    """

    counts: Array
    centers: Array
    low: Any
    fine_counts: Array
    fine_values: Array
    gap: float
    fine_width: float = 0.0
    alike: Array | None = None
    finer: Histogram | None = None
    parted: tuple[int, ...] = ()

    @property
    def width(self) -> float:
        """Width of a bin."""
        return float(self.centers[1] - self.centers[0])

    def is_parted(self, bins: Array) -> Array:
        """Return whether fine bins were counted value by value."""
        found = np.zeros(bins.shape, bool)
        for first in self.parted:
            found |= (bins >= first) & (bins < first + _AROUND)
        return found

    @cached_property
    def offsets(self) -> Array:
        """Distance of each bin from the first, exact also for values too large for a float."""
        if self.centers.dtype.kind == "f":
            return np.asarray(self.centers.astype(np.float64) - float(self.centers[0]))
        return np.asarray((self.centers - self.centers[0]).astype(np.float64))

    @cached_property
    def probabilities(self) -> Array:
        """Fraction of the samples in each bin."""
        return np.asarray(self.counts / self.counts.sum())

    @cached_property
    def _modes(self) -> tuple[int, int, Array]:
        from graticule.ops.threshold._kernels import two_modes

        first, second, smooth = two_modes(self.counts.astype(np.float32), MOST_ROUNDS)
        return int(first), int(second), smooth

    def two_modes(self) -> tuple[int, int, Array]:
        """Return the bins of the two modes, and the counts smoothed until there are two."""
        if self._modes[0] < 0:
            raise ImageError(
                "has no histogram of two modes, so there is no threshold between them",
                hint="a method that needs no modes, as otsu or triangle, always has an answer",
            )
        return self._modes

    def argmax(self, score: Array) -> Any:
        """Return the lowest value with the largest score; what differs by rounding is equal."""
        most = float(score.max())
        return self.centers[np.argmax(score >= most - 1e-12 * max(1.0, abs(most)))]

    def above_lowest(self, distance: float) -> float | int:
        """Return the value at a distance from the lowest.

        Of integers too large for a float it is the next below, which parts them in the same way.
        """
        if isinstance(self.low, int) and abs(self.low) >= EXACT:
            return self.low + int(distance)
        return float(self.low + distance)


Criterion: TypeAlias = Callable[[Histogram], Any]
"""From the histogram of an image of at least two values to a threshold."""


def class_sums(values: Array) -> tuple[Array, Array]:
    """Return the sums up to and above each bin but the last."""
    below = np.cumsum(values)
    return below[:-1], np.cumsum(values[::-1])[::-1][1:]


@dataclass(frozen=True)
class Counting(Reduction):
    """The scope of an op that needs nothing but the histogram of an image.

    ``finish`` is called with a `Histogram`. A second pass is made only where one will not do.

    Attributes
    ----------
    doubtful : callable, optional
        ``doubtful(histogram, **params)``: the fine bin whose values must be known one by one, or
        None. The bins around it are then counted so in a further pass, and it is asked again.
    """

    doubtful: Callable[..., int | None] | None = None

    def reduce(self, blocks: Sequence[Block], mapper: Mapper = map, **params: Any) -> Any:
        """Count over blocks, merge in their order, and finish."""
        assert self.prior is not None
        first_pass = self.prior.reduce(blocks, mapper)
        if isinstance(first_pass, ValueCounts):
            return self.finish(_of_value_counts(first_pass), **params)
        if first_pass.low > first_pass.high:
            raise ImageError("has no finite value, so there is no threshold", hint=_EMPTY)
        first_pass.require_width()
        if first_pass.low == first_pass.high:
            return self.finish(_constant(first_pass), **params)
        counting = Reduction(partial(map_counts, prior=first_pass), np.add)
        histogram = _of_counts(counting.reduce(blocks, mapper), first_pass)
        histogram = self._refined(histogram, first_pass, blocks, mapper, params)
        return self.finish(histogram, **params)

    def _refined(
        self,
        histogram: Histogram,
        span: Range,
        blocks: Sequence[Block],
        mapper: Mapper,
        params: Mapping[str, Any],
    ) -> Histogram:
        """Return the histogram with the fine bins that are in doubt counted value by value."""
        from graticule.ops.threshold._kernels import FINE

        for _ in range(_MOST_PASSES if self.doubtful is not None else 0):
            assert self.doubtful is not None
            finer = histogram.finer or histogram
            at = self.doubtful(finer, **params)
            if at is None:
                break
            first = max(0, min(at - _AROUND // 2, FINE - _AROUND))
            parts = partial(map_parts, prior=span, first=first, bins=_AROUND)
            counts = Reduction(parts, np.add).reduce(blocks, mapper)
            histogram = replace(histogram, finer=_parted(finer, counts, first))
        return histogram


class Thresholding(Counting):
    """The scope of a histogram threshold; ``finish`` gives the threshold of a `Histogram`."""

    def mask(self, image: Image, mask: Image | None, keep: str) -> Image:
        """Return where a whole image is above its threshold, or up to it."""
        mask_above: Image = self.whole(image, mask, keep=keep)
        return mask_above


Keep = Annotated[Literal["bright", "dark"], Field(title="What is kept")]


def _identity(result: Any, **_: Any) -> Any:
    return result


_RANGE = Reduction(map_range, merge_ranges)
_EMPTY = "is it all NaN, or the mask empty?"


def counting(
    finish: Callable[..., Any],
    apply: Callable[..., Any] | None = None,
    doubtful: Callable[..., int | None] | None = None,
) -> Counting:
    """Return the scope of an op that gives ``finish(histogram)``, or ``apply`` of that."""
    return Counting(map_counts, np.add, finish, apply, _RANGE, doubtful=doubtful)


def thresholding(
    criterion: Criterion, doubtful: Callable[..., int | None] | None = None
) -> Thresholding:
    """Return the scope of an op that gives ``image > criterion(histogram)``."""
    finish = partial(_threshold, criterion=criterion)
    return Thresholding(map_counts, np.add, finish, above, _RANGE, doubtful=doubtful)


def histogram_of(image: Image, mask: Image | None = None) -> Histogram:
    """Return the histogram of an image in memory."""
    histogram: Histogram = counting(_identity).whole(image, mask)
    return histogram


def above(
    image: Image,
    mask: Image | None = None,
    *,
    result: Any,
    keep: str = "bright",
    **_: Any,
) -> Image:
    """Return where the image is above a number (or up to it) and inside the mask."""
    level = level_in(image.dtype, result)
    selected = image.values <= level if keep == "dark" else image.values > level
    if mask is not None:
        selected &= broadcast_mask(mask, image).values
    return like(image, selected)


def level_in(dtype: np.dtype[Any], threshold: Any) -> Any:
    """Return the largest value of a dtype up to a threshold: the same values are above both."""
    if dtype.kind in "iu":
        return int(threshold) if isinstance(threshold, np.integer) else math.floor(threshold)
    if dtype.kind != "f":
        return threshold
    level = dtype.type(threshold)
    return np.nextafter(level, dtype.type(-np.inf)) if float(level) > float(threshold) else level


def _threshold(histogram: Histogram, *, criterion: Criterion, **_: Any) -> Any:
    """Return a threshold, which for a constant image is its value."""
    return histogram.low if histogram.counts.size == 1 else criterion(histogram)


def _of_value_counts(table: ValueCounts) -> Histogram:
    used = np.flatnonzero(table.counts)
    if used.size == 0:
        raise ImageError("has no value under the mask, so there is no threshold", hint=_EMPTY)
    low = int(used[0]) + int(np.iinfo(table.dtype).min)
    return _of_values(table.counts[used[0] : used[-1] + 1], low)


def _of_values(counts: Array, low: int) -> Histogram:
    """Return the histogram of integers counted each by itself."""
    wide: Any = np.uint64 if low + len(counts) > 2**63 else np.int64
    steps = np.arange(len(counts), dtype=wide)
    return Histogram(counts, wide(low) + steps, low, counts, steps.astype(np.float64), 1.0)


def _constant(span: Range) -> Histogram:
    low = span.low if span.dtype.kind in "iu" else span.low.item()
    one = np.ones(1, np.int64)
    return Histogram(one, np.array([span.low]), low, one, np.zeros(1), 0.0)


def _of_counts(counts: Array, span: Range) -> Histogram:
    if span.by_value:
        return _of_values(counts, span.low)
    if span.by_key:
        first = int(keys(np.array([span.low], span.dtype))[0])
        values = values_of(first + np.arange(counts.size), span.dtype)
        apart = values.astype(np.float64) - float(span.low)
        return Histogram(
            counts, values, float(span.low), counts, apart, float(np.diff(apart).min())
        )
    return _of_fine(counts, span)


def _of_fine(counts: Array, span: Range) -> Histogram:
    from graticule.ops.threshold._kernels import FINE

    fine, sums, below = np.split(counts, [FINE, 2 * FINE])
    # What is below an edge is in the fine bins before that of the edge, or was seen to be below.
    before = np.concatenate([[0], np.cumsum(fine)])[span.places] + below
    coarse = np.diff(np.concatenate([[0], before, [fine.sum()]]))
    used = np.flatnonzero(fine)
    fine, sums = fine[used], sums[used]
    values = (used + sums / fine / 65_536) / span.scale
    alike = sums % fine == 0
    gap = float(np.diff(values).min(initial=np.inf)) if alike.all() else 0.0
    edges, width = span.edges, 1 / span.scale
    centers = (edges[:-1] + edges[1:]) / 2
    return Histogram(coarse, centers, float(span.low), fine, values, gap, width, alike)


def _parted(histogram: Histogram, parts: Array, first: int) -> Histogram:
    """Return a histogram with the 65,536ths of some fine bins in the place of these bins."""
    bins = np.floor(histogram.fine_values / histogram.fine_width)
    before, after = np.searchsorted(bins, [first, first + _AROUND])
    used = np.flatnonzero(parts)
    values = (first + used / 65_536) * histogram.fine_width

    def put(old: Array, new: Array) -> Array:
        return np.concatenate([old[:before], new, old[after:]])

    assert histogram.alike is not None
    return replace(
        histogram,
        fine_counts=put(histogram.fine_counts, parts[used]),
        fine_values=put(histogram.fine_values, values),
        alike=put(histogram.alike, np.ones(used.size, bool)),
        parted=(*histogram.parted, first),
    )
