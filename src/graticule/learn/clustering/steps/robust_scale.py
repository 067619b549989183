"""Columns of median 0 and the spread of a standard normal, whatever their outliers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.typing import Array
from graticule.learn.clustering.scaling import Scale, fit_scale
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters

_NORMAL_IQR = 1.3489795003921634


class RobustScale(StepParameters):
    """Parameters.

    Attributes
    ----------
    clip : float, optional
        Scaled values beyond plus and minus this are set to it, so that a single outlier of a
        single feature does not rule all distances.
    """

    clip: Annotated[float, Field(gt=0)] | None = None


def fit(rows: Array, parameters: RobustScale, seed: int) -> Fit:
    """Fit the median, and the interquartile range over 1.349, its value for a normal.

    Where the quartiles are equal, the standard deviation is taken instead, which the facts say.
    """
    low, centre, high = np.percentile(rows, [25, 50, 75], axis=0)
    scale = (high - low) / _NORMAL_IQR
    equal = scale == 0
    scale[equal] = rows.std(axis=0)[equal]
    found = fit_scale(rows, Scale(centre, scale, parameters.clip))
    return Fit(found.result, found.content, {**found.facts, "equal_quartiles": int(equal.sum())})


def apply(rows: Array, content: Mapping[str, Array], parameters: RobustScale) -> Array:
    """Return rows less the median, over the scale, clipped."""
    return Scale(content["centre"], content["scale"], parameters.clip).apply(rows)


robust_scale = ClusteringStep(
    "robust_scale", "robustly scaled columns", RobustScale, "space", fit, apply
)
