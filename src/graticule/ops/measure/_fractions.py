"""Fractions of an image with confidence intervals from blocks of it.

Samples of an image are not independent, so an interval over them is far too narrow. Here the
image is cut into a grid of blocks, and the fraction's variance follows from how much the blocks
differ. Blocks that are small beside the structure make it too small as well, so it is taken
for blocks of several sizes, each twice the last, and the largest counts (Flyvbjerg and Petersen,
1989): where the blocks become independent it stops growing. What it still grows by from the
last size but one to the last is added once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core import BlockInfo, Image
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops.measure._merge import Columns, Layout, Partial, combined
from graticule.ops.measure._objects import compact, objects_of

FEWEST = 8
"""Blocks there must be, for their variance to mean something."""
MOST_PHASES = 256
_SIDES = {1: 1024, 2: 32, 3: 32}


@dataclass(frozen=True)
class Interval:
    """A fraction, where it may lie, and how many blocks say so."""

    fraction: float
    low: float
    high: float
    blocks: int


def counts_of(labels: Image, mask: Image | None, block: BlockInfo) -> Partial:
    """Return how often each value occurs in each block of the grid, frame by frame."""
    from graticule.ops.measure._kernels import count_in_blocks

    require_same_dims(labels, mask, "mask")
    objects = objects_of(labels, mask, block)
    steps, grid = _grid(objects.layout, block.shape)
    parts = []
    for number, frame in enumerate(objects.frames):
        phases, present = compact(objects.ranks[number])
        _require_few(len(present))
        valid = np.ones(phases.shape, bool)
        if objects.values is not None:
            valid = np.ascontiguousarray(objects.values[0, number] != 0)
        counts = count_in_blocks(phases, valid, objects.first, steps, grid, len(present))
        cell, rank = np.nonzero(counts)
        parts.append(
            {
                "frame": np.full(len(cell), frame, np.int64),
                "block": cell,
                "phase": objects.labels_of(present[rank]),
                "count": counts[cell, rank],
            }
        )
    return Partial(objects.layout, Axes.of(labels, block), {"counts": tuple(parts)})


def require_same_dims(image: Image, other: Image | None, what: str) -> None:
    """Raise `ImageError` unless the other, if there is one, has the dims of the image."""
    if other is not None and set(other.dims) != set(image.dims):
        raise ImageError(
            f"the {what} must have the dims {', '.join(map(str, image.dims))}, not "
            f"{', '.join(map(str, other.dims))}"
        )


def _require_few(count: int) -> None:
    if count > MOST_PHASES:
        raise ImageError(
            f"has more than {MOST_PHASES} values, which are objects and not phases",
            hint="measure objects with measure.regions, or give the phase of each sample",
        )


def _grid(layout: Layout, shape: Mapping[str, int]) -> tuple[Array, Array]:
    """Return the size of a block along z, y, x, and how many blocks there are."""
    side = _SIDES[len(layout.space)]
    sizes = np.array([1] * (3 - len(layout.space)) + [shape[dim] for dim in layout.space])
    steps = -(-sizes // side)
    return steps, -(-sizes // steps)


def merged_counts(partial: Partial) -> Columns:
    """Return the counts of all parts by frame, phase and block."""
    adding = {"count": np.add.reduceat}
    return combined(partial.tables["counts"], ("frame", "phase", "block"), adding)


def dense(partial: Partial, rows: Columns, chosen: Array) -> Array:
    """Return the counts of chosen rows on the grid of blocks."""
    _, grid = _grid(partial.layout, partial.axes.shape)
    counts = np.bincount(rows["block"][chosen], rows["count"][chosen], int(np.prod(grid)))
    return counts.reshape(grid[3 - len(partial.layout.space) :])


def interval(counts: Array, totals: Array, confidence: float) -> Interval:
    """Return a fraction with its interval, from counts and totals on a grid of blocks.

    The interval is symmetric for the logarithm of the odds, so it stays between 0 and 1. Of a
    fraction of 0 or 1 it reaches to where such an image would come up just often enough, were
    its coarsest blocks independent.
    """
    from scipy.special import stdtrit

    total = float(totals.sum())
    if total == 0:
        return Interval(np.nan, np.nan, np.nan, 0)
    fraction = float(counts.sum()) / total
    levels = _levels(counts, totals)
    if not levels:
        return Interval(fraction, np.nan, np.nan, 1)
    if fraction in (0.0, 1.0):
        rest = (1 - confidence) ** (1 / levels[-1][1])
        return Interval(fraction, fraction * rest, 1 - (1 - fraction) * rest, levels[-1][1])
    variance, blocks = max(levels)
    if len(levels) > 1:  # what grew from one level to the next would grow as much again
        variance = max(variance, 2 * levels[-1][0] - levels[-2][0])
    reach = stdtrit(blocks - 1, (1 + confidence) / 2) * np.sqrt(variance)
    reach /= fraction * (1 - fraction)
    odds = np.log(fraction / (1 - fraction))
    low, high = (1 / (1 + np.exp(-np.clip(odds + s * reach, -700, 700))) for s in (-1, 1))
    return Interval(fraction, float(low), float(high), blocks)


def _levels(counts: Array, totals: Array) -> list[tuple[float, int]]:
    """Return the variance of the fraction and the number of blocks, from fine blocks to coarse."""
    levels: list[tuple[float, int]] = []
    fraction = counts.sum() / totals.sum()
    while True:
        used = totals > 0
        blocks = int(used.sum())
        if blocks < 2 or (blocks < FEWEST and levels):
            return levels
        apart = (counts - fraction * totals)[used]
        levels.append((blocks / (blocks - 1) * float(apart @ apart) / totals.sum() ** 2, blocks))
        counts, totals = _halved(counts), _halved(totals)


def _halved(grid: Array) -> Array:
    """Return the sums of blocks of two along each axis."""
    padded = np.pad(grid, [(0, size % 2) for size in grid.shape])
    shape: Sequence[int] = [n for size in padded.shape for n in (size // 2, 2)]
    return np.asarray(padded.reshape(shape).sum(axis=tuple(range(1, 2 * grid.ndim, 2))))
