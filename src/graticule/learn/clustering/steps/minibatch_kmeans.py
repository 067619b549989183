"""k-means from batches of rows, for long tables."""

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


class MiniBatchKMeans(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many groups; one that no row is nearest to in the end is left out.
    batch_size : int
        Rows of an iteration.
    n_init : int
        Starts by k-means++ that are tried.
    max_iter : int
        Most passes over the table.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    batch_size: Annotated[int, Field(ge=1, strict=True)] = 1024
    n_init: Annotated[int, Field(ge=1, strict=True)] = 3
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 100


def fit(rows: Array, parameters: MiniBatchKMeans, seed: int) -> Fit:
    """Fit centroids by batches (Sculley 2010)."""
    from sklearn.cluster import MiniBatchKMeans as Estimator

    require_rows(rows, parameters.n_clusters)
    estimator = Estimator(**parameters.model_dump(), random_state=seed)
    quietly(estimator, rows)
    return centroid_fit(rows, estimator.cluster_centers_, int(estimator.n_iter_))


minibatch_kmeans = ClusteringStep(
    "minibatch_kmeans",
    "mini-batch k-means",
    MiniBatchKMeans,
    "groups",
    fit,
    assign_to_centroids,
    rule="the group of the nearest centroid",
)
