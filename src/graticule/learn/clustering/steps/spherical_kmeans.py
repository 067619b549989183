"""k-means of directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import require_rows
from graticule.learn.clustering.end_members import unit_rows
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size
from graticule.learn.clustering.steps.kmeans import KMeans, best_of_starts


class SphericalKMeans(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many groups.
    n_init : int
        Starts by k-means++, of which the one of the smallest inertia is kept.
    max_iter : int
        Most iterations.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    n_init: Annotated[int, Field(ge=1, strict=True)] = 10
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 300


def fit(rows: Array, parameters: SphericalKMeans, seed: int) -> Fit:
    """Fit directions by Lloyd's iterations on the sphere (Dhillon and Modha 2001).

    Brightness and thickness are factors of a row and change nothing. Rows of length 0 have no
    direction and are refused.
    """
    directions = unit_rows(rows)
    if not (directions != 0).any(axis=1).all():
        raise ImageError(
            "a row that is 0 everywhere has no direction", hint="leave such rows out, or use kmeans"
        )
    require_rows(directions, parameters.n_clusters)
    start = KMeans(**parameters.model_dump())
    centroids = unit_rows(best_of_starts(directions, start, seed)[0])
    found = (directions @ centroids.T).argmax(axis=1)
    iterations = 0
    for _ in range(parameters.max_iter):
        iterations += 1
        for group in np.unique(found):
            centroids[group] = unit_rows(directions[found == group].mean(axis=0)[None])[0]
        before, found = found, (directions @ centroids.T).argmax(axis=1)
        if (found == before).all():
            break
    labels, order = numbered_by_size(found)
    cosine = np.einsum("ij,ij->i", directions, centroids[order][labels])
    facts = {"mean_cosine": float(cosine.mean()), "iterations": iterations}
    return Fit(labels, {"centroids": centroids[order]}, facts)


def apply(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the direction at the smallest angle."""
    return np.asarray((rows @ content["centroids"].T).argmax(axis=1), np.int32)


spherical_kmeans = ClusteringStep(
    "spherical_kmeans",
    "spherical k-means",
    SphericalKMeans,
    "groups",
    fit,
    apply,
    rule="the group of the direction at the smallest angle",
)
