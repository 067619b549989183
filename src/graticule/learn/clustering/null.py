"""Whether groups are more than the method's own habit, by tables without groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from graticule.core.errors import GraticuleError, ParameterError, suggest
from graticule.core.typing import Array
from graticule.evaluate.empirical import EmpiricalP, empirical_p
from graticule.learn.clustering.chain import Chain, Clustering
from graticule.learn.clustering.indices import indices_of
from graticule.learn.clustering.surrogates import SURROGATES, Kind
from graticule.learn.clustering.sweep import Sweep
from graticule.learn.clustering.table import Table, as_matrix, column_names

_CLOUDS: dict[Kind, str] = {
    "gaussian": "one Gaussian cloud of the same covariance",
    "copula": "one cloud of the same correlations, skews and tails",
    "independent": "the same columns shuffled, each for itself",
}
_EITHER = "a single cloud, Gaussian or with the same skews and tails"
_LEAST_ROWS, _LEAST_SHARE = 5, 0.02


def gap(space: Array, labels: Array) -> float:
    r"""Return how much like two points the rows are between two groups, from 0 to 1.

    The rows of a group and of the one with the nearest centroid are projected on the line through
    both centroids. There :math:`1 / (\beta_2 - \beta_1)` of the fourth moment :math:`\beta_2` and
    the squared skewness :math:`\beta_1` is 1 for two points, 0.56 for a uniform and 0.33 for a
    normal distribution, and less with skew or heavy tails [1]_. The largest over the groups counts,
    of those with 2 % of the rows and 5 at least; 0 where there are fewer than two groups.

    References
    ----------
    .. [1] K. Pearson, Phil. Trans. R. Soc. A 216, 429 (1916), :doi:`10.1098/rsta.1916.0009`.

    Examples
    --------
    >>> rows = np.repeat([[0.0], [1.0]], 10, axis=0)
    >>> round(gap(rows, np.repeat([0, 1], 10)), 6), gap(rows, np.zeros(20, int))
    (1.0, 0.0)
    """
    sizes = np.bincount(labels[labels >= 0])
    least = max(_LEAST_ROWS, _LEAST_SHARE * len(labels))
    large = np.flatnonzero(sizes >= least)
    if len(large) < 2:
        return 0.0
    centroids = np.stack([space[labels == group].mean(axis=0) for group in large])
    apart = ((centroids[:, None] - centroids[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    pairs = {(min(a, b), max(a, b)) for a, b in enumerate(apart.argmin(axis=1).tolist())}
    told = [
        _two_points(space[(labels == large[a]) | (labels == large[b])], centroids[b] - centroids[a])
        for a, b in pairs
    ]
    return max(told)


def _two_points(rows: Array, line: Array) -> float:
    places = rows @ line
    places = places - places.mean()
    square = float((places**2).mean())
    if square == 0:
        return 0.0
    skew = float((places**3).mean()) ** 2 / square**3
    return 1 / max(1.0, float((places**4).mean()) / square**2 - skew)


@dataclass(frozen=True)
class KindResult:
    """A table beside surrogates of one kind.

    Attributes
    ----------
    kind : {"gaussian", "copula", "independent"}
        How the structure was destroyed.
    statistic : {"gap", "silhouette"}
        What is compared; larger is more grouped.
    value : float
        Of the table.
    surrogates : ndarray
        Of each surrogate.
    p : EmpiricalP
        Share of surrogates that reach the value, ``(1 + b) / (1 + n)``.
    """

    kind: Kind
    statistic: Literal["gap", "silhouette"]
    value: float
    surrogates: Array
    p: EmpiricalP


@dataclass(frozen=True)
class NullTest:
    """Whether groups are more than what the chain finds in one cloud.

    Attributes
    ----------
    kinds : mapping of KindResult
        By kind.
    p : float
        The largest of those that decide: a single cloud of either shape explains the groups where
        one of them is not rejected. Shuffled columns decide only where they are asked for alone,
        for whatever is correlated is more than they are.
    alpha : float
        Level.
    groups : int
        Groups of the table.
    rows : int
        Rows that were looked at.

    Examples
    --------
    One cloud has no groups, though k-means finds two:

    >>> rows = np.random.default_rng(0).normal(size=(60, 2))
    >>> found = null_test(rows, Chain.of({"step": "kmeans"}), n=19)
    >>> found.groups, found.grouped, sorted(found.kinds)
    (2, False, ['copula', 'gaussian', 'independent'])
    """

    kinds: Mapping[Kind, KindResult]
    p: float
    alpha: float
    groups: int
    rows: int

    @property
    def grouped(self) -> bool:
        """Whether these are groups."""
        return self.p <= self.alpha

    @property
    def sentence(self) -> str:
        """The finding in one plain sentence."""
        if self.groups < 2:
            found = "one group was" if self.groups else "no group was"
            return f"There is nothing to test: {found} found in {self.rows} rows."
        cloud = _CLOUDS[next(iter(self.kinds))] if len(self.kinds) == 1 else _EITHER
        if self.grouped:
            return (
                f"The {self.groups} groups are more than the method finds in {cloud} "
                f"(p = {self.p:.2g})."
            )
        return (
            f"The {self.groups} groups may be no more than what the method finds in {cloud} "
            f"(p = {self.p:.2g})."
        )


def null_test(
    table: Table,
    chain: Chain | Sweep,
    *,
    kind: Kind | Sequence[Kind] = ("gaussian", "copula", "independent"),
    n: int = 99,
    seed: int = 0,
    alpha: float = 0.05,
    columns: Sequence[str] | None = None,
    most_rows: int | None = 2000,
    stop: int | None = None,
) -> NullTest:
    """Compare the groups of a table with those of tables whose structure was destroyed.

    Each surrogate goes through the whole chain; that of a `Sweep` includes the choice of its
    values. One Gaussian and one cloud with the observed skews and tails must both be rejected: the
    first alone would call every skewed table grouped, the second alone sees less where columns are
    few. The statistic of both is `gap`; that of shuffled columns is the silhouette, which says
    whether columns belong together at all.

    Parameters
    ----------
    table : DataFrame or ndarray
        One row for each object.
    chain : Chain or Sweep
        What finds the groups.
    kind : {"gaussian", "copula", "independent"} or sequence of these
        One Gaussian of the same mean and covariance; one cloud with the correlations of the ranks
        and for each column the distribution with one mode that is nearest to its own; or each
        column shuffled.
    n : int
        Surrogates of each kind; the smallest p is ``1 / (1 + n)``.
    seed : int
        Of the surrogates, and of the chain.
    alpha : float
        Level at which groups are called so.
    columns : sequence of str, optional
        The features; by default all columns.
    most_rows : int, optional
        Rows that are drawn from longer tables, to be fast; None for all.
    stop : int, optional
        Surrogates of a kind that reach the value, at which no more are drawn (Besag and Clifford
        1991): p is then known to be large, and only roughly how large.

    Returns
    -------
    NullTest
        The p-value, the decision, and what it rests on for each kind.

    Raises
    ------
    ParameterError
        If there is no such kind, or a number is out of range.
    ImageError
        If the table cannot be used.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(90, 3)) + np.repeat([[0], [4]], 45, axis=0)
    >>> found = null_test(rows, Chain.of({"step": "kmeans"}), n=19)
    >>> found.p, found.grouped
    (0.05, True)
    >>> found.sentence
    'The 2 groups are more than the method finds in a single cloud, Gaussian or with the same
    skews and tails (p = 0.05).'
    """
    kinds = _kinds(kind, n, alpha)
    names = column_names(table) if columns is None else tuple(columns)
    first = chain.chain.steps[0] if isinstance(chain, Sweep) else chain.steps[0]
    rows = _filled(as_matrix(table, names, missing=first[0].missing))
    rng = np.random.default_rng(seed)
    if most_rows is not None and len(rows) > most_rows:
        rows = rows[np.sort(rng.choice(len(rows), most_rows, replace=False))]
    found = _groups(rows, chain, names, seed)
    results: dict[Kind, KindResult] = {}
    for each in kinds:
        results[each] = _compare(each, rows, found, chain, names, n, stop, rng)
    deciding = [r for k, r in results.items() if k != "independent"] or list(results.values())
    groups = 0 if found is None else found.n_groups
    p = max(result.p.p for result in deciding) if groups > 1 else 1.0
    return NullTest(results, p, alpha, groups, len(rows))


def _kinds(kind: Kind | Sequence[Kind], n: int, alpha: float) -> tuple[Kind, ...]:
    kinds: tuple[Kind, ...] = (kind,) if isinstance(kind, str) else tuple(kind)
    if not kinds:
        raise ParameterError("must name a null", where="kind", hint=", ".join(SURROGATES))
    for each in kinds:
        if each not in SURROGATES:
            hint = suggest(str(each), list(SURROGATES))
            raise ParameterError(f"there is no {each!r}", where="kind", hint=hint)
    if n < 1 or not 0 < alpha < 1:
        raise ParameterError(f"needs n of 1 or more and alpha between 0 and 1, not {n} and {alpha}")
    return kinds


def _filled(rows: Array) -> Array:
    """Return rows with the median of a column where a number is missing."""
    missing = np.isnan(rows)
    return np.where(missing, np.nanmedian(rows, axis=0), rows) if missing.any() else rows


def _groups(
    rows: Array, chain: Chain | Sweep, names: Sequence[str], seed: int
) -> Clustering | None:
    if isinstance(chain, Sweep):
        return chain.best_of(rows, names, seed)
    return chain.fit_method(chain.fit_space(rows, seed), names, seed)


def _statistic(kind: Kind, found: Clustering | None, seed: int) -> float:
    if found is None or found.n_groups < 2:
        return -1.0 if kind == "independent" else 0.0
    if kind != "independent":
        return gap(found.space, found.labels)
    silhouette = indices_of(found.space, found.labels, seed=seed).silhouette
    return silhouette if np.isfinite(silhouette) else -1.0


def _compare(
    kind: Kind,
    rows: Array,
    found: Clustering | None,
    chain: Chain | Sweep,
    names: Sequence[str],
    n: int,
    stop: int | None,
    rng: np.random.Generator,
) -> KindResult:
    value, draw = _statistic(kind, found, 0), SURROGATES[kind](rows)
    told: list[float] = []
    for _ in range(n):
        own = int(rng.integers(2**31))
        try:
            groups = _groups(draw(rng), chain, names, own)
        except GraticuleError:  # what cannot be clustered has no groups
            groups = None
        told.append(_statistic(kind, groups, own))
        if stop is not None and sum(each >= value for each in told) >= stop:
            break
    statistic: Literal["gap", "silhouette"] = "silhouette" if kind == "independent" else "gap"
    return KindResult(kind, statistic, value, np.array(told), empirical_p(value, told))
