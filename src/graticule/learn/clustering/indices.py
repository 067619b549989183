"""How compact and how far apart groups are, in the space that was clustered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graticule.core.typing import Array

if TYPE_CHECKING:
    from graticule.learn.clustering.chain import Clustering

_MOST_ROWS = 5000
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Indices:
    """Indices of a clustering without labels to compare it with.

    Attributes
    ----------
    groups : int
        How many groups there are, noise not counted.
    noise : int
        Rows of no group, which are left out of the indices.
    noise_share : float
        Of all rows.
    silhouette : float
        From -1 to 1, larger is better; NaN where there are fewer than two groups, or as many as
        rows.
    davies_bouldin : float
        From 0, smaller is better.
    calinski_harabasz : float
        From 0, larger is better.
    sampled : int
        Rows that the silhouette was taken of; all, or 5,000 drawn.

    Examples
    --------
    >>> from graticule.learn.clustering import Chain
    >>> found = indices(Chain.of({"step": "kmeans"}).fit(np.array([[0.0], [1], [10], [11]])))
    >>> found.groups, found.noise, round(found.davies_bouldin, 3)
    (2, 0, 0.1)
    """

    groups: int
    noise: int
    noise_share: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    sampled: int


def indices(found: Clustering, *, seed: int = 0) -> Indices:
    """Return the indices of a clustering, in its space and without its noise.

    Parameters
    ----------
    found : Clustering
        The groups.
    seed : int
        Of the rows drawn for the silhouette where there are more than 5,000.

    Returns
    -------
    Indices
        The numbers, and of how many groups and rows they are.

    Examples
    --------
    >>> from graticule.learn.clustering import Chain
    >>> rows = np.array([[0.0], [1], [10], [11]])
    >>> round(indices(Chain.of({"step": "kmeans"}).fit(rows)).silhouette, 3)
    0.9
    """
    return indices_of(found.space, found.labels, seed=seed)


def indices_of(space: Array, labels: Array, *, seed: int = 0) -> Indices:
    """Return the indices of labels, negative for noise, of rows in a space."""
    noise = int((labels < 0).sum())
    rows, known = space[labels >= 0], labels[labels >= 0]
    _, known = np.unique(known, return_inverse=True)
    groups = int(known.max(initial=-1)) + 1
    share = noise / len(labels)
    if not 2 <= groups < len(known):
        return Indices(groups, noise, share, np.nan, np.nan, np.nan, 0)
    rows = rows - rows.mean(axis=0)
    drawn = np.arange(len(rows))
    if len(rows) > _MOST_ROWS:
        drawn = np.random.default_rng(seed).choice(len(rows), _MOST_ROWS, replace=False)
    silhouette = float(silhouettes(rows[drawn], known[drawn]).mean())
    davies, calinski = _of_centroids(rows, known, groups)
    return Indices(groups, noise, share, silhouette, davies, calinski, len(drawn))


def silhouettes(rows: Array, labels: Array) -> Array:
    r"""Return the silhouette of each row, :math:`(b - a) / \max(a, b)` [1]_.

    ``a`` is the mean distance to the others of its group, ``b`` that to the nearest other group; a
    row that is alone in its group has 0.

    Parameters
    ----------
    rows : ndarray
        (rows, features).
    labels : ndarray of int
        The group of each row, at least two that occur.

    References
    ----------
    .. [1] P. J. Rousseeuw, J. Comput. Appl. Math. 20, 53 (1987).

    Examples
    --------
    >>> silhouettes(np.array([[0.0], [1], [9]]), np.array([0, 0, 1])).round(3).tolist()
    [0.889, 0.875, 0.0]
    """
    _, labels, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    belongs = np.zeros((len(rows), len(sizes)))
    belongs[np.arange(len(rows)), labels] = 1
    return np.concatenate(
        [
            _silhouettes(rows, labels, sizes, belongs, start, start + size)
            for size in [max(1, _BLOCK // len(rows))]
            for start in range(0, len(rows), size)
        ]
    )


def _silhouettes(
    rows: Array, labels: Array, sizes: Array, belongs: Array, start: int, stop: int
) -> Array:
    own = labels[start:stop]
    total = distances(rows[start:stop], rows, start) @ belongs
    at = np.arange(len(own))
    within = total[at, own] / np.maximum(sizes[own] - 1, 1)
    mean = total / sizes
    mean[at, own] = np.inf
    between = mean.min(axis=1)
    largest = np.maximum(within, between)
    told = (between - within) / np.where(largest == 0, 1, largest)
    return np.where(sizes[own] == 1, 0.0, told)


def distances(rows: Array, others: Array, own: int | None = None) -> Array:
    """Return the Euclidean distances of rows to others; centred rows lose the fewest digits.

    Parameters
    ----------
    rows, others : ndarray
        (rows, features), (others, features).
    own : int, optional
        Position among the others of the first of the rows, whose distances to themselves are 0.
    """
    squares = -2 * (rows @ others.T)
    squares += (rows**2).sum(axis=1)[:, None]
    squares += (others**2).sum(axis=1)
    if own is not None:
        at = np.arange(len(rows))
        squares[at, own + at] = 0
    apart: Array = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
    return apart


def _of_centroids(rows: Array, labels: Array, groups: int) -> tuple[float, float]:
    """Return the indices of Davies and Bouldin, and of Calinski and Harabasz."""
    sizes = np.bincount(labels, minlength=groups)
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, labels, rows)
    centroids = sums / sizes[:, None]
    squares = ((rows - centroids[labels]) ** 2).sum(axis=1)
    spread = np.bincount(labels, np.sqrt(squares), groups) / sizes
    within = float(squares.sum())
    between = float((sizes * ((centroids - rows.mean(axis=0)) ** 2).sum(axis=1)).sum())
    free = len(rows) - groups
    calinski = between * free / (within * (groups - 1)) if within else np.inf
    apart = distances(centroids, centroids, 0)
    np.fill_diagonal(apart, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (spread[:, None] + spread) / apart
    return float(np.nanmax(ratio, axis=1).mean()), calinski
