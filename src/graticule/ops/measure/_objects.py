"""The objects of a block, ready for the compiled passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from graticule.core import BlockInfo, Image, feature_names, filtered_dims, map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.measure._merge import Columns, Layout

Work: TypeAlias = Callable[..., dict[str, Array]]

_LEAST = 2**18
_PARTS = 16
_EXACT = ("bool", "uint8", "int8", "uint16", "int16")
"""Values whose squares can be summed in 64 bits, however many there are."""
_NATIVE = ("uint8", "uint16", "float32", "float64")


def layout_of(labels: Image, image: Image | None) -> Layout:
    """Return what the dims are for; raise `ImageError` where they do not fit."""
    space = filtered_dims(labels)
    if len(space) > 3:
        raise ImageError(
            f"objects are measured in up to three dims; the labels have {', '.join(space)}",
            hint="name the dims z, y and x, or select along one first",
        )
    frames = tuple(str(dim) for dim in labels.dims if dim not in space)
    if image is None:
        return Layout(frames, space)
    missing = [str(dim) for dim in labels.dims if dim not in image.dims]
    further = [str(dim) for dim in image.dims if dim not in labels.dims]
    if missing or len(further) > 1:
        raise ImageError(
            f"the image must have the dims of the labels, {', '.join(map(str, labels.dims))}, "
            f"and at most one more, not {', '.join(map(str, image.dims))}",
            hint="select along a dim first",
        )
    channel = further[0] if further else ""
    integers = image.dtype.name in _EXACT
    unit = str(image.attrs.get("units", ""))
    return Layout(frames, space, channel, tuple(feature_names(image, further)), unit, integers)


def _plain_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype values are measured in."""
    if dtype.name in _NATIVE:
        return dtype
    if dtype.name in _EXACT:
        return np.dtype(np.int32)
    return np.dtype(np.float32 if dtype == np.float16 else np.float64)


@dataclass(frozen=True)
class Objects:
    """Labels and values of a block, frame by frame in three axes.

    Attributes
    ----------
    layout : Layout
        What the dims are for.
    ranks : ndarray
        int32 with axes frame, z, y, x: the labels, or numbers in their place; with the halo.
    names : ndarray or None
        ``names[rank]`` is the label; None where the ranks are the labels.
    values : ndarray or None
        With axes channel, frame, z, y, x, with the halo.
    own : tuple of slice
        The block's own samples, by axis.
    first : ndarray
        Index of the first own sample in the whole, along z, y, x.
    frames : ndarray
        Number of each frame in the whole.
    """

    layout: Layout
    ranks: Array
    names: Array | None
    values: Array | None
    own: tuple[slice, ...]
    first: Array
    frames: Array

    @cached_property
    def inner(self) -> Array:
        """The ranks of own samples."""
        return np.ascontiguousarray(self.ranks[self.own])

    def inner_values(self, channel: int) -> Array:
        """Return the values of own samples in a channel."""
        assert self.values is not None
        return np.ascontiguousarray(self.values[channel][self.own])

    def labels_of(self, ranks: Array) -> Array:
        """Return the labels that ranks stand for."""
        return ranks.astype(np.int64) if self.names is None else self.names[ranks]

    def by_parts(self, work: Work) -> tuple[Columns, ...]:
        """Call ``work`` on parts of each frame of own samples, side by side.

        ``work(labels, cut, first, low, high)`` takes a part of the labels, the index that cut it
        out, the place of its first sample and its range of labels. It gives a row for each label
        ``low..high``, and under ``kept`` whether the label occurs. Parts are cut along the first
        of z and y that has several samples, so each is contiguous.
        """
        count, *sizes = self.inner.shape
        axis = 0 if sizes[0] > 1 else 1
        parts = max(1, min(_PARTS, sizes[axis], int(np.prod(sizes)) // _LEAST))
        edges = [sizes[axis] * number // parts for number in range(parts + 1)]
        jobs = [(f, edges[n], edges[n + 1]) for f in range(count) for n in range(parts)]

        def several(start: int, stop: int) -> list[Columns]:
            return [self._part(work, axis, *job) for job in jobs[start:stop]]

        return tuple(one for columns in map_ranges(several, len(jobs)) for one in columns)

    def _part(self, work: Work, axis: int, frame: int, start: int, stop: int) -> Columns:
        from graticule.ops.measure._kernels import label_range

        cut: tuple[Any, ...] = (frame, *(slice(None),) * axis, slice(start, stop))
        labels = self.inner[cut]
        first = self.first.copy()
        first[axis] += start
        low, high = label_range(labels.reshape(-1).view(np.uint32))
        columns = work(labels, cut, first, low, high)
        kept = columns.pop("kept")
        ranks = low + np.flatnonzero(kept)
        rows = {name: values[kept] for name, values in columns.items()}
        frames = np.full(len(ranks), self.frames[frame], np.int64)
        return {"frame": frames, "label": self.labels_of(ranks), **rows}


def objects_of(labels: Image, image: Image | None, block: BlockInfo) -> Objects:
    """Return the objects of a block."""
    layout = layout_of(labels, image)
    order = (*layout.frames, *layout.space)
    flat = (1,) * (3 - len(layout.space))
    turned = labels.transpose(*order)
    count = int(np.prod([labels.sizes[dim] for dim in layout.frames], dtype=int))
    ranks, names = _ranked(turned.values)
    shape = (count, *flat, *(labels.sizes[dim] for dim in layout.space))
    values = None
    if image is not None:
        lead = (layout.channel,) if layout.channel else ()
        raw = image.transpose(*lead, *order).values
        raw = raw.astype(_plain_dtype(raw.dtype), copy=False)
        values = raw.reshape(len(layout.channels), *shape)
    bounds = [block.interior.get(dim, (0, labels.sizes[dim])) for dim in layout.space]
    own = (*(slice(0, 1) for _ in flat), *(slice(*ends) for ends in bounds))
    starts = [block.offset[d] + ends[0] for d, ends in zip(layout.space, bounds, strict=True)]
    return Objects(
        layout,
        np.ascontiguousarray(ranks).reshape(shape),
        names,
        values,
        (slice(None), *own),
        np.array([*(0 for _ in flat), *starts], np.int64),
        _frame_numbers(layout, labels, block),
    )


def _frame_numbers(layout: Layout, labels: Image, block: BlockInfo) -> Array:
    numbers = np.zeros(1, np.int64)
    for dim in layout.frames:
        index = block.offset[dim] + np.arange(labels.sizes[dim])
        numbers = (numbers[:, None] * block.shape[dim] + index).ravel()
    return numbers


def _ranked(values: Array) -> tuple[Array, Array | None]:
    """Return labels as int32, and what each stands for where they had to be renumbered."""
    most = int(values.max(initial=0))
    if most > np.iinfo(np.int64).max:
        raise ImageError("a label must be below 2**63")
    if most <= min(values.size // 16 + 65536, np.iinfo(np.int32).max):
        return values.astype(np.int32, copy=False), None
    if most <= min(4 * values.size, np.iinfo(np.int32).max):  # sums have a row for every number
        return compact(values.astype(np.int32, copy=False))
    import pandas as pd

    codes, different = pd.factorize(values.ravel())
    names = np.unique(np.append(different.astype(np.int64), 0))
    ranks = np.searchsorted(names, different.astype(np.int64)).astype(np.int32)
    return ranks[codes].reshape(values.shape), names


def compact(ranks: Array) -> tuple[Array, Array]:
    """Return numbers 1..n in the place of ranks, and the rank of each number."""
    present = np.zeros(int(ranks.max(initial=0)) + 1, bool)
    present[ranks.ravel()] = True
    present[0] = True
    present_ranks = np.flatnonzero(present)
    number = np.zeros(len(present), np.int32)
    number[present_ranks] = np.arange(len(present_ranks))
    return number[ranks], present_ranks
