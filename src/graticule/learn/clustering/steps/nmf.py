"""Non-negative factors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import require_rows
from graticule.learn.clustering.end_members import apply_shares, shares_fit
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters


class NMF(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many factors; one that is the largest of no row is left out.
    max_iter : int
        Most iterations.
    tol : float
        Change at which they end.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 500
    tol: Annotated[float, Field(ge=0)] = 1e-4


def fit(rows: Array, parameters: NMF, seed: int) -> Fit:
    """Fit factors without negative values (Lee and Seung 1999); the largest share is the group."""
    from sklearn.decomposition import NMF as Estimator  # noqa: N811 - one name for one thing

    from graticule.learn.clustering.centroids import quietly

    require_rows(rows, parameters.n_clusters)
    if rows.min() < 0:
        raise ImageError("non-negative factors need values of 0 or more", hint="use nfindr")
    estimator = Estimator(
        parameters.n_clusters,
        init="nndsvda",
        max_iter=parameters.max_iter,
        tol=parameters.tol,
        random_state=seed,
    )
    quietly(estimator, rows)
    facts = {
        "iterations": int(estimator.n_iter_),
        "residual": float(estimator.reconstruction_err_),
    }
    return shares_fit(rows, estimator.components_, facts)


nmf = ClusteringStep(
    "nmf",
    "non-negative factors",
    NMF,
    "groups",
    fit,
    apply_shares,
    rule="the factor of the largest share",
)
