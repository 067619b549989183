"""Columns of mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Mapping

from graticule.core.typing import Array
from graticule.learn.clustering.scaling import Scale, fit_scale
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters


class Standardise(StepParameters):
    """No parameters."""


def fit(rows: Array, parameters: Standardise, seed: int) -> Fit:
    """Fit mean and standard deviation; a constant column becomes 0."""
    return fit_scale(rows, Scale(rows.mean(axis=0), rows.std(axis=0)))


def apply(rows: Array, content: Mapping[str, Array], parameters: Standardise) -> Array:
    """Return rows less the mean, over the standard deviation."""
    return Scale(content["centre"], content["scale"]).apply(rows)


standardise = ClusteringStep(
    "standardise", "standardised columns", Standardise, "space", fit, apply
)
