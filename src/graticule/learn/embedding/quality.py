"""What an embedding keeps of the table it came from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array

_MOST = 5_000


class Quality(NamedTuple):
    """What is kept.

    Attributes
    ----------
    explained_variance : float
        The part of the table's variance that follows linearly from the embedding; of principal
        components the sum of their ratios.
    trustworthiness : float
        1 where none of the neighbours in the embedding is far away in the table; about 0.5 by
        chance.
    neighbours_kept : float
        The mean share of the nearest rows in the table that are among the nearest in the embedding.
    neighbours : int
        How many are looked at.
    rows : int
        Of how many rows; drawn where there were more.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> kept = quality(rows, rows[:, :2], neighbours=5)
    >>> kept.rows, kept.neighbours, 0.5 < kept.trustworthiness < 1
    (100, 5, True)
    """

    explained_variance: float
    trustworthiness: float
    neighbours_kept: float
    neighbours: int
    rows: int


def quality(rows: Array, embedded: Array, *, neighbours: int = 10, seed: int = 0) -> Quality:
    """Return how much of a table an embedding keeps: variance, and neighbours [1]_.

    Parameters
    ----------
    rows, embedded : (n, k) ndarray
        The table, and what became of it.
    neighbours : int
        How many nearest rows; fewer than half of the rows.
    seed : int
        Of the 5,000 rows that are drawn where there are more.

    Returns
    -------
    Quality
        Of the variance, and of the neighbours of each row.

    Raises
    ------
    ImageError
        If both differ in rows, a number is missing, or there are too few.

    See Also
    --------
    sklearn.manifold.trustworthiness : the same number.

    References
    ----------
    .. [1] Venna, J. and Kaski, S., "Neighborhood preservation in nonlinear projection methods: an
       experimental study", Int. Conf. Artificial Neural Networks, 485-491, 2001.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> kept = quality(rows, 2 * rows)
    >>> kept.explained_variance, kept.trustworthiness, kept.neighbours_kept
    (1.0, 1.0, 1.0)
    """
    one, other = (np.ascontiguousarray(each, np.float64) for each in (rows, embedded))
    if one.ndim != 2 or other.ndim != 2 or len(one) != len(other):
        raise ImageError(f"must be two tables of the same rows, not {one.shape} and {other.shape}")
    if not np.isfinite(one).all() or not np.isfinite(other).all():
        raise ImageError("has rows without a number", hint="impute or leave them out first")
    if len(one) > _MOST:
        drawn = np.random.default_rng(seed).choice(len(one), _MOST, replace=False)
        one, other = one[drawn], other[drawn]
    count = len(one)
    if not 1 <= neighbours < count / 2:
        raise ImageError(
            f"{neighbours} neighbours need more than {2 * neighbours} rows, not {count}"
        )
    penalty = kept = 0
    for start in range(0, count, 512):
        some = slice(start, start + 512)
        near = np.argsort(_distances(other, some), axis=1, kind="stable")[:, :neighbours]
        order = np.argsort(_distances(one, some), axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.broadcast_to(np.arange(1, count + 1), order.shape), 1)
        beyond = np.take_along_axis(ranks, near, 1) - neighbours
        penalty += int(beyond[beyond > 0].sum())
        kept += int((beyond <= 0).sum())
    worst = count * neighbours * (2 * count - 3 * neighbours - 1) / 2
    trust, share = 1 - penalty / worst, kept / (count * neighbours)
    return Quality(_explained(one, other), trust, share, neighbours, count)


def _explained(rows: Array, embedded: Array) -> float:
    """Return the part of the variance of rows that follows linearly; 1 where there is none."""
    centred, moved = rows - rows.mean(axis=0), embedded - embedded.mean(axis=0)
    total = float((centred**2).sum())
    if total == 0:
        return 1.0
    axes, sizes, _ = np.linalg.svd(moved, full_matrices=False)
    # directions along which the embedding has no extent but rounding tell nothing
    axes = axes[:, sizes > 1e-10 * max(float(sizes.max(initial=0)), 1e-300)]
    return round(min(1.0, float(((axes.T @ centred) ** 2).sum()) / total), 12)


def _distances(rows: Array, some: slice) -> Array:
    """Return distances of some rows to all; a row is far from itself."""
    from scipy.spatial.distance import cdist

    far = cdist(rows[some], rows)
    at = np.arange(len(far))
    far[at, some.start + at] = np.inf
    return far
