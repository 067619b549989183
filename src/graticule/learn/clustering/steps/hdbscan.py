"""HDBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.reachability import assign_by_reachability, density_tree
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size


class HDBSCAN(StepParameters):
    """Parameters.

    Attributes
    ----------
    min_cluster_size : int
        Rows that a group must have.
    min_samples : int, optional
        Neighbours, the row itself counted, within the core distance of a row; as
        ``min_cluster_size`` by default.
    cluster_selection_method : {"eom", "leaf"}
        Groups of most persistence, or the finest.
    allow_single_cluster : bool
        Whether all rows may be one group.
    """

    min_cluster_size: Annotated[int, Field(ge=2, strict=True)] = 5
    min_samples: Annotated[int, Field(ge=1, strict=True)] | None = None
    cluster_selection_method: Literal["eom", "leaf"] = "eom"
    allow_single_cluster: bool = False


def fit(rows: Array, parameters: HDBSCAN, seed: int) -> Fit:
    """Fit the tree of mutual reachability and take its most persistent groups.

    The content has the rows with their core distances, and for each group the largest mutual
    reachability distance within it.
    """
    samples = parameters.min_samples or parameters.min_cluster_size
    if samples > len(rows) or len(rows) < 2:
        raise ImageError(
            f"needs {max(2, samples)} rows or more, not {len(rows)}",
            hint="lower min_samples or give more rows",
        )
    tree = density_tree(rows, samples)
    labels, _ = numbered_by_size(tree.groups(parameters))
    reach = tree.reach(labels)
    facts = {"largest_reachability": reach.tolist(), "min_samples": samples}
    content = {"rows": rows, "groups": labels, "core_distances": tree.core_distances}
    return Fit(labels, {**content, "reach": reach}, facts)


def apply(rows: Array, content: Mapping[str, Array], parameters: HDBSCAN) -> Array:
    """Return the group of the row of smallest mutual reachability, if within its reach."""
    samples = parameters.min_samples or parameters.min_cluster_size
    return np.asarray(
        assign_by_reachability(
            rows,
            content["rows"],
            content["groups"],
            content["core_distances"],
            content["reach"],
            samples,
        ),
        np.int32,
    )


hdbscan = ClusteringStep(
    "hdbscan",
    "HDBSCAN",
    HDBSCAN,
    "groups",
    fit,
    apply,
    rule="the group of the row of smallest mutual reachability distance, if the group reaches as "
    "far, else noise",
)
