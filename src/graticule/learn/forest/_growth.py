"""How a forest is grown: its parameters as counts, and its trees, fitted side by side.

The result is the same on any number of processors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.threads import map_ranges
from graticule.core.typing import Array
from graticule.learn.forest._bins import bin_features
from graticule.learn.forest._layout import RawTree

_DEEPEST = 2**31 - 1


@dataclass(frozen=True)
class GrowthPlan:
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


def growth_plan(estimator: Any, features: int, random: bool) -> GrowthPlan:
    """Return the parameters of an estimator as counts, for a table of so many features.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    from sklearn.utils import check_random_state

    depth = estimator.max_depth
    if estimator.oob_score and not estimator.bootstrap:
        raise ParameterError(
            "needs rows that a tree did not see", where="oob_score", hint="set bootstrap"
        )
    return GrowthPlan(
        trees=_count(estimator.n_estimators, "n_estimators", 1),
        max_features=_features(estimator.max_features, features),
        max_depth=_DEEPEST if depth is None else _count(depth, "max_depth", 1),
        min_split=_count(estimator.min_samples_split, "min_samples_split", 2),
        min_leaf=_count(estimator.min_samples_leaf, "min_samples_leaf", 1),
        bootstrap=bool(estimator.bootstrap),
        random=random,
        oob=bool(estimator.oob_score),
        seed=int(check_random_state(estimator.random_state).randint(2**31 - 1)),
    )


@dataclass(frozen=True)
class GrownTrees:
    """A grown forest.

    Attributes
    ----------
    trees : list of RawTree
        In the order of their seeds.
    importances : ndarray
        Of each feature; they sum to 1, or are 0 where nothing was split.
    oob_sum : ndarray
        Sum of what the trees say of rows that were not in their sample, (rows, channels); no rows
        where this was not asked for.
    oob_count : ndarray
        By how many trees each row was not seen, (rows,).
    """

    trees: list[RawTree]
    importances: Array
    oob_sum: Array
    oob_count: Array


def fit_trees(rows: Array, y: Array, channels: int, weight: Array, plan: GrowthPlan) -> GrownTrees:
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
    plan : GrowthPlan
        How to grow it.
    """
    from graticule.learn.forest._split_kernels import Data

    regression = channels == 0
    code = np.zeros(1, np.int64) if regression else y
    # Squares of numbers around 0 lose fewer digits; the mean comes back in what nodes say.
    middle = float(np.average(y, weights=weight)) if regression else 0.0
    target = y - middle if regression else np.zeros(1)
    data = Data(*bin_features(rows), code, target, 2 if regression else channels, regression)
    parts = map_ranges(
        lambda start, stop: _fit_some(rows, data, weight, plan, (start, stop)), plan.trees
    )
    gains = np.concatenate([part.importances for part in parts]).mean(axis=0)
    total = gains.sum()
    trees = [replace(t, value=t.value + middle) for part in parts for t in part.trees]
    oob_sum = np.sum([part.oob_sum for part in parts], axis=0)
    oob_count = np.sum([part.oob_count for part in parts], axis=0)
    shares = gains / total if total > 0 else gains
    return GrownTrees(trees, shares, oob_sum + middle * oob_count[:, None], oob_count)


def oob_mean(grown: GrownTrees, keep: Array) -> tuple[Array, Array]:
    """Return what out-of-bag rows are predicted as, NaN elsewhere, and which rows these are."""
    mean = np.full((keep.size, grown.oob_sum.shape[1]), np.nan)
    seen = np.zeros(keep.size, np.bool_)
    seen[keep] = grown.oob_count > 0
    mean[seen] = (grown.oob_sum / np.maximum(grown.oob_count, 1)[:, None])[grown.oob_count > 0]
    return mean, seen


def _fit_some(
    rows: Array,
    data: Any,
    weight: Array,
    plan: GrowthPlan,
    span: tuple[int, int],
) -> GrownTrees:
    """Grow the trees of one part."""
    from graticule.learn.forest._grow_kernels import add_oob, grow
    from graticule.learn.forest._split_kernels import Rule, drawn

    rule = Rule(plan.max_features, plan.max_depth, plan.min_split, plan.min_leaf, plan.random)
    trees, gains = [], []
    seeds = np.random.SeedSequence(plan.seed).generate_state(2 * plan.trees, np.uint64)
    channels = 1 if data.regression else data.channels
    oob_sum = np.zeros((len(rows) if plan.oob else 0, channels))
    oob_count = np.zeros(len(oob_sum))
    for number in range(*span):
        own = weight * drawn(len(weight), seeds[2 * number]) if plan.bootstrap else weight
        grown = grow(data, rule, own, seeds[2 * number + 1])
        right = np.where(grown.left < 0, -1, grown.left + 1)
        nodes = (grown.feature, grown.left, right, grown.threshold, grown.value, grown.weight)
        trees.append(RawTree(*nodes))
        gain = grown.importance
        gains.append(gain / gain.sum() if gain.sum() > 0 else gain)
        if plan.oob:
            add_oob(grown, rows, own, oob_sum, oob_count)
    return GrownTrees(trees, np.array(gains), oob_sum, oob_count)


def _count(value: Any, name: str, least: int) -> int:
    if not _is_number(value, Integral) or value < least:
        raise ParameterError(f"must be a whole number from {least}, not {value!r}", where=name)
    return int(value)


def _features(wanted: Any, features: int) -> int:
    if wanted is None:
        return features
    if wanted in ("sqrt", "log2"):
        return max(1, int(math.sqrt(features) if wanted == "sqrt" else math.log2(features)))
    if _is_number(wanted, Integral) and wanted >= 1:
        return min(int(wanted), features)
    if _is_number(wanted, Real) and not _is_number(wanted, Integral) and 0 < wanted <= 1:
        return max(1, int(float(wanted) * features))
    raise ParameterError(
        f"must be sqrt, log2, None, a count or a share up to 1.0, not {wanted!r}",
        where="max_features",
    )


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
