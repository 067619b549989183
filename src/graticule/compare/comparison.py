"""What a comparison found: a row for each variant, its agreement with the others, and the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from graticule.compare.scoring import agreement, measure_of, scores
from graticule.compare.trial import Trial
from graticule.core.errors import RequestError
from graticule.evaluate.bootstrap import bootstrap


@dataclass(frozen=True)
class ImageTrials:
    """All variants tried on one image: its name, itself, and what is true where that is known."""

    image: str
    source: object
    trials: Sequence[Trial]
    truth: object = None


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes
    ----------
    rows : DataFrame
        A row for each variant and image: the numbers of the outputs, scores, agreement and time.
    summary : DataFrame
        A row for each variant, the best first: means over the images, and for what they are
        ranked by an interval over the images.
    agreement : DataFrame
        How far each variant agrees with each other one, by name; the mean over the images.
    measure : str
        What the variants are ranked by.
    by_truth : bool
        Whether that is a score against truth; if not, it is the agreement with the others.
    """

    rows: pd.DataFrame
    summary: pd.DataFrame
    agreement: pd.DataFrame
    measure: str
    by_truth: bool

    @property
    def faults(self) -> dict[str, str]:
        """Why a variant gave no result, by the names of variant and image."""
        if "fault" not in self.rows:
            return {}
        failed = self.rows[self.rows["fault"].notna()]
        return {
            f"{row['way']} on {row['image']}": str(row["fault"]) for _, row in failed.iterrows()
        }

    @property
    def is_alone(self) -> bool:
        """Whether one variant alone gave a result, so that there is nothing to rank."""
        if "fault" not in self.rows:
            return False
        return int(self.rows["way"][self.rows["fault"].isna()].nunique()) == 1

    @property
    def best(self) -> str:
        """Name of the best variant."""
        return str(self.summary["way"].iloc[0])


def compare_trials(images: Sequence[ImageTrials]) -> Comparison:
    """Score every variant on every image, and rank them.

    Without truth a variant is ranked by how far it agrees with the others on average. That is the
    opinion of the majority and no proof: methods of one kind may be wrong together.

    Raises
    ------
    RequestError
        If no variant gave a result on any image.
    """
    by_truth = any(image.truth is not None for image in images)
    rows, matrices = [], []
    for image in images:
        matrix = agreement(image.trials)
        matrices.append(matrix)
        rows += [_row(image, trial, matrix) for trial in image.trials]
    table = pd.DataFrame(rows)
    kinds = [trial.kind for image in images for trial in image.trials if trial.value is not None]
    if not kinds:
        faults = sorted({trial.fault for image in images for trial in image.trials})
        raise RequestError(f"no way gave a result: {faults[0]}")
    measure = measure_of(kinds[0], by_truth=by_truth)
    summary = _summary(table, measure)
    units = {k: v for image in images for trial in image.trials for k, v in trial.units.items()}
    table.attrs["units"] = summary.attrs["units"] = units
    return Comparison(table, summary, _mean(matrices), measure, by_truth)


def _row(image: ImageTrials, trial: Trial, matrix: pd.DataFrame) -> dict[str, object]:
    row: dict[str, object] = {"image": image.image, "way": trial.variant.name}
    if trial.value is None:
        return {**row, "fault": trial.fault}
    if image.truth is not None:
        row |= scores(trial.value, trial.kind, image.truth)
    index = list(matrix.columns).index(trial.variant.name)
    others = np.delete(matrix.to_numpy(float)[index], index)
    known = others[np.isfinite(others)]
    row["agreement"] = float(known.mean()) if known.size else float("nan")
    return {**row, "seconds": trial.seconds, **trial.measurements}


def _summary(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return means by variant, the best first; a variant that failed on an image comes last."""
    numbers = table.select_dtypes(include=["number", "bool"]).columns
    grouped = table.groupby("way", sort=False)
    summary = grouped[list(numbers)].mean().reset_index()
    if table["image"].nunique() > 1:
        intervals = [_interval(values.to_numpy(float)) for _, values in grouped[measure]]
        position = summary.columns.get_loc(measure)
        assert isinstance(position, int)
        summary.insert(position + 1, f"{measure}_low", [low for low, _ in intervals])
        summary.insert(position + 2, f"{measure}_high", [high for _, high in intervals])
    failed = table["fault"].notna() if "fault" in table else pd.Series(False, index=table.index)
    summary["failed"] = failed.groupby(table["way"], sort=False).sum().to_numpy()
    order = np.lexsort((-summary[measure].fillna(-np.inf).to_numpy(), summary["failed"].to_numpy()))
    if not summary["failed"].any():
        summary = summary.drop(columns="failed")
    return summary.iloc[order].reset_index(drop=True)


def _interval(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the ends of the interval over images; NaN where no image has a value."""
    if not np.isfinite(values).any():
        return float("nan"), float("nan")
    interval = bootstrap(values)
    return interval.low, interval.high


def _mean(matrices: Sequence[pd.DataFrame]) -> pd.DataFrame:
    stacked = np.stack([matrix.to_numpy(float) for matrix in matrices])
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0).sum(axis=0)
    count = known.sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return pd.DataFrame(mean, index=matrices[0].index, columns=matrices[0].columns)
