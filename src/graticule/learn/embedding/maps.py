"""Maps of a table in two dims, by t-SNE and UMAP: pictures of what is near what."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.errors import ImageError, RequestError
from graticule.core.typing import Array

_LEAST = 5


def tsne(rows: Array, *, perplexity: float = 30.0, seed: int = 0) -> Array:
    """Return a map of rows by t-SNE.

    Parameters
    ----------
    rows : (n, k) ndarray
        Without missing numbers.
    perplexity : float
        How many neighbours a row is kept near to, about; at most a third of the rows.
    seed : int
        Of what is drawn.

    Returns
    -------
    ndarray
        ``(n, 2)``. Distances between groups, and their sizes, mean nothing.

    Raises
    ------
    ImageError
        If there are fewer than 5 rows, or a number is missing.
    RequestError
        If openTSNE is not installed.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(30, 4)) + np.repeat([[0], [9]], 15, axis=0)
    >>> tsne(rows, perplexity=5).shape
    (30, 2)
    """
    values = _checked(rows)
    try:
        from openTSNE import TSNE
    except ImportError:
        raise _missing("t-SNE", "openTSNE") from None
    perplexity = min(perplexity, (len(values) - 1) / 3)
    method = TSNE(
        perplexity=perplexity,
        random_state=seed,
        n_jobs=1,
        initialization="pca",
        neighbors="exact" if len(values) <= 10_000 else "annoy",
    )
    return np.asarray(method.fit(values), np.float64)


def umap(rows: Array, *, neighbours: int = 15, min_dist: float = 0.1, seed: int = 0) -> Array:
    """Return a map of rows by UMAP.

    Parameters
    ----------
    rows : (n, k) ndarray
        Without missing numbers.
    neighbours : int
        How many neighbours a row is kept near to; fewer than the rows.
    min_dist : float
        How near points of the map may come.
    seed : int
        Of what is drawn.

    Returns
    -------
    ndarray
        ``(n, 2)``.

    Raises
    ------
    ImageError
        If there are fewer than 5 rows, or a number is missing.
    RequestError
        If umap-learn is not installed.

    Examples
    --------
    Rows with a missing number have no place on a map:

    >>> umap(np.full((30, 4), np.nan))
    Traceback (most recent call last):
    graticule.core.errors.ImageError: has rows without a number (impute them first)
    """
    import warnings

    values = _checked(rows)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from umap import UMAP
    except ImportError:
        raise _missing("UMAP", "umap-learn") from None
    method: Any = UMAP(
        n_neighbors=min(neighbours, len(values) - 1),
        min_dist=min_dist,
        random_state=seed,
        n_jobs=1,
        init="random" if len(values) < 20 else "spectral",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        return np.asarray(method.fit_transform(values), np.float64)


def _missing(name: str, package: str) -> RequestError:
    return RequestError(
        f"a map by {name} needs the package {package}", hint="pip install 'graticule[embed]'"
    )


def _checked(rows: Array) -> Array:
    values = np.ascontiguousarray(rows, np.float64)
    if values.ndim != 2 or len(values) < _LEAST or not values.shape[1]:
        raise ImageError(f"must be a table of {_LEAST} rows or more, not {values.shape}")
    if not np.isfinite(values).all():
        raise ImageError("has rows without a number", hint="impute them first")
    return values
