"""Whether groups are there: indices, tables without structure, groups made again, labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graticule.clustering.document import MethodSpec, NullSpec, StabilitySpec
from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.learn.clustering import Chain, Clustering
from graticule.learn.clustering.agreement import Agreement, adjusted_rand, agreement
from graticule.learn.clustering.indices import indices
from graticule.learn.clustering.null import KindResult, NullTest, null_test
from graticule.learn.clustering.surrogates import Kind
from graticule.learn.clustering.sweep import Sweep, SweepResult

if TYPE_CHECKING:
    import pandas as pd

INDICES = ("silhouette", "davies_bouldin", "calinski_harabasz")


@dataclass(frozen=True)
class Stability:
    """How like groups are that were made again from parts of the rows.

    Attributes
    ----------
    ari : ndarray
        Adjusted Rand index of each repetition with the groups of all rows.
    by_group : ndarray
        For each group the mean overlap (Jaccard) with the group most like it.
    share : float
        The part of the rows that each took.
    """

    ari: Array
    by_group: Array
    share: float


def indices_by_name(found: Clustering, *, seed: int = 0) -> dict[str, float]:
    """Return the indices of a clustering that compare values of one chain, by name."""
    told = indices(found, seed=seed)
    return {name: float(getattr(told, name)) for name in INDICES}


def against_null(
    spec: MethodSpec,
    chain: Chain,
    table: pd.DataFrame,
    null: NullSpec,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> NullTest | None:
    """Return what a method finds in tables without groups; None where none was asked for.

    Where a method chooses a value of a sweep, it chooses one for each of these tables too.
    """
    if not null.n:
        return None
    tested = chain if spec.choose == "none" else Sweep(spec.built, spec.sweep, spec.choose)
    kinds: dict[Kind, KindResult] = {}
    groups = rows = 0
    for kind in null.by:
        progress(0, 1, f"tables without groups: {kind}")
        one = null_test(table, tested, kind=kind, n=null.n, seed=seed, alpha=null.alpha)
        kinds |= one.kinds
        groups, rows = one.groups, one.rows
    deciding = [each for kind, each in kinds.items() if kind != "independent"]
    p = max(each.p.p for each in deciding or kinds.values()) if groups > 1 else 1.0
    return NullTest(kinds, p, null.alpha, groups, rows)


def stability_of(
    chain: Chain, table: pd.DataFrame, labels: Array, spec: StabilitySpec, *, seed: int = 0,
    progress: Progress = no_progress,
) -> Stability | None:  # fmt: skip
    """Return how like the groups of parts of the rows are; None where that was not asked for."""
    if not spec.n:
        return None
    values, columns = table.to_numpy(np.float64), list(map(str, table.columns))
    groups = int(labels.max(initial=-1)) + 1
    size = max(2, round(spec.share * len(values)))
    ari, overlaps = [], []
    for number in range(spec.n):
        rng = np.random.default_rng([seed, number])
        drawn = np.sort(rng.choice(len(values), size, replace=False))
        try:
            found = chain.fit(values[drawn], columns=columns, seed=seed + number + 1).labels
        except GraticuleError:
            found = np.full(size, -1, np.int32)
        ari.append(_adjusted_rand(labels[drawn], found))
        overlaps.append(_overlaps(labels[drawn], found, groups))
        progress(number + 1, spec.n, "stability")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a group that no part has
        by_group = np.nanmean(overlaps, axis=0) if groups else np.zeros(0)
    return Stability(np.array(ari), by_group, spec.share)


def _adjusted_rand(one: Array, other: Array) -> float:
    counts = np.zeros((int(one.max()) + 2, int(other.max()) + 2))
    np.add.at(counts, (one + 1, other + 1), 1)
    return adjusted_rand(counts)


def _overlaps(one: Array, other: Array, groups: int) -> Array:
    """Return for each group the largest Jaccard overlap with a group of another partition."""
    found = np.full(groups, np.nan)
    sizes = np.bincount(other[other >= 0], minlength=1)
    for group in range(groups):
        mine = one == group
        if mine.any():
            shared = np.bincount(other[mine & (other >= 0)], minlength=len(sizes))
            found[group] = float((shared / (mine.sum() + sizes - shared)).max(initial=0))
    return found


def swept(spec: MethodSpec, table: pd.DataFrame, *, seed: int = 0) -> SweepResult | None:
    """Return what came of a method's sweep; None where it has none."""
    if not spec.sweep:
        return None
    choose = "silhouette" if spec.choose == "none" else spec.choose
    return Sweep(spec.built, spec.sweep, choose).fit(table, seed=seed)


def agreement_with(
    found: Clustering, labels: Sequence[str] | None, *, seed: int = 0
) -> Agreement | None:
    """Return how groups go with labels that had no part in them; None where there are not two."""
    known = {label for label in labels or () if label}
    if labels is None or len(known) < 2:
        return None
    return agreement(found, list(labels), seed=seed)
