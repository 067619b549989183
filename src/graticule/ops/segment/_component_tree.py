"""The tree of the connected parts of an image over a row of thresholds, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from graticule.core.typing import Array
from graticule.ops.segment._ellipses import worth
from graticule.ops.segment._runs import neighbours

Runs: TypeAlias = tuple[Array, Array, Array, Array]
"""First run by row, and by run its start, its stop and the label of its part."""


@dataclass(frozen=True)
class Tree:
    """Connected parts, those of a lower threshold before those of a higher one.

    Attributes
    ----------
    shape : tuple of int
        Shape of the image.
    levels : list of tuple
        The runs of the parts above each threshold, with labels 1..n.
    counts : list of int
        How many parts there are above each.
    parents : array
        Number of the part that holds each; -1 for those of the lowest threshold.
    areas, worths : array
        Samples of each, and what it is worth as an object.
    """

    shape: tuple[int, ...]
    levels: list[Runs]
    counts: list[int]
    parents: Array
    areas: Array
    worths: Array


def tree_of(values: Array, thresholds: Array) -> Tree:
    """Return the parts above each of some rising thresholds.

    Parts are joined through faces. A hole that is small beside what surrounds it is part of it,
    with all that lies in it.
    """
    from graticule.ops.segment._component_tree_kernels import count_below, parts_above

    levels = np.empty(values.shape, np.uint8)
    count_below(np.ascontiguousarray(values).reshape(-1), thresholds, levels.reshape(-1))
    rows = levels.reshape(-1, values.shape[-1])
    lead = np.array(values.shape[:-1], np.int64)
    axes = range(values.ndim)
    near = neighbours(values.ndim, axes, 1)
    around = neighbours(values.ndim, axes, values.ndim)
    edge = _edge(values.shape)
    nothing = np.zeros(0, np.int32)
    runs: Runs = (np.zeros(len(rows) + 1, np.int64), nothing, nothing, nothing)
    found: list[Runs] = []
    counts: list[int] = []
    parents, areas, fits = [nothing], [np.zeros(0)], [np.zeros(0)]
    for level in range(1, int(levels.max()) + 1):
        runs, (inside, area, fit) = parts_above(rows, level, lead, near, around, edge, runs)
        parents.append(inside - 1 + sum(counts[:-1]))
        areas.append(area)
        fits.append(fit)
        found.append(runs)
        counts.append(len(area))
    sizes = np.concatenate(areas)
    worths = worth(sizes, np.concatenate(fits))
    return Tree(values.shape, found, counts, np.concatenate(parents), sizes, worths)


def _edge(shape: tuple[int, ...]) -> Array:
    """Return which lines along the last axis are at the border."""
    edge = np.zeros(shape[:-1], np.bool_)
    for axis in range(edge.ndim):
        moved = np.moveaxis(edge, axis, 0)
        moved[0] = moved[-1] = True
    return edge.reshape(-1)


def best_parts(tree: Tree, least: float) -> Array:
    """Return labels of the disjoint parts that are worth most together, none below ``least``."""
    from graticule.ops.segment._component_tree_kernels import choose, paint_highest

    numbers = choose(tree.parents, np.where(tree.areas >= least, tree.worths, 0.0))
    labels = np.zeros(tree.shape, np.int32)
    rows = labels.reshape(-1, tree.shape[-1])
    start = 0
    for runs, count in zip(tree.levels, tree.counts, strict=True):
        own = numbers[start : start + count]
        if own.any():
            paint_highest(runs, own, rows)
        start += count
    return labels
