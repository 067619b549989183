"""Whether groups survive another draw of rows and another seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.errors import GraticuleError, ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.clustering.agreement import adjusted_rand
from graticule.learn.clustering.chain import Chain
from graticule.learn.clustering.table import Table, as_matrix, column_names

Share = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Stability:
    """Agreement of the groups of pairs of fits, on the rows that both have.

    Attributes
    ----------
    ari : ndarray
        Adjusted Rand index of each pair; noise is one group more.
    mean : float
        Of them.
    low, high : float
        Between which 95 % of the pairs lie.
    groups : ndarray of int
        Groups of each fit.
    share : float
        Of the rows that each fit saw; 1 where only the seed differs.
    failed : int
        Fits that could not be made, as of too few rows.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    >>> found = stability(rows, Chain.of({"step": "kmeans"}), n=5)
    >>> found.ari.shape, found.groups.tolist(), found.failed
    ((5,), [2, 2, 2, 2, 2], 0)
    """

    ari: Array
    mean: float
    low: float
    high: float
    groups: Array
    share: float
    failed: int


def stability(
    table: Table,
    chain: Chain,
    *,
    columns: Sequence[str] | None = None,
    share: float = 0.8,
    n: int = 20,
    seed: int = 0,
) -> Stability:
    """Return how far groups of parts of the rows, each with its own seed, agree.

    The whole chain is fitted to each part. Each fit is compared with the next, so that no two of
    the ``n`` numbers come from the same pair.

    Parameters
    ----------
    table : DataFrame or ndarray
        One row for each object.
    chain : Chain
        What is fitted.
    columns : sequence of str, optional
        The features; by default all columns.
    share : float
        Of the rows that each fit sees, drawn without replacement; 1 for all, so that only the
        seed differs.
    n : int
        Fits.
    seed : int
        Of the rows drawn and of the seeds.

    Returns
    -------
    Stability
        Agreement of each pair of fits, its mean and its spread.

    Raises
    ------
    ImageError
        If fewer than two fits could be made.
    ParameterError
        If ``share`` or ``n`` is out of range.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    >>> stability(rows, Chain.of({"step": "kmeans"}), n=5).mean
    1.0
    """
    if not 0 < share <= 1:
        raise ParameterError(f"must be above 0 and at most 1, not {share}", where="share")
    if n < 3:
        raise ParameterError(f"must be 3 or more, not {n}", where="n")
    names = column_names(table) if columns is None else tuple(columns)
    rows = as_matrix(table, names, missing=chain.steps[0][0].missing)
    rng = np.random.default_rng(seed)
    size = max(2, round(share * len(rows)))
    fits: list[tuple[Array, Array]] = []
    failed = 0
    for _ in range(n):
        drawn = np.sort(rng.choice(len(rows), min(size, len(rows)), replace=False))
        own = int(rng.integers(2**31))
        try:
            fits.append((drawn, chain.fit(rows[drawn], seed=own).labels))
        except GraticuleError as error:
            failed, last = failed + 1, error
    if len(fits) < 2:
        raise ImageError(f"{failed} of {n} fits failed, the last with: {last.what}")
    pairs = [(a, (a + 1) % len(fits)) for a in range(len(fits) if len(fits) > 2 else 1)]
    ari = np.array([_agreement(fits[a], fits[b]) for a, b in pairs])
    low, high = np.quantile(ari, [0.025, 0.975])
    groups = np.array([labels.max(initial=-1) + 1 for _, labels in fits])
    return Stability(ari, float(ari.mean()), float(low), float(high), groups, share, failed)


def _agreement(one: tuple[Array, Array], other: tuple[Array, Array]) -> float:
    _, at, at_other = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    if not len(at):
        return float("nan")
    first, second = one[1][at] + 1, other[1][at_other] + 1
    width = int(second.max()) + 1
    counts = np.bincount(first * width + second, minlength=(int(first.max()) + 1) * width)
    return adjusted_rand(counts.reshape(-1, width))
