"""Whether groups are there: indices, tables without structure, groups made again, labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graticule.clustering.document import MethodSpec, NullSpec, StabilitySpec
from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.evaluate.empirical import empirical_p
from graticule.learn.clustering import Chain, Clustering
from graticule.learn.clustering.agreement import Agreement, adjusted_rand, agreement
from graticule.learn.clustering.indices import indices
from graticule.learn.clustering.sweep import Sweep, SweepResult

if TYPE_CHECKING:
    import pandas as pd

INDICES = ("silhouette", "davies_bouldin", "calinski_harabasz")
NULL_ROWS = 2_000
"""Rows of a table that is held against others: of more, as many are drawn, once for all."""
_NOTHING = -1.0
"""The silhouette where a method finds fewer than two groups: there is no lower one."""


@dataclass(frozen=True)
class NullEvidence:
    """What the same method makes of tables without structure.

    Attributes
    ----------
    observed : float
        The silhouette of the table itself.
    draws : mapping of ndarray
        That of each table without structure, by how they were made.
    p : mapping of float
        The share of these that is as high, the table itself counted.
    rows : int
        Rows that were drawn for it.
    alpha : float
        The share of tables without structure that may be said to be grouped.
    """

    observed: float
    draws: Mapping[str, Array]
    p: Mapping[str, float]
    rows: int
    alpha: float

    @property
    def largest_p(self) -> float:
        """The p against the null that explains most."""
        return max(self.p.values())

    @property
    def is_grouped(self) -> bool:
        """Whether the groups are more than any null makes."""
        return self.largest_p <= self.alpha


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


def surrogates(values: Array, kind: str, n: int, seed: int) -> Iterator[Array]:
    """Give tables of the same size without the structure of one.

    Parameters
    ----------
    values : ndarray
        (rows, columns).
    kind : {"columns", "gaussian"}
        Each column shuffled by itself; or rows of one Gaussian of the same mean and covariance.
    n, seed : int
        How many, and of what is drawn.
    """
    mean = values.mean(axis=0)
    factor = (values - mean) / np.sqrt(max(1, len(values) - 1))
    if len(factor) > factor.shape[1]:  # the same covariance from fewer numbers
        factor = np.linalg.qr(factor, mode="r")
    for number in range(n):
        rng = np.random.default_rng([seed, number, kind == "gaussian"])
        if kind == "columns":
            yield rng.permuted(values, axis=0)
        else:
            yield rng.standard_normal((len(values), len(factor))) @ factor + mean


def against_null(
    chain: Chain, table: pd.DataFrame, spec: NullSpec, *, seed: int = 0,
    progress: Progress = no_progress,
) -> NullEvidence | None:  # fmt: skip
    """Return what a chain makes of tables without structure; None where none was asked for."""
    if not spec.n:
        return None
    values = table.to_numpy(np.float64)
    if len(values) > NULL_ROWS:
        drawn = np.random.default_rng(seed).choice(len(values), NULL_ROWS, replace=False)
        values = values[np.sort(drawn)]
    columns = list(map(str, table.columns))
    observed = _statistic(chain, values, columns, seed)
    draws: dict[str, Array] = {}
    total = spec.n * len(spec.by)
    for kind in spec.by:
        found = []
        for surrogate in surrogates(values, kind, spec.n, seed):
            found.append(_statistic(chain, surrogate, columns, seed))
            progress(len(found) + spec.n * len(draws), total, f"null: {kind}")
        draws[kind] = np.array(found)
    p = {kind: empirical_p(observed, each).p for kind, each in draws.items()}
    return NullEvidence(observed, draws, p, len(values), spec.alpha)


def _statistic(chain: Chain, values: Array, columns: Sequence[str], seed: int) -> float:
    """Return the silhouette of what a chain makes of a table; the lowest where that is nothing."""
    try:
        found = chain.fit(values, columns=columns, seed=seed)
    except GraticuleError:
        return _NOTHING
    score = indices(found, seed=seed).silhouette
    return score if score == score else _NOTHING


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
