"""Methods compared on one split: every method learns from, and is judged on, the same samples."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.errors import CheckError, GraticuleError
from graticule.core.scope import Region
from graticule.evaluate.bootstrap import Interval
from graticule.learn._units import Unit, display, units_of
from graticule.learn.data import Data
from graticule.learn.document import REAL
from graticule.learn.judging import CLASS_MEASURES, VALUE_MEASURES, Said, Scores, difference, scored
from graticule.learn.methods import Fitted, Lesson, Method
from graticule.learn.splits import Fold

Array: TypeAlias = np.ndarray[Any, Any]
Tell: TypeAlias = Callable[[int, int, str], None]
Box: TypeAlias = tuple[slice, ...]

SHOWN = 4
"""Images of which the answers are kept as pictures."""


@dataclass(frozen=True)
class Result:
    """What came of one method.

    Attributes
    ----------
    scores : Scores
        Its numbers.
    fit_seconds : float
        Time to learn, in the mean of the folds.
    answer_seconds : float
        Time to answer for a million samples.
    pictures : dict of ndarray
        Its out-of-fold answers of the first images, thinned; -1 where there is none.
    """

    scores: Scores
    fit_seconds: float
    answer_seconds: float
    pictures: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Methods on one split.

    Attributes
    ----------
    data : Data
        What they were compared on.
    folds : tuple of Fold
        The split.
    units : str
        What the intervals are over: ``images`` or ``blocks``.
    results : dict of Result
        By method, those that were judged on every fold.
    failed : dict of str
        Methods that gave no answer, and why.
    unfinished : dict of int
        Methods that were stopped, and how many folds were done.
    naive : Comparison or None
        The same methods on a split that flatters.
    """

    data: Data
    folds: tuple[Fold, ...]
    units: str
    results: dict[str, Result]
    failed: dict[str, str] = field(default_factory=dict)
    unfinished: dict[str, int] = field(default_factory=dict)
    naive: Comparison | None = None

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

        def key(name: str) -> float:
            value = self.results[name].scores.measures[self.main].estimate
            return math.inf if math.isnan(value) else -value

        return sorted(self.results, key=key)

    def against_best(self, name: str) -> Interval:
        """Return the main measure of a method less that of the best, with its interval."""
        best = self.results[self.ranked[0]].scores
        return difference(self.results[name].scores, best, self.main)

    def table(self) -> pd.DataFrame:
        """Return a row for each method, the best first."""
        rows = []
        for name in self.ranked:
            result = self.results[name]
            row: dict[str, Any] = {"method": name}
            for measure in self.measures:
                found = result.scores.measures[measure]
                row |= {measure: found.estimate, f"{measure}_low": found.low,
                        f"{measure}_high": found.high}  # fmt: skip
            if self.naive is not None and name in self.naive.results:
                naive = self.naive.results[name].scores.measures[self.main].estimate
                row |= {f"naive_{self.main}": naive, "optimism": naive - row[self.main]}
            gap = self.against_best(name)
            row |= {"to_best": gap.estimate, "to_best_low": gap.low, "to_best_high": gap.high}
            row |= {"fit_seconds": result.fit_seconds, "answer_seconds": result.answer_seconds}
            rows.append(row)
        return pd.DataFrame(rows)

    def fold_table(self) -> pd.DataFrame:
        """Return a row for each method and fold."""
        return pd.DataFrame(
            [
                {"method": name, "fold": fold.name, **own}
                for name in self.ranked
                for fold, own in zip(
                    self.folds, self.results[name].scores.by_fold, strict=False
                )
            ]
        )  # fmt: skip

    def class_table(self) -> pd.DataFrame:
        """Return a row for each method and judged class."""
        names = [self.data.classes[n].name for n in self.data.judged]
        return pd.DataFrame(
            [
                {"method": name, "class": own, **values}
                for name in self.ranked
                for own, values in zip(names, self.results[name].scores.by_class, strict=True)
            ]
        )


def compare(
    data: Data,
    methods: Sequence[Method],
    folds: Sequence[Fold],
    *,
    extra: Mapping[str, Data] | None = None,
    options: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    tell: Tell = lambda done, total, message: None,
) -> Comparison:
    """Judge methods by what they say of samples they have not learned from.

    In each fold a method is made anew and sees the labels of that fold's training samples alone;
    whatever it chooses (features, normalisation, thresholds), it chooses there. Stopped from the
    keyboard, it gives what is done.

    Parameters
    ----------
    data : Data
        Images with labels.
    methods : sequence of Method
        All get the same folds.
    folds : sequence of Fold
        As of `graticule.learn.splits`.
    extra : mapping of Data, optional
        Further images that are only learned from, by the names in ``method.on``.
    options : mapping, optional
        Given to the fitting of networks.
    confidence : float
        Of the intervals.
    tell : callable
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
    found = Comparison(data, tuple(folds), by, {})
    at = _Counter(len(methods) * len(folds), tell)
    for method in methods:
        run = _Run(method, data, folds, units, extra or {}, options or {})
        try:
            run.all(at)
            scores = scored(run.said, len(folds), confidence=confidence)
            found.results[method.name] = run.result(scores)
        except GraticuleError as error:
            found.failed[method.name] = str(error)
            at.skip(len(folds) - run.done)
        except KeyboardInterrupt:
            found.unfinished[method.name] = run.done
            left = methods[list(methods).index(method) + 1 :]
            return replace(found, unfinished={
                **found.unfinished, **{each.name: 0 for each in left}})  # fmt: skip
    return found


@dataclass
class _Counter:
    total: int
    tell: Tell
    done: int = 0

    def say(self, message: str) -> None:
        self.tell(self.done, self.total, message)

    def skip(self, count: int) -> None:
        self.done += count


@dataclass
class _Run:
    """One method through all folds."""

    method: Method
    data: Data
    folds: Sequence[Fold]
    units: Mapping[int, Sequence[Unit]]
    extra: Mapping[str, Data]
    options: Mapping[str, Any]
    done: int = 0
    fit_seconds: float = 0.0
    answer_seconds: float = 0.0
    answered: int = 0
    pictures: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = 1 + max(unit.number for own in self.units.values() for unit in own)
        self.said = Said(len(self.data.classes), self.data.judged, count, self.data.samples)

    def all(self, counter: _Counter) -> None:
        for number, fold in enumerate(self.folds):
            counter.say(f"{self.method.name}: {fold.name}, learning")
            start = time.perf_counter()
            fitted = self.method.fit(lesson_of(self.data, fold, self.method, self.extra,
                                               self.options))  # fmt: skip
            self.fit_seconds += time.perf_counter() - start
            counter.say(f"{self.method.name}: {fold.name}, answering")
            self.judge(fitted, number, fold)
            self.done += 1
            counter.done += 1
            counter.say(f"{self.method.name}: {fold.name}")

    def judge(self, fitted: Fitted, number: int, fold: Fold) -> None:
        held = 0
        for index, mask in enumerate(fold.test):
            if mask is None:
                continue
            image = self.data.images[index]
            dims = filtered_dims(image)
            known = mask.transpose(*dims).values & self.data.known(index)
            if not known.any():
                continue
            truth = self.data.truth(index)
            for box in boxes(fold, index, known):
                start = time.perf_counter()
                region = Region({d: (s.start, s.stop) for d, s in zip(dims, box, strict=True)})
                answer = fitted.answer(image, region)
                self.answer_seconds += time.perf_counter() - start
                self.answered += answer.codes.size
                held += self._count(number, index, box, answer, truth, known)
                if index < SHOWN:
                    self._picture(index, box, answer.codes, mask.transpose(*dims).values)
        if not held:
            raise CheckError(f"{fold.name} holds no labelled sample to be judged on")

    def _count(
        self, fold: int, index: int, box: Box, answer: Any, truth: Array, known: Array
    ) -> int:
        held = 0
        for unit in self.units[index]:
            both = tuple(
                slice(max(a.start, b.start), min(a.stop, b.stop))
                for a, b in zip(unit.box, box, strict=True)
            )
            if any(s.start >= s.stop for s in both):
                continue
            inner = tuple(
                slice(s.start - b.start, s.stop - b.start) for s, b in zip(both, box, strict=True)
            )
            use = known[both]
            count = int(np.count_nonzero(use))
            if count:
                probability = answer.probability
                part = replace(
                    answer,
                    codes=answer.codes[inner],
                    probability=None if probability is None else probability[(slice(None), *inner)],
                )
                self.said.add(fold, unit.number, part, truth[both], use)
            held += count
        return held

    def _picture(self, index: int, box: Box, codes: Array, mask: Array) -> None:
        name, window = self.data.names[index], display(mask.shape)
        regression = not self.data.classes
        kind = np.float32 if regression else np.int16
        empty = np.nan if regression else -1
        whole = self.pictures.setdefault(name, np.full(mask[window].shape, empty, kind))
        # samples of the window that lie in the box, in both
        places = [np.arange(size)[w] for size, w in zip(mask.shape, window, strict=True)
                  if isinstance(w, slice)]  # fmt: skip
        fixed = [w for w in window if not isinstance(w, slice)]
        lead = len(fixed)
        if any(not s.start <= w < s.stop for w, s in zip(fixed, box, strict=False)):
            return
        inside = [(p >= s.start) & (p < s.stop) for p, s in zip(places, box[lead:], strict=True)]
        source = codes[tuple(w - s.start for w, s in zip(fixed, box, strict=False))]
        ids = np.ix_(*(p[i] - s.start for p, i, s in zip(places, inside, box[lead:], strict=True)))
        goal = np.ix_(*(np.flatnonzero(i) for i in inside))
        use = mask[window][goal]
        whole[goal] = np.where(use, source[ids], whole[goal])

    def result(self, scores: Scores) -> Result:
        return Result(
            scores,
            self.fit_seconds / len(self.folds),
            1e6 * self.answer_seconds / max(1, self.answered),
            self.pictures,
        )


def lesson_of(
    data: Data,
    fold: Fold,
    method: Method,
    extra: Mapping[str, Data] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Lesson:
    """Return what a method learns from in a fold."""
    images: list[xr.DataArray] = []
    labels: list[xr.DataArray] = []
    where: list[xr.DataArray | None] = []
    for source in method.on:
        if source != REAL:
            own = (extra or {})[source]
            images += own.images
            labels += own.labels
            where += [None] * len(own.images)
            continue
        for index, mask in enumerate(fold.train):
            if mask is not None and bool(mask.any()):
                images.append(data.images[index])
                labels.append(data.labels[index])
                where.append(mask)
    return Lesson(images, labels, where, data.kind, data.classes, options or {})


def boxes(fold: Fold, index: int, known: Array) -> list[Box]:
    """Return boxes of an image that hold every sample that is judged, once."""
    cuts = [cut for cut in fold.units if cut.image == index]
    if cuts:
        return [tuple(slice(*bounds) for bounds in cut.bounds.values()) for cut in cuts]
    return [tuple(slice(0, size) for size in known.shape)]
