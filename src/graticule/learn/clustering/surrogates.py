"""Tables like a given one but without groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from graticule.core.typing import Array

Kind: TypeAlias = Literal["gaussian", "copula", "independent"]

Draw: TypeAlias = Callable[[np.random.Generator], Array]
"""Gives another surrogate at each call."""


def gaussian(rows: Array) -> Draw:
    """Return what draws tables of one Gaussian of the same mean and covariance.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(5000, 2)) @ [[2, 1], [0, 1]]
    >>> drawn = gaussian(rows)(np.random.default_rng(1))
    >>> bool(np.abs(np.cov(drawn.T) - np.cov(rows.T)).max() < 0.3)
    True
    """
    mean, axes = _principal_axes(rows)
    return lambda rng: mean + rng.standard_normal((len(rows), len(axes))) @ axes


def copula(rows: Array) -> Draw:
    """Return what draws tables of one cloud with the tails and skews of each column.

    A Gaussian copula: normal scores of the ranks keep their correlations, and each column is
    brought to the distribution with a single mode that is nearest to its own. So columns keep
    skew and heavy tails, which a Gaussian lacks, but not two modes, which would be groups.

    Examples
    --------
    >>> rows = np.exp(np.random.default_rng(0).normal(size=(2000, 2)))
    >>> drawn = copula(rows)(np.random.default_rng(1))
    >>> bool((drawn > 0).all()), bool(abs(np.median(drawn) - 1) < 0.2)
    (True, True)
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import rankdata

    scores = ndtri((rankdata(rows, axis=0) - 0.5) / len(rows))
    spread = scores.std(axis=0, ddof=1)
    _, axes = _principal_axes(scores / np.where(spread == 0, 1, spread))
    columns = [unimodal(column) for column in rows.T]

    def draw(rng: np.random.Generator) -> Array:
        shares = ndtr(rng.standard_normal((len(rows), len(axes))) @ axes)
        drawn = [
            np.interp(share, told, values)
            for share, (values, told) in zip(shares.T, columns, strict=True)
        ]
        return np.stack(drawn, axis=1)

    return draw


def independent(rows: Array) -> Draw:
    """Return what draws tables of the same columns, each shuffled for itself.

    Examples
    --------
    >>> rows = np.arange(8.0).reshape(4, 2)
    >>> drawn = independent(rows)(np.random.default_rng(0))
    >>> bool((np.sort(drawn, axis=0) == rows).all())
    True
    """
    return lambda rng: rng.permuted(rows, axis=0)


SURROGATES: dict[Kind, Callable[[Array], Draw]] = {
    "gaussian": gaussian,
    "copula": copula,
    "independent": independent,
}
"""What draws surrogates of each kind."""


def _principal_axes(rows: Array) -> tuple[Array, Array]:
    """Return the mean, and axes of which standard normals make rows of the same covariance."""
    mean = rows.mean(axis=0)
    _, singular, axes = np.linalg.svd(rows - mean, full_matrices=False)
    held = singular > 1e-12 * max(float(singular[0]), 1e-300)
    scaled: Array = singular[held, None] / np.sqrt(max(1, len(rows) - 1)) * axes[held]
    return mean, scaled


def unimodal(column: Array) -> tuple[Array, Array]:
    """Return the distribution with a single mode that is nearest to the values of a column.

    Its distribution function is convex up to the mode and concave beyond, as in the test of
    Hartigan and Hartigan [1]_; of 65 places for the mode the one that moves least is taken.

    Returns
    -------
    values, shares : ndarray
        The corners of its distribution function, which is straight between them.

    References
    ----------
    .. [1] J. A. Hartigan and P. M. Hartigan, Annals of Statistics 13, 70 (1985).

    Examples
    --------
    >>> values, shares = unimodal(np.array([0.0, 0.1, 0.2, 0.8, 0.9, 1.0]))
    >>> bool(np.diff(np.interp([0.2, 0.8], values, shares))[0] > 0.3)  # was 1/6
    True
    """
    from graticule.learn.clustering._unimodal_kernels import nearest_unimodal

    values, counts = np.unique(column, return_counts=True)
    if len(values) == 1:
        return np.repeat(values, 2), np.array([0.0, 1.0])
    shares = (np.cumsum(counts) - counts / 2) / len(column)
    modes = np.unique(np.linspace(0, len(values) - 1, 65).astype(int))
    corners = nearest_unimodal(values, shares, modes)
    return values[corners], shares[corners]
