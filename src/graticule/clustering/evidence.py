"""Whether groups are there: indices, tables without structure, groups made again, labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.document import INDICES, MethodSpec, NullSpec, StabilitySpec
from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.core.typing import Array
from graticule.evaluate.empirical import empirical_p
from graticule.learn.clustering import Chain

if TYPE_CHECKING:
    import pandas as pd

SILHOUETTE_ROWS = 4_000
NULL_ROWS = 2_000
"""Rows of a table that is held against others: of more, as many are drawn, once for all."""
NEIGHBOURS = 5
_DRAWS = 1_000
_NOTHING = -1.0
"""The silhouette where a method finds fewer than two groups: there is no lower one."""
SMALLER_IS_BETTER = ("davies_bouldin", "bic")


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


@dataclass(frozen=True)
class Agreement:
    """How groups go with labels that had no part in them.

    Attributes
    ----------
    measures : mapping
        Estimate, low and high end of the 95 % interval over objects, by name.
    confusion : DataFrame
        How many of each label (rows) are in each group (columns).
    labelled : int
        Rows with a label.
    """

    measures: Mapping[str, tuple[float, float, float]]
    confusion: pd.DataFrame
    labelled: int = 0
    chance: Mapping[str, float] = field(default_factory=dict)


def indices(space: Array, labels: Array, *, seed: int = 0) -> dict[str, float]:
    """Return silhouette, Davies-Bouldin and Calinski-Harabasz indices, noise left out.

    They are of the space that was clustered. Of more than 4,000 rows the silhouette is that of as
    many drawn. NaN where there are fewer than two groups, or each row is one.

    Examples
    --------
    >>> space = np.array([[0.0], [1.0], [9.0], [10.0], [50.0]])
    >>> round(indices(space, np.array([0, 0, 1, 1, -1]))["silhouette"], 2)
    0.89
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    known = labels >= 0
    own, told = space[known], labels[known]
    groups = len(np.unique(told))
    if groups < 2 or groups >= len(told):
        return dict.fromkeys(INDICES, float("nan"))
    return {
        "silhouette": silhouette(own, told, seed=seed),
        "davies_bouldin": float(davies_bouldin_score(own, told)),
        "calinski_harabasz": float(calinski_harabasz_score(own, told)),
    }


def silhouette(space: Array, labels: Array, *, seed: int = 0) -> float:
    """Return the mean silhouette of rows that all are in a group."""
    from sklearn.metrics import silhouette_score

    if len(labels) > SILHOUETTE_ROWS:
        drawn = np.random.default_rng(seed).choice(len(labels), SILHOUETTE_ROWS, replace=False)
        space, labels = space[drawn], labels[drawn]
    groups = len(np.unique(labels))
    if groups < 2 or groups >= len(labels):
        return float("nan")
    return float(silhouette_score(space, labels))


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
    known = found.labels >= 0
    score = silhouette(found.space[known], found.labels[known], seed=seed)
    return score if score == score else _NOTHING


def stability_of(
    chain: Chain, table: pd.DataFrame, labels: Array, spec: StabilitySpec, *, seed: int = 0,
    progress: Progress = no_progress,
) -> Stability | None:  # fmt: skip
    """Return how like the groups of parts of the rows are; None where that was not asked for."""
    from sklearn.metrics import adjusted_rand_score

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
        ari.append(float(adjusted_rand_score(labels[drawn], found)))
        overlaps.append(_overlaps(labels[drawn], found, groups))
        progress(number + 1, spec.n, "stability")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a group that no part has
        by_group = np.nanmean(overlaps, axis=0) if groups else np.zeros(0)
    return Stability(np.array(ari), by_group, spec.share)


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


def swept(
    spec: MethodSpec, table: pd.DataFrame, *, seed: int = 0, progress: Progress = no_progress
) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Return a row for each value of a sweep, and the value that was chosen."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    total = sum(len(values) for values in spec.sweep.values())
    for name, values in spec.sweep.items():
        for value in values:
            row: dict[str, Any] = {"parameter": name, "value": value}
            try:
                found = spec.built.replacing({name: value}).fit(table, seed=seed)
            except GraticuleError as error:
                row |= {"groups": 0, "noise_share": np.nan, "trouble": error.what}
            else:
                row |= {"groups": found.n_groups, "noise_share": float((found.labels < 0).mean())}
                row |= indices(found.space, found.labels, seed=seed)
                row |= {k: found.method.facts[k] for k in ("bic",) if k in found.method.facts}
                row["trouble"] = ""
            rows.append(row)
            progress(len(rows), total, f"{name} = {value}")
    if not rows:
        return None, {}
    found_rows = pd.DataFrame(rows)
    return found_rows, _chosen(spec, found_rows)


def _chosen(spec: MethodSpec, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the value whose index is best; nothing where none was to be chosen, or none has one."""
    if spec.choose == "none" or spec.choose not in rows or rows[spec.choose].isna().all():
        return {}
    index = rows[spec.choose]
    best = index.idxmin() if spec.choose in SMALLER_IS_BETTER else index.idxmax()
    name = str(rows.loc[best, "parameter"])
    place = int((rows["parameter"].loc[:best] == name).sum()) - 1
    return {name: spec.sweep[name][place]}


def agreement(
    space: Array, labels: Array, known: Sequence[str], *, seed: int = 0
) -> Agreement | None:
    """Return how groups go with labels; rows without a label are left out, noise is a group.

    Adjusted Rand index and normalised mutual information of the groups, purity (the part that has
    the commonest label of its group), and the part of rows whose five nearest others have its
    label by majority; intervals by resampling objects.
    """
    import pandas as pd

    texts = np.array(known, object)
    has = np.array([bool(text) for text in known], bool)
    if has.sum() < 2 or len(set(texts[has])) < 2:
        return None
    names, truth = np.unique(texts[has].astype(str), return_inverse=True)
    groups, told = np.unique(labels[has], return_inverse=True)
    counts = np.zeros((len(names), len(groups)), np.int64)
    np.add.at(counts, (truth, told), 1)
    confusion = pd.DataFrame(counts, index=list(names), columns=[int(group) for group in groups])
    rng = np.random.default_rng(seed)
    total = int(counts.sum())
    drawn = rng.multinomial(total, counts.ravel() / total, size=_DRAWS).reshape(-1, *counts.shape)
    measures = {}
    for name, measure in (("ari", _ari), ("nmi", _nmi), ("purity", _purity)):
        ends = np.percentile([measure(each) for each in drawn], (2.5, 97.5))
        measures[name] = (measure(counts), float(ends[0]), float(ends[1]))
    right = _neighbours_right(space[has], truth)
    ends = np.percentile(rng.binomial(total, right.mean(), _DRAWS) / total, (2.5, 97.5))
    measures["neighbours"] = (float(right.mean()), float(ends[0]), float(ends[1]))
    shares = counts.sum(axis=1) / total
    chance = {"purity": float(shares.max()), "neighbours": float(shares.max())}
    return Agreement(measures, confusion, total, chance)


def _ari(counts: Array) -> float:
    def pairs(values: Array) -> float:
        return float((values * (values - 1.0)).sum() / 2)

    same, rows, columns = pairs(counts), pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    every = pairs(np.array([counts.sum()]))
    expected = rows * columns / every if every else 0.0
    largest = (rows + columns) / 2
    return 1.0 if largest == expected else (same - expected) / (largest - expected)


def _nmi(counts: Array) -> float:
    """Return mutual information over the mean of both entropies."""
    joint = counts / counts.sum()

    def entropy(shares: Array) -> float:
        held = shares[shares > 0]
        return float(-(held * np.log(held)).sum())

    of_rows, of_columns = entropy(joint.sum(axis=1)), entropy(joint.sum(axis=0))
    mean = (of_rows + of_columns) / 2
    return (of_rows + of_columns - entropy(joint.ravel())) / mean if mean > 0 else 1.0


def _purity(counts: Array) -> float:
    return float(counts.max(axis=0).sum() / counts.sum())


def _neighbours_right(space: Array, truth: Array) -> Array:
    """Return for each row whether most of its nearest others have its label."""
    from sklearn.neighbors import NearestNeighbors

    count = min(NEIGHBOURS, len(space) - 1)
    search = NearestNeighbors(n_neighbors=count + 1).fit(space)
    near = search.kneighbors(space, return_distance=False)
    votes = np.zeros((len(space), int(truth.max()) + 1))
    for column in range(count + 1):
        others = near[:, column] != np.arange(len(space))
        rows = np.flatnonzero(others)
        weight = np.where(votes[rows].sum(axis=1) < count, 1.0, 0.0)
        votes[rows, truth[near[rows, column]]] += weight
    return np.asarray(votes.argmax(axis=1) == truth)
