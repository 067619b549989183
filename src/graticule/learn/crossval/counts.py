"""Predictions for held-out samples, and the numbers made of it.

Everything is counted by units that know little of each other (images, or blocks of an image), so
that each number has an interval by resampling units. The units are the same for all methods, and
so are the draws: a difference between two methods has an interval of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np

from graticule.core.errors import CheckError
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval, bootstrap_sums
from graticule.evaluate.curves import Ranking, Reliability, ranking, reliability
from graticule.evaluate.pixels import Confusion
from graticule.learn.methods.method import Prediction

Statistic: TypeAlias = Callable[[Array], float]

FEWEST = 5
"""Fewest units that give an interval."""
CLASS_MEASURES = ("dice", "precision", "recall", "auc", "average_precision", "calibration_error")
VALUE_MEASURES = ("r2", "mean_absolute_error", "root_mean_squared_error")
_HARD = ("dice", "precision", "recall")
_AREAS = {"auc": "roc_area", "average_precision": "average_precision"}
_LEVELS, _BINS = 192, 15
_MOST = 16_000_000


@dataclass
class HeldOutCounts:
    """Counts of the predictions for held-out samples, by fold, unit and image.

    Attributes
    ----------
    classes : int
        How many there are; 0 for continuous targets.
    scored_classes : tuple of int
        Numbers of the classes that count: all, or the object alone of a mask.
    samples : int
        How many will be judged in all; of very many, every few are kept for the curves.
    """

    classes: int
    scored_classes: tuple[int, ...]
    units: int
    samples: int = 0
    confusions: dict[tuple[int, int, int], Array] = field(default_factory=dict)
    kept: dict[int, list[tuple[Array, Array]]] = field(default_factory=dict)

    def add(
        self, key: tuple[int, int, int], prediction: Prediction, truth: Array, use: Array
    ) -> None:
        """Count a prediction for a box of a fold, unit and image; ``use``: the samples scored."""
        true, predicted = truth[use], prediction.codes[use]
        if not self.classes:
            if not np.isfinite(predicted).all():
                raise CheckError("gives no value for samples that are judged")
            true = true.astype(float)
            error = predicted.astype(float) - true
            sums = [true.size, np.abs(error).sum(), error @ error, true.sum(), true @ true]
            self.confusions.setdefault(key, np.zeros((1, 5)))[0] += sums
            return
        confusion = self.confusions.setdefault(key, np.zeros((len(self.scored_classes), 4)))
        for row, number in enumerate(self.scored_classes):
            positive, actual = predicted == number, true == number
            tp = np.count_nonzero(positive & actual)
            counts = (tp, positive.sum() - tp, actual.sum() - tp)
            confusion[row] += (*counts, true.size - sum(counts))
        if prediction.probability is not None:
            step = max(1, math.ceil(self.samples / _MOST))
            values = prediction.probability[:, use][list(self.scored_classes)][:, ::step]
            if not np.isfinite(values).all():
                raise CheckError("gives no probability for samples that are judged")
            self.kept.setdefault(key[1], []).append((values, true[::step].astype(np.int16)))


@dataclass(frozen=True)
class Scores:
    """The numbers of one method.

    Attributes
    ----------
    measures : dict of Interval
        By name; NaN where a measure has no value for this method.
    rows : dict of ndarray
        Of each measure the counts of every unit it is made of.
    by_fold : dict of dict
        Measures without intervals by the number of the fold, of those that hold labels; means over
        the classes that occur in it.
    by_class : list of dict
        Measures without intervals of each judged class.
    by_image : dict of dict
        The same by the number of the image.
    curves : list of Ranking
        Of each judged class; empty for bare classes.
    reliabilities : list of Reliability
        Of each judged class; empty for bare classes.
    """

    measures: dict[str, Interval]
    rows: dict[str, Array]
    by_fold: dict[int, dict[str, float]]
    by_class: list[dict[str, float]]
    by_image: dict[int, dict[str, float]] = field(default_factory=dict)
    curves: list[Ranking] = field(default_factory=list)
    reliabilities: list[Reliability] = field(default_factory=list)


def scored(
    held_out: HeldOutCounts, folds: int, *, confidence: float = 0.95, intervals: bool = True
) -> Scores:
    """Return the numbers of what a method predicted."""
    shape = next(iter(held_out.confusions.values())).shape
    by_unit, by_fold = np.zeros((held_out.units, *shape)), np.zeros((folds, *shape))
    by_image: dict[int, Array] = {}
    for (fold, unit, image), counts in held_out.confusions.items():
        by_unit[unit] += counts
        by_fold[fold] += counts
        by_image[image] = by_image.get(image, 0) + counts
    scored_units = by_unit.sum(axis=(1, 2)) > 0
    names = _HARD if held_out.classes else VALUE_MEASURES
    rows = dict.fromkeys(names, by_unit[scored_units].reshape(int(scored_units.sum()), -1))
    measures_of = partial(_measures_of, names=names, classes=bool(held_out.classes))
    by_fold_measures = {
        number: measures_of(counts) for number, counts in enumerate(by_fold) if counts.sum() > 0
    }
    by_image_measures = {image: measures_of(counts) for image, counts in by_image.items()}
    classes = by_unit.sum(axis=0) if held_out.classes else ()
    by_class = [{name: statistic(name)(counts) for name in names} for counts in classes]
    curves: list[Ranking] = []
    reliabilities: list[Reliability] = []
    exact: dict[str, float] = {}
    if held_out.kept:
        curves, reliabilities, levels = _curves(held_out)
        for name, area in _AREAS.items():
            rows[name] = levels
            areas = [float(getattr(curve, area)) for curve in curves]
            exact[name] = float(np.mean(areas))
            for own, value in zip(by_class, areas, strict=True):
                own[name] = value
        rows["calibration_error"] = _bins(held_out)
    measures = {
        name: _interval(name, rows.get(name), exact.get(name), confidence, intervals)
        for name in (CLASS_MEASURES if held_out.classes else VALUE_MEASURES)
    }
    thin = [curve.thinned() for curve in curves]
    return Scores(
        measures, rows, by_fold_measures, by_class, by_image_measures, thin, reliabilities
    )


def _interval(
    name: str, rows: Array | None, exact: float | None, confidence: float, intervals: bool
) -> Interval:
    if rows is None or not len(rows):
        return Interval(math.nan, math.nan, math.nan, 0)
    draws = 1000 if intervals else 1
    bootstrapped = bootstrap_sums(rows, statistic(name), n=draws, confidence=confidence)
    estimate, low, high = bootstrapped.estimate, bootstrapped.low, bootstrapped.high
    if len(rows) < FEWEST or not intervals:
        low = high = math.nan
    if exact is not None:  # counts at a few thresholds give a somewhat smaller area than all
        low, high = (float(np.clip(end + exact - estimate, 0, 1)) for end in (low, high))
        estimate = exact
    return Interval(estimate, low, high, len(rows))


def difference(one: Scores, other: Scores, name: str, *, confidence: float = 0.95) -> Interval:
    """Return by how much a measure of one method is larger, with its interval over units."""
    a, b = one.rows.get(name), other.rows.get(name)
    if a is None or b is None or len(a) != len(b):
        return Interval(math.nan, math.nan, math.nan, 0)
    measure, width = statistic(name), a.shape[1]
    bootstrapped = bootstrap_sums(
        np.hstack([a, b]),
        lambda row: measure(row[:width]) - measure(row[width:]),
        confidence=confidence,
    )
    estimate = one.measures[name].estimate - other.measures[name].estimate
    if len(a) < FEWEST:
        return Interval(estimate, math.nan, math.nan, len(a))
    shift = estimate - bootstrapped.estimate
    return Interval(estimate, bootstrapped.low + shift, bootstrapped.high + shift, len(a))


def statistic(name: str) -> Statistic:
    """Return a measure as a function of a row of counts that add up over units."""
    if name in VALUE_MEASURES:
        return partial(_of_sums, name)
    shape: tuple[int, ...] = (4,)
    of_class: Statistic = partial(_of_counts, name)
    if name in _AREAS:
        shape, of_class = (2, _LEVELS), partial(_of_levels, _AREAS[name])
    elif name == "calibration_error":
        shape, of_class = (3, _BINS), _gap
    return lambda row: float(np.mean([of_class(counts) for counts in row.reshape(-1, *shape)]))


def _measures_of(counts: Array, *, names: Sequence[str], classes: bool) -> dict[str, float]:
    """Return measures of a part of what was judged.

    A class that does not occur in it has nothing to be found; what was wrongly taken for it is
    missing from the others.
    """
    present = counts[counts[:, 0] + counts[:, 2] > 0] if classes else counts
    scored = present if len(present) else counts
    return {name: statistic(name)(scored.ravel()) for name in names}


def _of_counts(name: str, counts: Array) -> float:
    return float(getattr(Confusion(*map(round, counts.tolist())), name))


def _of_levels(name: str, counts: Array) -> float:
    inside, outside = np.cumsum(counts[:, ::-1], axis=1)
    reached = inside + outside > 0
    inside, outside = inside[reached], outside[reached]
    return float(getattr(Ranking(inside, inside, outside), name))


def _gap(counts: Array) -> float:
    """Return the expected calibration error of samples, sums of probability and truths by bin."""
    total = counts[0].sum()
    return float(np.abs(counts[1] - counts[2]).sum() / total) if total else math.nan


def _of_sums(name: str, row: Array) -> float:
    n, absolute, squared, true, true_squared = (float(value) for value in row)
    if n == 0:
        return math.nan
    if name == "mean_absolute_error":
        return absolute / n
    if name == "root_mean_squared_error":
        return math.sqrt(squared / n)
    spread = true_squared - true * true / n
    return 1 - squared / spread if spread > 0 else math.nan


def _curves(held_out: HeldOutCounts) -> tuple[list[Ranking], list[Reliability], Array]:
    """Return the curves of each class over all samples, and the counts of every unit by level."""
    units = sorted(held_out.kept)
    codes = np.concatenate([true for unit in units for _, true in held_out.kept[unit]])
    curves, reliabilities, rows = [], [], []
    for row, number in enumerate(held_out.scored_classes):
        values = np.concatenate([v[row] for unit in units for v, _ in held_out.kept[unit]])
        truth = codes == number
        curve = ranking(values, truth)
        curves.append(curve)
        reliabilities.append(reliability(np.clip(values, 0, 1), truth, bins=_BINS))
        edges = curve.thinned(_LEVELS).thresholds[::-1]
        rows.append([_by_level(held_out.kept[unit], row, number, edges) for unit in units])
    return curves, reliabilities, np.stack(rows, axis=1).reshape(len(units), -1)


def _by_level(pieces: Sequence[tuple[Array, Array]], row: int, number: int, edges: Array) -> Array:
    counts = np.zeros((2, _LEVELS))
    for values, true in pieces:
        at = np.clip(np.searchsorted(edges, values[row], side="right") - 1, 0, _LEVELS - 1)
        for half, selected in enumerate((true == number, true != number)):
            counts[half] += np.bincount(at[selected], minlength=_LEVELS)
    return counts


def _bins(held_out: HeldOutCounts) -> Array:
    rows = []
    for unit in sorted(held_out.kept):
        counts = np.zeros((len(held_out.scored_classes), 3, _BINS))
        for values, true in held_out.kept[unit]:
            for row, number in enumerate(held_out.scored_classes):
                at = np.minimum((values[row] * _BINS).astype(int), _BINS - 1)
                for part, weights in enumerate((None, values[row], true == number)):
                    counts[row, part] += np.bincount(at, weights=weights, minlength=_BINS)
        rows.append(counts.ravel())
    return np.array(rows)
