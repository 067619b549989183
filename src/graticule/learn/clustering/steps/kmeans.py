"""k-means."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import (
    assign_to_centroids,
    centroid_fit,
    require_rows,
)
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters

_SIDE_BY_SIDE = 200_000
"""Work of a pass from which on starts are worth a thread each."""


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
    require_rows(rows, parameters.n_clusters)
    return centroid_fit(rows, *best_of_starts(rows, parameters, seed))


def best_of_starts(rows: Array, parameters: KMeans, seed: int) -> tuple[Array, int]:
    """Return the centroids of the start that ends with the least inertia, and its iterations."""
    from graticule.learn.clustering._kmeans_kernels import lloyd, plus_plus

    centre = rows.mean(axis=0)
    centred = np.ascontiguousarray(rows - centre)
    count, starts = parameters.n_clusters, parameters.n_init
    tolerance = parameters.tol * float(centred.var(axis=0).mean())
    draws = np.random.default_rng(seed).random((starts, count, 2 + int(math.log(count))))

    def tried(first: int, last: int) -> list[tuple[float, Array, int]]:
        ends = []
        for start in range(first, last):
            centroids = np.empty((count, centred.shape[1]))
            plus_plus(centred, draws[start], centroids)
            labels = np.empty(len(centred), np.int32)
            inertia, iterations = lloyd(centred, centroids, labels, parameters.max_iter, tolerance)
            ends.append((float(inertia), centroids, int(iterations)))
        return ends

    worth = 1 if centred.size * count > _SIDE_BY_SIDE else starts
    ends = [end for part in map_ranges(tried, starts, least=worth) for end in part]
    _, centroids, iterations = min(ends, key=lambda end: end[0])
    return centroids + centre, iterations


kmeans = ClusteringStep(
    "kmeans",
    "k-means",
    KMeans,
    "groups",
    fit,
    assign_to_centroids,
    rule="the group of the nearest centroid",
)
