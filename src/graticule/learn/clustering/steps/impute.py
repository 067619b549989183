"""Missing numbers filled with the median of their column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.step import ClusteringStep, Fit, StepParameters


class Impute(StepParameters):
    """No parameters."""


def fit(rows: Array, parameters: Impute, seed: int) -> Fit:
    """Fit the median of each column; a column without any number is refused."""
    missing = np.isnan(rows)
    empty = np.flatnonzero(missing.all(axis=0))
    if empty.size:
        raise ImageError(
            f"{empty.size} columns hold no number at all, the first is column {empty[0]}",
            hint="leave them out",
        )
    content = {"median": np.nanmedian(rows, axis=0)}
    facts = {"filled": int(missing.sum()), "rows_filled": int(missing.any(axis=1).sum())}
    return Fit(apply(rows, content, parameters), content, facts)


def apply(rows: Array, content: Mapping[str, Array], parameters: Impute) -> Array:
    """Return rows whose missing numbers are those of the training table's medians."""
    return np.where(np.isnan(rows), content["median"], rows)


impute = ClusteringStep(
    "impute", "missing numbers filled", Impute, "space", fit, apply, missing=True
)
