"""Agglomerative clustering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from graticule.core.errors import ImageError, MemoryBudgetError, ParameterError
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import nearest_centroid, require_rows
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size

_MOST_ROWS = 30_000
"""Their distances take 3.6 GB."""


Linkage: TypeAlias = Literal["ward", "average", "complete", "single"]


class Agglomerative(StepParameters):
    """Parameters; one of ``n_clusters`` and ``distance_threshold``.

    Attributes
    ----------
    linkage : {"ward", "average", "complete", "single"}
        How far groups are apart.
    n_clusters : int, optional
        How many groups; 2 where no threshold is given.
    distance_threshold : float, optional
        Groups this far apart or more stay apart.
    """

    linkage: Linkage = "ward"
    n_clusters: Annotated[int, Field(ge=1, strict=True)] | None = None
    distance_threshold: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if self.n_clusters is not None and self.distance_threshold is not None:
            raise ParameterError(
                "must say n_clusters or distance_threshold, not both", hint="leave one out"
            )
        return self


def fit(rows: Array, parameters: Agglomerative, seed: int) -> Fit:
    """Merge the two nearest groups until those that are asked for are left.

    The content has ``linkage`` as of SciPy: (rows - 1, 4), the two groups merged, their distance
    and the rows of the new one, for a dendrogram.
    """
    merges = linkage_of(rows, parameters.linkage)
    distances = merges[:, 2]
    if parameters.distance_threshold is not None:
        groups = int((distances >= parameters.distance_threshold).sum()) + 1
    else:
        groups = 2 if parameters.n_clusters is None else parameters.n_clusters
        require_rows(rows, groups)
    labels, _ = numbered_by_size(cut(merges, groups))
    facts = {
        "merge_distances": distances[::-1][:50].tolist(),
        "last_merge_within": float(distances[-groups]) if groups <= len(distances) else 0.0,
        "next_merge": float(distances[-groups + 1]) if groups > 1 else None,
    }
    return Fit(labels, {"rows": rows, "groups": labels, "linkage": merges}, facts)


def linkage_of(rows: Array, method: Linkage) -> Array:
    """Return the merges of rows, as `scipy.cluster.hierarchy.linkage`.

    Raises
    ------
    ImageError
        If there is one row.
    MemoryBudgetError
        If the distances of all pairs would be too many.
    """
    from scipy.cluster.hierarchy import linkage

    if len(rows) < 2:
        raise ImageError("there is nothing to merge in 1 row", hint="give more rows")
    if len(rows) > _MOST_ROWS:
        raise MemoryBudgetError(
            f"the distances of {len(rows):,} rows take {4e-9 * len(rows) ** 2:.0f} GB; at most "
            f"{_MOST_ROWS:,} rows are merged",
            hint="cluster the units of a self-organising map, or use hdbscan or kmeans",
        )
    merges: Array = linkage(rows, method)
    return merges


def cut(merges: Array, groups: int) -> Array:
    """Return the group of each row after all merges but the last ``groups - 1``.

    Unlike `scipy.cluster.hierarchy.fcluster` there are as many groups as asked for, whatever
    distances are equal.

    Examples
    --------
    >>> merges = linkage_of(np.array([[0.0], [1], [10], [11], [50]]), "average")
    >>> numbered_by_size(cut(merges, 3))[0].tolist()
    [0, 0, 1, 1, 2]
    """
    rows = len(merges) + 1
    owner = np.arange(2 * rows - 1)
    done = rows - groups
    for number in range(done):
        owner[merges[number, :2].astype(int)] = rows + number
    for node in range(rows + done - 1, -1, -1):  # a group stands after its parts
        owner[node] = owner[owner[node]]
    return owner[:rows]


def apply(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the nearest row of the table that was clustered."""
    return np.asarray(content["groups"][nearest_centroid(rows, content["rows"])], np.int32)


agglomerative = ClusteringStep(
    "agglomerative",
    "agglomerative clustering",
    Agglomerative,
    "groups",
    fit,
    apply,
    rule="the group of the nearest row that was clustered",
)
