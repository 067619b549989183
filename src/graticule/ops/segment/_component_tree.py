"""The tree of the connected parts of an image over a row of thresholds, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.ops.segment._ellipses import fit_of, worth

_HOLE = 0.2
"""A hole is part of what surrounds it if it is smaller than this share of it."""


@dataclass(frozen=True)
class Tree:
    """Connected parts, those of a lower threshold before those of a higher one.

    Attributes
    ----------
    levels : list of array
        Labels 1..n of the parts above each threshold.
    parents : array
        Number of the part that holds each; -1 for those of the lowest threshold.
    areas, worths : array
        Samples of each, and what it is worth as an object.
    """

    levels: list[Array]
    parents: Array
    areas: Array
    worths: Array


def tree_of(values: Array, thresholds: Array) -> Tree:
    """Return the parts above each of some rising thresholds."""
    from scipy import ndimage

    levels: list[Array] = []
    parents, areas, worths = [], [], []
    above, offset = None, 0
    for threshold in thresholds:
        labels, count = ndimage.label(_without_holes(values > threshold))
        if count == 0:
            break
        _, first = np.unique(labels, return_index=True)
        first = first[-count:]
        if above is None:
            parents.append(np.full(count, -1))
        else:
            parents.append(above.reshape(-1)[first] - 1 + offset)
            offset += int(above.max())
        area, fit = fit_of(labels, count)
        areas.append(area)
        worths.append(worth(area, fit))
        levels.append(labels)
        above = labels
    if not levels:
        return Tree([], np.zeros(0, int), np.zeros(0), np.zeros(0))
    return Tree(levels, *(np.concatenate(each) for each in (parents, areas, worths)))


def _without_holes(mask: Array) -> Array:
    """Fill the holes that are small beside what surrounds them."""
    from scipy import ndimage

    holes, count = ndimage.label(~mask, np.ones((3,) * mask.ndim))
    if count < 2:
        return mask
    parts, _ = ndimage.label(mask)
    sizes = np.bincount(parts.reshape(-1))
    around = np.zeros(count + 1, int)
    numbers, first = np.unique(holes, return_index=True)
    before = np.maximum(first - 1, 0)  # the sample before the first of a hole is of its rim
    around[numbers] = parts.reshape(-1)[before]
    small = np.bincount(holes.reshape(-1), minlength=count + 1) <= _HOLE * sizes[around]
    for axis in range(mask.ndim):
        for end in (0, -1):
            small[np.unique(np.take(holes, end, axis=axis))] = False
    small[0] = False
    filled: Array = mask | (small & (around > 0))[holes]
    return filled


def best_parts(tree: Tree, least: float) -> Array:
    """Return labels of the disjoint parts that are worth most together, none below ``least``."""
    own = np.where(tree.areas >= least, tree.worths, 0.0)
    inner = np.zeros(len(own))
    for number in range(len(own) - 1, -1, -1):
        if tree.parents[number] >= 0:
            inner[tree.parents[number]] += max(inner[number], own[number])
    is_best = (own >= inner) & (own > 0)
    is_open = np.ones(len(own), bool)
    chosen = np.zeros(len(own), bool)
    for number, parent in enumerate(tree.parents):
        is_open[number] = parent < 0 or (is_open[parent] and not is_best[parent])
        chosen[number] = is_open[number] and is_best[number]
    numbers = np.where(chosen, np.cumsum(chosen), 0).astype(np.int32)
    labels = np.zeros(tree.levels[0].shape, np.int32)
    offset = 0
    for level in tree.levels:
        count = int(level.max())
        given = np.append(np.int32(0), numbers[offset : offset + count])[level]
        labels = np.maximum(labels, given)
        offset += count
    return labels
