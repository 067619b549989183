"""What variants are ranked by: scores against truth, and agreement among themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.compare.trial import Trial
from graticule.core.image import Kind
from graticule.evaluate.instances import match
from graticule.evaluate.partitions import adjusted_rand_index
from graticule.evaluate.pixels import confusion
from graticule.evaluate.residuals import root_mean_squared_error

MEASURES = {
    "agreement": "mean agreement with the others",
    "dice": "Dice coefficient",
    "average_precision": "average precision at IoU 0.5",
    "correlation": "correlation with the truth",
}


def measure_of(kind: Kind, *, by_truth: bool) -> str:
    """Return what results of a kind are ranked by."""
    if not by_truth:
        return "agreement"
    return {Kind.MASK: "dice", Kind.LABELS: "average_precision"}.get(kind, "correlation")


def agreement(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return how far each two variants agree: Dice, adjusted Rand index or correlation by kind.

    Variants without a result agree with none (NaN).
    """
    names = [trial.variant.name for trial in trials]
    matrix = np.full((len(trials), len(trials)), np.nan)
    for one, two in itertools.combinations_with_replacement(range(len(trials)), 2):
        first, second = trials[one], trials[two]
        if first.value is not None and second.value is not None:
            alike = _AGREEMENTS.get(first.kind, _correlation)
            both = alike(first.value, second.value) if one != two else 1.0
            matrix[one, two] = matrix[two, one] = both
    return pd.DataFrame(matrix, index=names, columns=names)


_AGREEMENTS: dict[Kind, Callable[[Any, Any], float]] = {
    Kind.MASK: lambda first, second: confusion(first, second).dice,
    Kind.LABELS: adjusted_rand_index,
}


def _correlation(first: xr.DataArray, second: xr.DataArray) -> float:
    """Return the correlation where both are finite; NaN where one is constant."""
    one, two = (image.values.astype(float).ravel() for image in (first, second))
    known = np.isfinite(one) & np.isfinite(two)
    one, two = one[known], two[known]
    if one.size < 2 or np.ptp(one) == 0 or np.ptp(two) == 0:
        return float("nan")
    return float(np.corrcoef(one, two)[0, 1])


def scores(value: xr.DataArray, kind: Kind, truth: Any) -> dict[str, float]:
    """Return the scores of a result against the truth, the one it is ranked by first.

    A mask is held against what is not 0 in the truth, labels against its objects, an image
    against its values. Raise `ImageError` if they are not of one size.
    """
    if kind is Kind.MASK:
        counts = confusion(value, truth != 0)
        return {"dice": counts.dice, "precision": counts.precision, "recall": counts.recall}
    if kind is Kind.LABELS:
        pairs = match(value, truth)
        return {
            "average_precision": pairs.average_precision,
            "panoptic_quality": pairs.panoptic_quality,
            "count_error": pairs.found - pairs.true,
        }
    return {
        "correlation": _correlation(value, truth),
        "rmse": root_mean_squared_error(value, truth),
    }
