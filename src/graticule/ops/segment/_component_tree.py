"""The tree of the connected parts of an image over a row of thresholds, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.ops.segment._ellipses import worth
from graticule.ops.segment._runs import neighbours


@dataclass(frozen=True)
class Tree:
    """Connected parts, those of a lower threshold before those of a higher one.

    Attributes
    ----------
    shape : tuple of int
        Shape of the image.
    first : array
        Number of the first run above each threshold in each row; one more than rows.
    runs : array
        By run its start and stop along the last axis, and the number of its part.
    parents : array
        Number of the part that holds each; -1 for those of the lowest threshold.
    areas, worths : array
        Samples of each, and what it is worth as an object.
    """

    shape: tuple[int, ...]
    first: Array
    runs: Array
    parents: Array
    areas: Array
    worths: Array


def tree_of(values: Array, thresholds: Array) -> Tree:
    """Return the parts above each of some rising thresholds.

    Parts are joined through faces. A hole that is small beside what surrounds it is part of it,
    with all that lies in it.
    """
    from graticule.ops.segment._component_tree_kernels import count_below, parts_of_levels

    levels = np.empty(values.shape, np.uint8)
    count_below(np.ascontiguousarray(values).reshape(-1), thresholds, levels.reshape(-1))
    axes = range(values.ndim)
    first, runs, parents, (areas, fits) = parts_of_levels(
        levels.reshape(-1, values.shape[-1]),
        int(levels.max()),
        np.array(values.shape[:-1], np.int64),
        neighbours(values.ndim, axes, 1),
        neighbours(values.ndim, axes, values.ndim),
        _edge(values.shape),
    )
    return Tree(values.shape, first, runs, parents, areas, worth(areas, fits))


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
    paint_highest(tree.first, tree.runs, numbers, labels.reshape(-1, tree.shape[-1]))
    return labels
