"""Connected parts of a mask, found by its runs.

A run is a stretch of True along the last axis. Runs are few beside samples, so that joining
neighbours, numbering parts and measuring them are done on runs; the samples are read once and
written once. Rows are spread over the processors, and joined where the parts meet.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core import Area, Image, Mask, filtered_dims, like, map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, require_connectivity

_LEAST = 1 << 18
"""Samples worth a part of their own."""


SIZE_DOC = DOC | {
    "parameters": f"""\
{DOC["mask"]}
min_size : Area
    In pixels, or as an area (``"20 um2"``) in two dims and a volume (``"20 um3"``) in three.
{DOC["connectivity"]}""",
    "size_raises": f"""\
Raises
------
{DOC["connectivity_error"]}
UnitsError
    If ``min_size`` has a unit that does not fit the dims of the image.""",
}
"""What the docstrings of removing small parts of a mask say."""


@dataclass(frozen=True)
class Parts:
    """The runs of a mask, and the connected part each belongs to.

    Attributes
    ----------
    shape : tuple of int
        Shape of the mask.
    first : array
        Number of the first run of each row; one more than rows.
    starts, stops : array
        Where runs begin and end along the last axis.
    labels : array
        1..count by run, numbered by first run.
    count : int
        How many parts there are.
    """

    shape: tuple[int, ...]
    first: Array
    starts: Array
    stops: Array
    labels: Array
    count: int

    def painted(self, values: Array) -> Array:
        """Return an array of the mask's shape with the value of each part, 0 elsewhere.

        ``values`` has an entry for each part, and one for 0 before them.
        """
        from graticule.ops.segment._runs_kernels import paint_runs

        out = np.empty(self.shape, values.dtype)
        rows = out.reshape(-1, self.shape[-1])
        runs = (self.first, self.starts, self.stops, self.labels)

        def part(begin: int, end: int) -> None:
            paint_runs(begin, end, runs, values, rows)

        map_ranges(part, len(rows), least=max(1, _LEAST // self.shape[-1]))
        return out

    def labelled(self) -> Array:
        """Return the labels as int32."""
        return self.painted(np.arange(self.count + 1, dtype=np.int32))

    def sizes(self) -> Array:
        """Return the samples of each part; index 0 is 0."""
        from graticule.ops.segment._runs_kernels import sizes_of_runs

        return np.asarray(sizes_of_runs(self.starts, self.stops, self.labels, self.count))

    def met_by(self, mask: Array) -> Array:
        """Return by part whether a mask of the same shape has a sample in it."""
        from graticule.ops.segment._runs_kernels import labels_met

        met = np.zeros(self.count + 1, np.bool_)
        rows = np.ascontiguousarray(mask).reshape(-1, self.shape[-1])
        labels_met(self.first, self.starts, self.stops, self.labels, rows, met)
        return met

    def at_border(self, axes: Sequence[int]) -> Array:
        """Return by part whether it has a sample at an end of one of the axes."""
        from graticule.ops.segment._runs_kernels import labels_at_ends

        met = np.zeros(self.count + 1, np.bool_)
        edge = np.zeros(self.shape[:-1], np.bool_)
        for axis in set(axes) - {len(self.shape) - 1}:
            moved = np.moveaxis(edge, axis, 0)
            moved[0] = moved[-1] = True
        ends = self.shape[-1] if len(self.shape) - 1 in axes else -1
        labels_at_ends(self.first, self.starts, self.stops, self.labels, ends, edge.ravel(), met)
        return met


def by_runs(mask: Image, work: Callable[[Array, Sequence[int]], Array]) -> Image:
    """Return ``work(values, axes)`` of a mask, with its spatial axes the last ones.

    For results that do not depend on the order of the axes; dims come back in their order.
    """
    dims = filtered_dims(mask)
    ordered = mask.transpose(*(dim for dim in mask.dims if dim not in dims), *dims)
    axes = range(mask.ndim - len(dims), mask.ndim)
    values = work(np.ascontiguousarray(ordered.values), axes)
    return like(mask, np.ascontiguousarray(like(ordered, values).transpose(*mask.dims).values))


def large_parts(mask: Mask, min_size: Area, connectivity: int, *, value: bool) -> Mask:
    """Return the connected parts with a value, True or False, that are at least of a size."""
    dims = filtered_dims(mask)
    require_connectivity(connectivity, dims)
    least = min_size.pixels(mask, dims)

    def work(values: Array, axes: Sequence[int]) -> Array:
        parts = parts_of(values, axes, connectivity, value=value)
        keep = parts.sizes() >= least
        keep[0] = False
        return parts.painted(keep)

    return by_runs(mask, work)


def parts_of(mask: Array, axes: Sequence[int], connectivity: int, *, value: bool = True) -> Parts:
    """Return the connected parts of the samples that have a value, True or False.

    They are connected along ``axes``, the last of the array among them, by steps along at most
    ``connectivity`` of them.

    Examples
    --------
    >>> parts = parts_of(np.array([[1, 0, 1], [1, 1, 1]], bool), axes=[0, 1], connectivity=1)
    >>> parts.count, parts.sizes()
    (1, array([0, 5]))
    """
    from graticule.ops.segment._runs_kernels import link_rows, number_runs

    words = np.empty((math.prod(mask.shape[:-1]), -(-mask.shape[-1] // 64)), np.uint64)
    first, starts, stops, cuts = _runs_of(mask, value, words)
    lead = np.array(mask.shape[:-1], np.int64)
    offsets, diagonal = neighbours(mask.ndim, axes, connectivity)
    parent = np.arange(len(starts), dtype=np.int32)
    steps = (words, first, parent, lead, offsets, diagonal)

    def inner(some: int, others: int) -> None:
        for begin, end in cuts[some:others]:
            link_rows(begin, end, begin, end, *steps)

    if len(offsets):
        map_ranges(inner, len(cuts))
        # An earlier neighbour is at most so many rows away.
        weights = np.cumprod([1, *lead[:0:-1]])[::-1] if len(lead) else lead
        furthest = int(-(offsets @ weights).min(initial=0))
        for begin, end in cuts[1:]:
            link_rows(begin, min(end, begin + furthest), 0, begin, *steps)
    return Parts(mask.shape, first, starts, stops, parent, int(number_runs(parent)))


def _runs_of(
    mask: Array, value: bool, words: Array
) -> tuple[Array, Array, Array, list[tuple[int, int]]]:
    """Return first run by row, starts, stops, and the parts into which the rows were cut.

    The rows are put into ``words``, a bit for each sample.
    """
    from graticule.ops.segment._runs_kernels import pack_rows, runs_in_rows

    rows = np.ascontiguousarray(mask).reshape(len(words), -1).view(np.uint8)
    first = np.zeros(len(words) + 1, np.int64)

    def part(begin: int, end: int) -> tuple[tuple[int, int], Array, Array]:
        pack_rows(rows, begin, end, not value, words)
        starts, stops = runs_in_rows(words, begin, end, first[1:])
        return (begin, end), starts, stops

    blocks = map_ranges(part, len(words), least=max(1, _LEAST // mask.shape[-1]))
    np.cumsum(first, out=first)
    if first[-1] > np.iinfo(np.int32).max:
        raise ImageError(
            "more than 2,147,483,647 runs", hint="smooth the mask, or label it in tiles"
        )
    starts = np.concatenate([starts for _, starts, _ in blocks])
    stops = np.concatenate([stops for _, _, stops in blocks])
    return first, starts, stops, [cut for cut, _, _ in blocks]


def neighbours(ndim: int, axes: Sequence[int], connectivity: int) -> tuple[Array, Array]:
    """Return the steps to earlier rows, and whether runs may meet at their corners alone."""
    spans = [(-1, 0, 1) if axis in axes else (0,) for axis in range(ndim - 1)]
    steps = [step for step in itertools.product(*spans) if any(step)]
    near = [s for s in steps if sum(map(abs, s)) <= connectivity and s < (0,) * (ndim - 1)]
    offsets = np.array(near, np.int64).reshape(len(near), ndim - 1)
    return offsets, np.abs(offsets).sum(1) < connectivity
