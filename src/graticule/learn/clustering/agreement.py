"""Groups beside labels that are known: how far they agree, with intervals over objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval, bootstrap

if TYPE_CHECKING:
    from graticule.learn.clustering.chain import Clustering

_BY_TREE = 8
"""Features up to which a tree finds neighbours faster than products of matrices."""


@dataclass(frozen=True)
class Agreement:
    """Groups beside known classes; rows without a class are left out.

    Attributes
    ----------
    ari, nmi : Interval
        Adjusted Rand index and normalised mutual information (arithmetic mean), of all rows; noise
        counts as one group more.
    purity : Interval
        Share of rows that are of the commonest class of their group; grows with the number of
        groups.
    neighbours_accuracy : Interval
        Share of rows whose class is the commonest of their nearest neighbours in the space that
        was clustered, themselves left out.
    ari_without_noise : Interval or None
        Of the rows that are no noise; None where there are none.
    confusion : DataFrame
        Rows of each group (index, -1 for noise) and class (columns).
    rows : int
        Rows that have a class.

    Examples
    --------
    >>> from graticule.learn.clustering import Chain
    >>> rows = np.random.default_rng(0).normal(size=(40, 2)) + np.repeat([[0], [9]], 20, axis=0)
    >>> classes = ["a"] * 20 + ["b"] * 15 + [None] * 5
    >>> found = agreement(Chain.of({"step": "kmeans"}).fit(rows), classes)
    >>> found.rows, found.purity.estimate, found.confusion["a"].tolist()
    (35, 1.0, [20, 0])
    """

    ari: Interval
    nmi: Interval
    purity: Interval
    neighbours_accuracy: Interval
    ari_without_noise: Interval | None
    confusion: pd.DataFrame
    rows: int


def agreement(
    found: Clustering, classes: Any, *, neighbours: int = 5, n: int = 1000, seed: int = 0
) -> Agreement:
    """Return how far groups agree with classes.

    Parameters
    ----------
    found : Clustering
        The groups.
    classes : array_like or Series
        The class of each row that was clustered; None, NaN and empty texts are none.
    neighbours : int
        For their accuracy.
    n : int
        How often objects are drawn for the intervals, which are of 95 %.
    seed : int
        Of the drawing.

    Returns
    -------
    Agreement
        Scores, each with its interval, and the table of groups and classes.

    Raises
    ------
    ImageError
        If there are not as many classes as rows, or no row has one.

    Examples
    --------
    >>> from graticule.learn.clustering import Chain
    >>> rows = np.random.default_rng(0).normal(size=(40, 2)) + np.repeat([[0], [9]], 20, axis=0)
    >>> told = agreement(Chain.of({"step": "kmeans"}).fit(rows), ["a"] * 20 + ["b"] * 20)
    >>> told.ari.estimate, told.neighbours_accuracy.estimate
    (1.0, 1.0)
    """
    codes, names = _codes(classes, len(found.labels))
    known = codes >= 0
    codes, labels = codes[known], found.labels[known]
    right = neighbours_right(found.space[known], codes, neighbours)
    table = _table(labels + 1, codes)

    def interval(statistic: Callable[[Array], float], keep: Array | None = None) -> Interval:
        pairs = np.stack([labels + 1, codes], axis=1)
        if keep is not None:
            pairs = pairs[keep]

        def of(drawn: Array) -> float:
            return statistic(_counts(drawn[:, 0].astype(int), drawn[:, 1].astype(int), table.shape))

        return bootstrap(pairs, of, n=n, seed=seed)

    grouped = labels >= 0
    present = [g for g in range(len(table)) if table[g].any()]
    confusion = pd.DataFrame(table[present], index=[g - 1 for g in present], columns=names)
    return Agreement(
        interval(adjusted_rand),
        interval(mutual_information),
        interval(_purity),
        bootstrap(right, n=n, seed=seed),
        interval(adjusted_rand, grouped) if grouped.any() and not grouped.all() else None,
        confusion.rename_axis(index="group", columns="class"),
        int(known.sum()),
    )


def _codes(classes: Any, rows: int) -> tuple[Array, list[str]]:
    given = pd.Series(np.asarray(classes, dtype=object))
    if len(given) != rows:
        raise ImageError(f"there are {len(given)} classes for {rows} rows", where="classes")
    given = given.where(given.map(lambda value: value != ""), None)
    codes, names = pd.factorize(given, sort=True)
    if not len(names):
        raise ImageError("no row has a class", where="classes")
    return codes.astype(np.int64), [str(name) for name in names]


def _table(labels: Array, codes: Array) -> Array:
    return _counts(labels, codes, (int(labels.max()) + 1, int(codes.max()) + 1))


def _counts(labels: Array, codes: Array, shape: tuple[int, ...]) -> Array:
    counts = np.bincount(labels * shape[1] + codes, minlength=shape[0] * shape[1])
    return counts.reshape(shape)


def adjusted_rand(table: Array) -> float:
    """Return the adjusted Rand index of a table of counts [1]_.

    References
    ----------
    .. [1] L. Hubert and P. Arabie, J. Classif. 2, 193 (1985), :doi:`10.1007/BF01908075`.

    Examples
    --------
    >>> adjusted_rand(np.array([[3, 0], [0, 3]])), adjusted_rand(np.array([[1, 1], [1, 1]]))
    (1.0, -0.5)
    """
    counts = np.asarray(table, np.float64)
    total = counts.sum()
    same = (counts**2).sum()
    ours, theirs = (counts.sum(axis=1) ** 2).sum(), (counts.sum(axis=0) ** 2).sum()
    both, one, other = same - total, ours - same, theirs - same
    neither = total**2 - ours - theirs + same
    if one == 0 and other == 0:
        return 1.0
    below = (both + other) * (other + neither) + (both + one) * (one + neither)
    return float(2 * (both * neither - other * one) / below)


def mutual_information(table: Array) -> float:
    """Return the mutual information of a table of counts, over the mean of both entropies.

    Examples
    --------
    >>> mutual_information(np.array([[3, 0], [0, 3]])), mutual_information(np.ones((2, 2)))
    (1.0, 0.0)
    """
    ours, theirs = _entropy(table.sum(axis=1)), _entropy(table.sum(axis=0))
    if ours + theirs == 0:
        return 1.0
    shared = ours + theirs - _entropy(table.ravel())
    return float(min(1.0, max(0.0, 2 * shared / (ours + theirs))))


def _entropy(counts: Array) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def _purity(table: Array) -> float:
    return float(table.max(axis=1).sum() / table.sum())


def neighbours_right(space: Array, codes: Array, neighbours: int) -> Array:
    """Return whether the commonest class of the nearest neighbours of each row is its own.

    Of equally common classes the one of the nearest neighbour counts.

    Parameters
    ----------
    space : ndarray
        (rows, features).
    codes : ndarray of int
        The class of each row, from 0.
    neighbours : int
        How many; fewer where there are not as many other rows.

    Raises
    ------
    ImageError
        If there is one row.

    Examples
    --------
    >>> neighbours_right(np.array([[0.0], [1], [2], [9]]), np.array([0, 0, 0, 1]), 3).tolist()
    [1.0, 1.0, 1.0, 0.0]
    """
    if len(space) < 2:
        raise ImageError("one row has no neighbours", hint="give more rows with a class")
    count = min(neighbours, len(space) - 1)
    from sklearn.neighbors import NearestNeighbors

    centred = space - space.mean(axis=0)
    algorithm = "brute" if space.shape[1] > _BY_TREE else "kd_tree"
    search = NearestNeighbors(n_neighbors=count + 1, algorithm=algorithm).fit(centred)
    found = search.kneighbors(centred, return_distance=False)
    itself = found == np.arange(len(space))[:, None]
    # among copies of a row it may not be its own nearest; then the last one is left out
    others = np.argsort(itself, axis=1, kind="stable")[:, :count]
    near = codes[np.take_along_axis(found, others, axis=1)]
    votes = (near[:, :, None] == near[:, None, :]).sum(axis=2)
    winner = near[np.arange(len(near)), votes.argmax(axis=1)]
    return np.asarray(winner == codes, np.float64)
