"""DBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.typing import Array
from graticule.learn.clustering.density import assign_within, density_groups
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size


class DBSCAN(StepParameters):
    """Parameters.

    Attributes
    ----------
    eps : float
        Rows this far apart or less are neighbours.
    min_samples : int
        Neighbours of a core row, itself counted.
    """

    eps: Annotated[float, Field(gt=0)] = 0.5
    min_samples: Annotated[int, Field(ge=1, strict=True)] = 5


def fit(rows: Array, parameters: DBSCAN, seed: int) -> Fit:
    """Join core rows that are neighbours; the content has the core rows and their groups."""
    found, core = density_groups(rows, parameters.eps, parameters.min_samples)
    labels, _ = numbered_by_size(found)
    at = np.flatnonzero(core)
    at = at[np.argsort(found[at], kind="stable")]  # a row near several groups goes to the first
    facts = {"eps": parameters.eps, "core_rows": int(core.sum())}
    return Fit(labels, {"core": rows[at], "groups": labels[at]}, facts)


def apply(rows: Array, content: Mapping[str, Array], parameters: DBSCAN) -> Array:
    """Return the group of the core rows within eps; of several the one found first."""
    return assign_within(rows, content["core"], content["groups"], parameters.eps)


dbscan = ClusteringStep(
    "dbscan",
    "DBSCAN",
    DBSCAN,
    "groups",
    fit,
    apply,
    rule="the group of a core row within eps, else noise",
)
