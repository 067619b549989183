"""A matrix of few components under noise whose size is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array

_QUANTILE = 2.0234
"""99 % of the law of Tracy and Widom (real matrices)."""


@dataclass(frozen=True)
class LowRank:
    """The part of a matrix that is not noise.

    Attributes
    ----------
    values : ndarray
        Without the noise, in the matrix's own scale.
    variance : ndarray
        Of these values.
    sizes : ndarray
        Squared singular values of the matrix in units of its noise, from the largest on.
    edge : ndarray
        What noise alone reaches in the place of each in one of a hundred matrices.
    rank : int
        How many are kept.
    """

    values: Array
    variance: Array
    sizes: Array
    edge: Array
    rank: int


def noise_scales(variance: Array) -> tuple[Array, Array]:
    """Return scales of rows and columns whose product is the standard deviation of the noise.

    The variance is taken as a product of both, as it is for counts whose spectra differ little
    more than in their sum.
    """
    rows = np.sqrt(variance.mean(axis=1))
    columns = np.sqrt(variance.mean(axis=0) / variance.mean())
    return rows, columns


def noise_edge(rows: int, columns: int) -> Array:
    """Return the squared singular value that noise alone reaches in the place of each component.

    The noise has a deviation of 1. After ``k`` components the rest is a matrix of ``rows - k`` by
    ``columns - k``; its largest follows the law of Tracy and Widom (Johnstone 2001).
    """
    left = np.arange(min(rows, columns))
    n, p = (
        np.sqrt(np.maximum(rows - left - 0.5, 0.5)),
        np.sqrt(np.maximum(columns - left - 0.5, 0.5)),
    )
    return np.asarray((n + p) ** 2 + _QUANTILE * (n + p) * (1 / n + 1 / p) ** (1 / 3))


def principal(matrix: Array) -> tuple[Array, Array]:
    """Return squared singular values, and right singular vectors as rows, the largest first."""
    from scipy import linalg

    squares, vectors = linalg.eigh(matrix.T @ matrix)
    return np.maximum(squares[::-1], 0)[: min(matrix.shape)], vectors.T[::-1]


def low_rank(
    matrix: Array, variance: Array, rank: int | None, *, positive: bool, iterations: int, seed: int
) -> LowRank:
    """Return the part of a matrix that is above its noise.

    Parameters
    ----------
    matrix : ndarray
        Rows are spectra.
    variance : ndarray
        Of every value.
    rank : int or None
        How many components; by default as many as are above the edge of the noise.
    positive : bool
        Whether the components and their amounts must not be negative.
    iterations, seed : int
        Of the search for such.
    """
    rows, columns = noise_scales(variance)
    scale = np.multiply.outer(rows, columns)
    whitened = matrix / scale
    sizes, vectors = principal(whitened)
    edge = noise_edge(*matrix.shape)
    above = sizes > edge
    found = int(np.argmin(above)) if not above.all() else len(sizes)
    kept = max(1, found) if rank is None else min(rank, len(sizes))
    basis = vectors[:kept]
    if positive:
        amounts, basis = _non_negative(whitened, kept, iterations, seed)
    else:
        amounts = whitened @ basis.T
    lever_rows, lever_columns = _leverage(amounts), _leverage(basis.T)
    spread = lever_rows[:, None] + lever_columns - np.multiply.outer(lever_rows, lever_columns)
    return LowRank(amounts @ basis * scale, spread * scale**2, sizes, edge, kept)


def _non_negative(matrix: Array, rank: int, iterations: int, seed: int) -> tuple[Array, Array]:
    """Return amounts and components that are nowhere negative."""
    import warnings

    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(rank, init="nndsvda", random_state=seed, max_iter=iterations, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as many iterations as were asked for
        amounts = model.fit_transform(np.maximum(matrix, 0))
    return np.asarray(amounts), np.asarray(model.components_)


def _leverage(factors: Array) -> Array:
    """Return the diagonal of the projection on the columns."""
    left, sizes, _ = np.linalg.svd(factors, full_matrices=False)
    kept = left[:, sizes > 1e-10 * max(float(sizes.max(initial=0.0)), 1e-300)]
    return np.asarray((kept**2).sum(axis=1))
