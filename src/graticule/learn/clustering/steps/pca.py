"""Principal components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters


class PCA(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_components : int
        How many; at most the number of columns and of rows less one.
    whiten : bool
        Whether each component is divided by its standard deviation.
    """

    n_components: Annotated[int, Field(ge=1, strict=True)] = 25
    whiten: bool = False


def fit(rows: Array, parameters: PCA, seed: int) -> Fit:
    """Fit the components of largest variance, the largest loading of each being positive."""
    most = min(rows.shape[1], len(rows) - 1)
    n = parameters.n_components
    if n > most:
        raise ImageError(
            f"{n} components need {n} columns and {n + 1} rows, not {rows.shape[1]} and "
            f"{len(rows)}",
            hint=f"set n_components to {most} or less" if most else "give more rows",
        )
    mean = rows.mean(axis=0)
    centred = rows - mean
    variance, components = _components(centred, n)
    at = np.abs(components).argmax(axis=1)
    components *= np.where(components[np.arange(n), at] < 0, -1.0, 1.0)[:, None]
    total = float((centred**2).sum() / (len(rows) - 1))
    share = variance / total if total else np.zeros(n)
    content = {"mean": mean, "components": components, "variance": variance}
    facts = {
        "explained_variance_ratio": share.tolist(),
        "explained_variance": float(share.sum()),
    }
    return Fit(apply(rows, content, parameters), content, facts)


def _components(centred: Array, n: int) -> tuple[Array, Array]:
    """Return the n largest variances and their axes, from the smaller of both products."""
    from scipy.linalg import eigh

    rows, columns = centred.shape
    tall = rows >= columns
    gram = centred.T @ centred if tall else centred @ centred.T
    size = len(gram)
    values, vectors = eigh(gram, subset_by_index=(size - n, size - 1))
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    if tall:
        return values / (rows - 1), np.ascontiguousarray(vectors.T)
    axes = vectors.T @ centred
    norms = np.linalg.norm(axes, axis=1, keepdims=True)
    return values / (rows - 1), axes / np.where(norms == 0, 1, norms)


def apply(rows: Array, content: Mapping[str, Array], parameters: PCA) -> Array:
    """Return the components of rows."""
    scores = (rows - content["mean"]) @ content["components"].T
    if parameters.whiten:
        spread = np.sqrt(content["variance"])
        scores /= np.where(spread <= 1e-12 * spread.max(initial=1e-300), np.inf, spread)
    return scores


pca = ClusteringStep("pca", "principal components", PCA, "space", fit, apply)
