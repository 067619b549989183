"""Groups of any shape, each of several Gaussians of a mixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import require_rows
from graticule.learn.clustering.merging import merging
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size
from graticule.learn.clustering.steps import gaussian_mixture

LEAST_COMPONENTS = 12
_BY_GROUP = 3


class MergedMixture(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_clusters : int
        How many groups.
    n_components : int, optional
        Gaussians that are merged to groups; 3 for each group and 12 at least by default, and
        fewer where there are not ten rows for each of their means.
    n_init : int
        Starts by k-means, of which the likeliest end is kept.
    max_iter : int
        Most steps of a start.
    min_share : float
        Share of the rows below which a Gaussian is of stray rows, no group of its own.
    """

    n_clusters: Annotated[int, Field(ge=1, strict=True)] = 2
    n_components: Annotated[int, Field(ge=1, strict=True)] | None = None
    n_init: Annotated[int, Field(ge=1, strict=True)] = 2
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 200
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.02


def fit(rows: Array, parameters: MergedMixture, seed: int) -> Fit:
    """Fit a mixture with more Gaussians than groups, and merge those that overlap most."""
    require_rows(rows, parameters.n_clusters)
    wanted = parameters.n_components or max(LEAST_COMPONENTS, _BY_GROUP * parameters.n_clusters)
    if wanted < parameters.n_clusters:
        raise ImageError(
            f"{parameters.n_clusters} groups cannot be made of {wanted} components",
            hint="raise n_components",
        )
    most = max(parameters.n_clusters, len(rows) // (10 * rows.shape[1]))
    scale = float(rows.var(axis=0).max())
    inner = gaussian_mixture.GaussianMixture(
        n_components=min(wanted, most),
        n_init=parameters.n_init,
        max_iter=parameters.max_iter,
        reg_covar=max(1e-6 * scale, 1e-12),
    )
    made = gaussian_mixture.fit(rows, inner, seed)
    merged = merging(gaussian_mixture.posterior(rows, made.content, inner), parameters.min_share)
    owners = merged.owners(parameters.n_clusters)
    content = {**made.content, "owners": owners}
    found = posterior(rows, content, parameters).argmax(axis=1)
    labels, order = numbered_by_size(found)
    place = np.full(int(owners.max()) + 1, len(order), np.int64)
    place[order] = np.arange(len(order))
    content["owners"] = place[owners]
    left = len(merged.overlaps) - (parameters.n_clusters - 1)
    facts = {
        "components": len(owners),
        "overlaps": merged.overlaps.tolist(),
        "last_merged_overlap": float(merged.overlaps[left - 1]) if left > 0 else None,
        "next_overlap": float(merged.overlaps[left]) if 0 <= left < len(merged.overlaps) else None,
        "bic": made.facts["bic"],
        "converged": made.facts["converged"],
    }
    return Fit(labels, content, facts)


def posterior(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the probability of each group (columns) for each row."""
    inner = gaussian_mixture.GaussianMixture(n_components=len(content["means"]))
    of_components = gaussian_mixture.posterior(rows, content, inner)
    owners = content["owners"]
    found = np.zeros((len(rows), int(owners.max()) + 1))
    for component, owner in enumerate(owners.tolist()):
        found[:, owner] += of_components[:, component]
    return found


def apply(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the largest posterior."""
    return np.asarray(posterior(rows, content, parameters).argmax(axis=1), np.int32)


merged_mixture = ClusteringStep(
    "merged_mixture",
    "merged Gaussian mixture",
    MergedMixture,
    "groups",
    fit,
    apply,
    rule="the group of the largest posterior probability",
)
