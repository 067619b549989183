"""Mixture of Gaussians."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.centroids import quietly, require_rows
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters, numbered_by_size


class GaussianMixture(StepParameters):
    """Parameters.

    Attributes
    ----------
    n_components : int
        How many Gaussians; one that is the likeliest of no row is left out of the groups.
    covariance_type : {"full", "tied", "diag", "spherical"}
        What is free in their covariances.
    n_init : int
        Starts by k-means, of which the likeliest end is kept.
    reg_covar : float
        Added to the variances.
    max_iter : int
        Most steps of a start.
    """

    n_components: Annotated[int, Field(ge=1, strict=True)] = 2
    covariance_type: Literal["full", "tied", "diag", "spherical"] = "full"
    n_init: Annotated[int, Field(ge=1, strict=True)] = 3
    reg_covar: Annotated[float, Field(ge=0)] = 1e-6
    max_iter: Annotated[int, Field(ge=1, strict=True)] = 200


def fit(rows: Array, parameters: GaussianMixture, seed: int) -> Fit:
    """Fit by expectation and maximisation; facts have BIC and AIC, smaller is better."""
    from sklearn.mixture import GaussianMixture as Estimator

    require_rows(rows, parameters.n_components)
    if len(rows) < 2:
        raise ImageError("a Gaussian needs two rows, not 1", hint="give more rows")
    estimator = Estimator(**parameters.model_dump(), random_state=seed)
    try:
        quietly(estimator, rows)
    except ValueError as error:  # a covariance that is not positive definite
        raise ImageError(
            f"the covariance of a group is singular ({str(error).partition('.')[0].lower()})",
            hint="reduce by pca first, raise reg_covar, or take fewer components",
        ) from None
    labels, order = numbered_by_size(estimator.predict(rows))
    facts = {
        "bic": float(estimator.bic(rows)),
        "aic": float(estimator.aic(rows)),
        "log_likelihood": float(estimator.score(rows) * len(rows)),
        "iterations": int(estimator.n_iter_),
        "converged": bool(estimator.converged_),
    }
    tied = parameters.covariance_type == "tied"
    cholesky = estimator.precisions_cholesky_
    content = {
        "weights": estimator.weights_[order],
        "means": estimator.means_[order],
        "precisions_cholesky": cholesky if tied else cholesky[order],
    }
    return Fit(labels, content, facts)


def posterior(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the probability of each group (columns) for each row."""
    from sklearn.mixture import GaussianMixture as Estimator

    estimator = Estimator(len(content["means"]), covariance_type=parameters.covariance_type)
    estimator.weights_ = content["weights"] / content["weights"].sum()
    estimator.means_ = content["means"]
    estimator.precisions_cholesky_ = content["precisions_cholesky"]
    probability: Array = estimator.predict_proba(rows)
    return probability


def apply(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the largest posterior."""
    return np.asarray(posterior(rows, content, parameters).argmax(axis=1), np.int32)


gaussian_mixture = ClusteringStep(
    "gaussian_mixture",
    "Gaussian mixture",
    GaussianMixture,
    "groups",
    fit,
    apply,
    rule="the group of the largest posterior probability",
)
