"""k-means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graticule.core.typing import Array
from graticule.learn.clustering.centroids import nearest_centroid, require_rows
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size


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
    found = Estimator(**parameters.model_dump(), random_state=seed).fit(rows)
    return centroid_fit(found)


def centroid_fit(found: Any) -> Fit:
    """Return what a fitted estimator with centroids tells."""
    labels, order = numbered_by_size(found.labels_)
    facts = {"inertia": float(found.inertia_), "iterations": int(found.n_iter_)}
    return Fit(labels, {"centroids": found.cluster_centers_[order]}, facts)


def apply(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the nearest centroid."""
    return nearest_centroid(rows, content["centroids"])


kmeans = ClusteringStep(
    "kmeans", "k-means", KMeans, "groups", fit, apply, rule="the group of the nearest centroid"
)
