"""Growing the trees of a forest, side by side, the same on any number of processors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from graticule.core.threads import map_ranges
from graticule.core.typing import Array
from graticule.learn.forest._bins import Bins, binned
from graticule.learn.forest._layout import RawTree


@dataclass(frozen=True)
class Plan:
    """How a forest is grown; the meaning of the numbers is that of the estimators.

    Attributes
    ----------
    trees, max_features, max_depth, min_split, min_leaf : int
        Counts, all of them resolved.
    bootstrap : bool
        Whether each tree sees a sample drawn with replacement.
    random : bool
        Whether thresholds are drawn (extra trees).
    oob : bool
        Whether rows that a tree did not see are predicted by it.
    seed : int
        Of the whole forest; each tree has one that follows from it.
    """

    trees: int
    max_features: int
    max_depth: int
    min_split: int
    min_leaf: int
    bootstrap: bool
    random: bool
    oob: bool
    seed: int


@dataclass(frozen=True)
class Harvest:
    """A grown forest.

    Attributes
    ----------
    trees : list of RawTree
        In the order of their seeds.
    importances : ndarray
        Of each feature; they sum to 1, or are 0 where nothing was split.
    unseen : ndarray
        Sum of what the trees say of rows that were not in their sample, (rows, channels); no rows
        where this was not asked for.
    times : ndarray
        By how many trees each row was not seen, (rows,).
    """

    trees: list[RawTree]
    importances: Array
    unseen: Array
    times: Array


def harvest(rows: Array, y: Array, channels: int, weight: Array, plan: Plan) -> Harvest:
    """Grow a forest.

    Parameters
    ----------
    rows : ndarray of float32
        (rows, features).
    y : ndarray
        Numbers of the classes, int64 from 0; or a continuous target, float64.
    channels : int
        How many classes there are; 0 for a continuous target.
    weight : ndarray of float64
        Positive, (rows,).
    plan : Plan
        How to grow it.
    """
    from graticule.learn.forest._split_kernels import Data, Rule

    bins = binned(rows)
    regression = channels == 0
    code = np.zeros(1, np.int64) if regression else y
    # Squares of numbers around 0 lose fewer digits; the mean comes back in what nodes say.
    middle = float(np.average(y, weights=weight)) if regression else 0.0
    target = y - middle if regression else np.zeros(1)
    data = Data(*_arrays(bins), code, target, 2 if regression else channels, regression)
    rule = Rule(plan.max_features, plan.max_depth, plan.min_split, plan.min_leaf, plan.random)
    parts = map_ranges(
        lambda start, stop: _some(rows, data, rule, weight, plan, (start, stop)), plan.trees
    )
    gains = np.concatenate([part.importances for part in parts]).mean(axis=0)
    total = gains.sum()
    trees = [replace(t, value=t.value + middle) for part in parts for t in part.trees]
    unseen = np.sum([part.unseen for part in parts], axis=0)
    times = np.sum([part.times for part in parts], axis=0)
    shares = gains / total if total > 0 else gains
    return Harvest(trees, shares, unseen + middle * times[:, None], times)


def unseen_mean(grown: Harvest, keep: Array) -> tuple[Array, Array]:
    """Return what unseen rows are predicted as, NaN where there is nothing, and where there is."""
    mean = np.full((keep.size, grown.unseen.shape[1]), np.nan)
    seen = np.zeros(keep.size, np.bool_)
    seen[keep] = grown.times > 0
    mean[seen] = (grown.unseen / np.maximum(grown.times, 1)[:, None])[grown.times > 0]
    return mean, seen


def _arrays(bins: Bins) -> tuple[Array, Array, Array]:
    return bins.codes, bins.low, bins.high


def _some(
    rows: Array,
    data: Any,
    rule: Any,
    weight: Array,
    plan: Plan,
    span: tuple[int, int],
) -> Harvest:
    """Grow the trees of one part."""
    from graticule.learn.forest._grow_kernels import grow, tell
    from graticule.learn.forest._split_kernels import drawn

    trees, gains = [], []
    seeds = np.random.SeedSequence(plan.seed).generate_state(2 * plan.trees, np.uint64)
    channels = 1 if data.regression else data.channels
    unseen = np.zeros((len(rows) if plan.oob else 0, channels))
    times = np.zeros(len(unseen))
    for number in range(*span):
        own = weight * drawn(len(weight), seeds[2 * number]) if plan.bootstrap else weight
        grown = grow(data, rule, own, seeds[2 * number + 1])
        trees.append(_raw(grown))
        gain = grown.importance
        gains.append(gain / gain.sum() if gain.sum() > 0 else gain)
        if plan.oob:
            tell(grown, rows, own, unseen, times)
    return Harvest(trees, np.array(gains), unseen, times)


def _raw(grown: Any) -> RawTree:
    left = grown.left
    right = np.where(left < 0, -1, left + 1)
    return RawTree(grown.feature, left, right, grown.threshold, grown.value, grown.weight)
