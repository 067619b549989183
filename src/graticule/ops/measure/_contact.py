"""Properties that follow from which samples lie side by side: boundaries, neighbours, texture."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._merge import OBJECT, Columns, combined
from graticule.ops.measure._objects import Objects, compact
from graticule.ops.measure._table import Measured

_THICK = 16


def offsets_of(ndim: int, reach: int | None = None) -> Array:
    """Return the steps z, y, x to half of the neighbours, first along one axis, then along more.

    Examples
    --------
    >>> offsets_of(2).tolist()
    [[0, 0, 1], [0, 1, 0], [0, 1, -1], [0, 1, 1]]
    """
    steps = itertools.product((-1, 0, 1), repeat=ndim)
    ahead = [step for step in steps if step > (0,) * ndim]
    most = ndim if reach is None else reach
    kept = sorted((s for s in ahead if sum(map(abs, s)) <= most), key=lambda s: sum(map(abs, s)))
    return np.array([(0,) * (3 - ndim) + step for step in kept], np.int64).reshape(-1, 3)


@dataclass(frozen=True)
class Padded:
    """A frame of a block in which every own sample has all its neighbours.

    Attributes
    ----------
    labels : ndarray
        Ranks 1..n along z, y, x; 0 outside the image.
    found : ndarray
        ``found[rank]`` is the label.
    frame : int
        Number of the frame in the whole.
    base, size : ndarray
        Index of the first own sample, and how many there are, along z, y, x.
    margins : list
        What was added along each axis, before and after.
    """

    labels: Array
    found: Array
    frame: int
    base: Array
    size: Array
    margins: list[tuple[int, int]]

    def rows(self, **columns: Array) -> Columns:
        """Return rows from numbers by rank, the first of which belongs to background."""
        frames = np.full(len(self.found) - 1, self.frame, np.int64)
        inner = {name: values[1:] for name, values in columns.items()}
        return {"frame": frames, "label": self.found[1:], **inner}

    def summed(self, count: Callable[[Array, Array], Array], *, parts: int = 16) -> Array:
        """Return the sum of ``count(base, size)`` over slabs of own samples, side by side."""
        axis = 0 if self.size[0] > 1 else 1

        def slab(start: int, stop: int) -> Array:
            base, size = self.base.copy(), self.size.copy()
            base[axis] += start
            size[axis] = stop - start
            return count(base, size)

        thick = int(self.size[axis])
        return np.asarray(sum(map_ranges(slab, thick, least=max(_THICK, -(-thick // parts)))))


def padded(objects: Objects) -> Iterator[Padded]:
    """Give each frame of a block with one sample around its own."""
    ndim = len(objects.layout.space)
    sizes = objects.ranks.shape[1:]
    begin, end = np.array([o.indices(n)[:2] for o, n in zip(objects.own[1:], sizes, strict=True)]).T
    wide = np.array([0] * (3 - ndim) + [1] * ndim)
    before, after = wide - begin, wide - (np.array(sizes) - end)
    margins = [(int(one), int(two)) for one, two in zip(before, after, strict=True)]
    for number, frame in enumerate(objects.frames):
        ranks, present = compact(objects.ranks[number])
        labels = np.pad(ranks, margins)
        yield Padded(labels, objects.labels_of(present), int(frame), wide, end - begin, margins)


def collect_boundary(objects: Objects) -> tuple[Columns, ...]:
    """Return by label the equal pairs for each offset, and in how many windows it occurs."""
    return tuple(_boundary(block, objects) for block in padded(objects))


def _boundary(block: Padded, objects: Objects) -> Columns:
    from graticule.ops.measure import _contact_kernels as kernels

    ndim = len(objects.layout.space)
    count = len(block.found) - 1
    offsets = offsets_of(ndim)
    pairs = block.summed(
        lambda base, size: kernels.count_equal_pairs(block.labels, base, size, offsets, count)
    )
    columns = [_in_windows(block, window, objects.first == 0) for window in _windows(ndim)]
    return block.rows(pairs=pairs, windows=np.stack(columns, axis=1))


def _windows(ndim: int) -> list[Array]:
    """Return the windows around corners, and in three dims those around edges."""
    around = {1: [(1, 1, 2)], 2: [(1, 2, 2)], 3: [(2, 2, 2), (1, 2, 2), (2, 1, 2), (2, 2, 1)]}
    return [np.array(window, np.int64) for window in around[ndim]]


def _in_windows(block: Padded, window: Array, at_start: Array) -> Array:
    """Count the windows a label occurs in; a window may begin before the image."""
    from graticule.ops.measure._contact_kernels import count_windows

    early = at_start & (window > 1)

    def count(base: Array, size: Array) -> Array:
        start = base - (early & (base == block.base))
        number = len(block.found) - 1
        return np.asarray(count_windows(block.labels, start, base + size, window, number))

    return block.summed(count)


def boundary(measured: Measured) -> Named:
    """Return perimeter or surface, roundness and Euler number of each object."""
    ndim = len(measured.dims)
    sums = measured.added("perimeter", ("pairs", "windows"))
    pixels, pairs, windows = measured.pixels, sums["pairs"], sums["windows"]
    faces = 2 * ndim * pixels - pairs[:, :ndim].sum(axis=1)
    if ndim == 1:
        return {"euler_number": (windows[:, 0] - pixels, "")}
    columns: dict[str, tuple[Any, str]] = {}
    crossings = pixels[:, None] - pairs
    if ndim == 2:
        perimeter = np.pi * crossings @ _line_densities(measured.basis)
        columns["perimeter"] = perimeter, measured.unit
        columns["circularity"] = 4 * np.pi * measured.sizes / perimeter**2, ""
        columns["euler_number"] = windows[:, 0] - faces + pixels, ""
    else:
        surface = 4 * crossings @ _line_densities(measured.basis)
        columns["surface"] = surface, measured.power(2)
        columns["sphericity"] = np.cbrt(36 * np.pi * measured.sizes**2) / surface, ""
        edges = windows[:, 1:].sum(axis=1)
        columns["euler_number"] = windows[:, 0] - edges + faces - pixels, ""
    return columns


def _line_densities(basis: Array) -> Array:
    """Return for each offset the share of directions it stands for, over the density of its lines.

    A direction stands for all that are closer to it than to any other; lines along it through
    all samples are one to the sample's size over the distance between its neighbours.
    """
    ndim = len(basis)
    ways = offsets_of(ndim)[:, 3 - ndim :] @ basis
    lengths = np.linalg.norm(ways, axis=1)
    if ndim == 2:
        angles = np.arctan2(ways[:, 0], ways[:, 1]) % np.pi
        order = np.argsort(angles)
        gaps = np.diff(np.append(angles[order], angles[order[0]] + np.pi))
        shares = np.empty(len(ways))
        shares[order] = (gaps + np.roll(gaps, 1)) / (2 * np.pi)
    else:
        from scipy.spatial import SphericalVoronoi

        units = ways / lengths[:, None]
        shares = SphericalVoronoi(np.concatenate([units, -units])).calculate_areas()
        shares = shares[: len(ways)] / (2 * np.pi)
    return np.asarray(shares * np.prod(np.diag(basis)) / lengths)


def collect_neighbours(objects: Objects) -> tuple[Columns, ...]:
    """Return the pairs of labels that share a face of a sample."""
    from graticule.ops.measure._contact_kernels import touching_pairs

    offsets = offsets_of(len(objects.layout.space), reach=1)
    parts = []
    for block in padded(objects):
        pairs = touching_pairs(block.labels, block.base, block.size, offsets)
        codes = np.unique(pairs[:, 0] * len(block.found) + pairs[:, 1])
        one, two = (block.found[rank] for rank in np.divmod(codes, len(block.found)))
        frame = np.full(2 * len(codes), block.frame, np.int64)
        parts.append({"frame": frame, "label": np.append(one, two), "other": np.append(two, one)})
    return tuple(parts)


def neighbours(measured: Measured) -> Named:
    """Return how many other objects each one touches."""
    parts = measured.partial.tables["neighbours"]
    pairs = combined(parts, (*OBJECT, "other"), {})
    rows = measured.keys.rows(pairs["frame"], pairs["label"])
    return {"neighbours": (np.bincount(rows, minlength=len(measured.keys)), "")}
