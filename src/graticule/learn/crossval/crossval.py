"""Methods compared on one split: every method learns from, and is judged on, the same samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graticule.core.errors import GraticuleError
from graticule.core.progress import Progress, no_progress
from graticule.evaluate.bootstrap import Interval
from graticule.learn.crossval.counts import CLASS_MEASURES, VALUE_MEASURES, difference, scored
from graticule.learn.crossval.method_run import MethodResult, MethodRun
from graticule.learn.crossval.units import units_of
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.data.labelled_items import LabelledItems
from graticule.learn.methods.method import Method
from graticule.learn.splits.splits import Fold

FAULTS = (GraticuleError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError,
          MemoryError, OSError, ImportError, AttributeError)  # fmt: skip
"""What may come of a method: it is named, and the others go on."""


@dataclass(frozen=True)
class Comparison:
    """Methods on one split.

    Attributes
    ----------
    data : LabelledImages or LabelledItems
        What they were compared on.
    folds : tuple of Fold
        The split.
    units : str
        What the intervals are over: ``images`` or ``blocks``.
    results : dict of MethodResult
        By method, those that were judged on every fold.
    failed : dict of str
        Methods that gave no answer, and why.
    unfinished : dict of int
        Methods that were stopped, and how many folds were done.
    naive : Comparison or None
        The same methods on a split that flatters.
    test : Comparison or None
        The same methods, learned from all images, on a fixed test set.
    confidence : float
        Of the intervals.
    answers : DataFrame or None
        Of whole images or objects every held-out answer, beside what is true.
    """

    data: LabelledImages | LabelledItems
    folds: tuple[Fold, ...]
    units: str
    results: dict[str, MethodResult]
    failed: dict[str, str] = field(default_factory=dict)
    unfinished: dict[str, int] = field(default_factory=dict)
    naive: Comparison | None = None
    test: Comparison | None = None
    confidence: float = 0.95
    answers: pd.DataFrame | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures; the first is what methods are ordered by."""
        return CLASS_MEASURES if self.data.classes else VALUE_MEASURES

    @property
    def main(self) -> str:
        """The measure that comes first."""
        return self.measures[0]

    @property
    def ranked(self) -> list[str]:
        """The methods, the best by the main measure first."""
        values = {name: -self.estimate(name) for name in self.results}
        return sorted(values, key=lambda name: (math.isnan(values[name]), values[name]))

    def against_best(self, name: str) -> Interval:
        """Return the main measure of a method less that of the best, with its interval."""
        best = self.results[self.ranked[0]].scores
        return difference(self.results[name].scores, best, self.main, confidence=self.confidence)

    def estimate(self, name: str) -> float:
        """Return the main measure of a method."""
        return self.results[name].scores.measures[self.main].estimate

    def naive_estimate(self, name: str) -> float | None:
        """Return the main measure of a method on the split that flatters; None without one."""
        naive = self.naive
        return naive.estimate(name) if naive is not None and name in naive.results else None

    def table(self) -> pd.DataFrame:
        """Return a row for each method, the best first."""
        rows = []
        for name in self.ranked:
            result = self.results[name]
            row: dict[str, Any] = {"method": name}
            for measure in self.measures:
                row |= _columns(measure, result.scores.measures[measure])
            naive = self.naive_estimate(name)
            if naive is not None:
                row |= {f"naive_{self.main}": naive, "optimism": naive - row[self.main]}
            if self.test is not None and name in self.test.results:
                scores = self.test.results[name].scores
                row |= _columns(f"test_{self.main}", scores.measures[self.main])
            row |= _columns("to_best", self.against_best(name))
            row |= {"fit_seconds": result.fit_seconds, "answer_seconds": result.predict_seconds}
            rows.append(row)
        return pd.DataFrame(rows)

    def fold_table(self) -> pd.DataFrame:
        """Return a row for each method and fold."""
        return pd.DataFrame(
            [
                {"method": name, "fold": self.folds[number].name, **measures}
                for name in self.ranked
                for number, measures in self.results[name].scores.by_fold.items()
            ]
        )

    def class_table(self) -> pd.DataFrame:
        """Return a row for each method and judged class."""
        names = [self.data.classes[n].name for n in self.data.scored_classes]
        return pd.DataFrame(
            [
                {"method": name, "class": own, **values}
                for name in self.ranked
                for own, values in zip(names, self.results[name].scores.by_class, strict=True)
            ]
        )


def _columns(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def compare(
    data: LabelledImages,
    methods: Sequence[Method],
    folds: Sequence[Fold],
    *,
    extra: Mapping[str, LabelledImages] | None = None,
    confidence: float = 0.95,
    intervals: bool = True,
    progress: Progress = no_progress,
) -> Comparison:
    """Judge methods by what they say of samples they have not learned from.

    In each fold a method is made anew and sees the labels of that fold's training samples alone;
    whatever it chooses (features, normalisation, thresholds), it chooses there. Stopped from the
    keyboard, it gives what is done.

    Parameters
    ----------
    data : LabelledImages
        Images with labels.
    methods : sequence of Method
        All get the same folds.
    folds : sequence of Fold
        As of `graticule.learn.splits.splits`.
    extra : mapping of LabelledImages, optional
        Further images that are only learned from, by the names in ``method.on``.
    confidence : float
        Of the intervals.
    intervals : bool
        Whether there are any; they take about a second for each method.
    progress : callable
        Called with folds done, their number over all methods, and what is going on.

    Returns
    -------
    Comparison
        A method that fails is named with the reason, and the others go on.

    Raises
    ------
    CheckError
        If a fold is judged on nothing.
    """
    by, units = units_of(data, folds)
    comparison = Comparison(data, tuple(folds), by, {}, confidence=confidence)
    total = len(methods) * len(folds)
    for place, method in enumerate(methods):

        def say(done: int, message: str, before: int = place * len(folds)) -> None:
            progress(before + done, total, message)

        run = MethodRun(method, data, folds, units, extra or {})
        try:
            run.run(say)
            scores = scored(run.held_out, len(folds), confidence=confidence, intervals=intervals)
            comparison.results[method.name] = run.result(scores)
        except FAULTS as error:  # of an estimator too: the others must not be lost for it
            kind = "" if isinstance(error, GraticuleError) else f"{type(error).__name__}: "
            comparison.failed[method.name] = f"{kind}{error}"
        except KeyboardInterrupt:
            left = [each.name for each in methods[place + 1 :]]
            comparison.unfinished.update({method.name: run.done, **dict.fromkeys(left, 0)})
            break
    return comparison
