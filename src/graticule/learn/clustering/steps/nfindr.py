"""End members at the corners of the data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core.typing import Array
from graticule.learn.clustering.centroids import require_rows
from graticule.learn.clustering.end_members import apply_shares, largest_simplex, shares_fit
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters
from graticule.learn.clustering.steps import pca


class NFINDR(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many end members; one that is the largest of no row is left out.
    n_init : int
        Starts, of which the largest simplex is kept.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    n_init: Annotated[int, Field(ge=1, strict=True)] = 10


def fit(rows: Array, parameters: NFINDR, seed: int) -> Fit:
    """Find the rows that span the largest simplex; the largest share is the group."""
    require_rows(rows, parameters.n_clusters)
    count = parameters.n_clusters
    components = pca.PCA(n_components=max(1, min(count - 1, rows.shape[1], len(rows) - 1)))
    scores = pca.fit(rows, components, seed).result if len(rows) > 1 else rows[:, :1]
    corners = largest_simplex(scores[:, : count - 1], count, seed, parameters.n_init)
    return shares_fit(rows, rows[corners], {"corners": corners.tolist()})


nfindr = ClusteringStep(
    "nfindr",
    "N-FINDR end members",
    NFINDR,
    "groups",
    fit,
    apply_shares,
    rule="the end member of the largest share",
)
