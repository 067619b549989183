"""k-means."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core.typing import Array
from graticule.learn.clustering.centroids import (
    assign_to_centroids,
    centroid_fit,
    quietly,
    require_rows,
)
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters


class KMeans(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many groups.
    n_init : int
        Starts by k-means++, of which the one of the smallest inertia is kept.
    max_iter : int
        Most iterations of a start.
    tol : float
        Shift of the centroids, relative to the variance, at which a start ends.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    n_init: Annotated[int, Field(ge=1, strict=True)] = 10
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 300
    tol: Annotated[float, Field(ge=0)] = 1e-4


def fit(rows: Array, parameters: KMeans, seed: int) -> Fit:
    """Fit centroids by Lloyd's iterations."""
    from sklearn.cluster import KMeans as Estimator

    require_rows(rows, parameters.n_clusters)
    return centroid_fit(
        rows, quietly(Estimator(**parameters.model_dump(), random_state=seed), rows)
    )


kmeans = ClusteringStep(
    "kmeans",
    "k-means",
    KMeans,
    "groups",
    fit,
    assign_to_centroids,
    rule="the group of the nearest centroid",
)
