"""One method through all folds: learning, answering, counting."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.errors import CheckError
from graticule.core.progress import Progress
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.crossval.counts import HeldOutCounts, Scores
from graticule.learn.crossval.units import Unit, display_window
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.methods.method import REAL, FittedMethod, Method, Prediction, TrainingSet
from graticule.learn.splits.fold import everywhere
from graticule.learn.splits.splits import Fold

if TYPE_CHECKING:
    from graticule.learn.unet.history import History
Box: TypeAlias = tuple[slice, ...]

SHOWN = 4
"""Images of which the answers are kept as pictures."""


@dataclass(frozen=True)
class MethodResult:
    """What came of one method.

    Attributes
    ----------
    scores : Scores
        Its numbers.
    fit_seconds : float
        Time to learn, in the mean of the folds.
    answer_seconds : float
        Time to prediction for a million samples.
    pictures : dict of ndarray
        Its out-of-fold answers of the first images, thinned; -1 where there is none.
    histories : tuple of History
        How the training went in each fold; empty of methods other than networks.
    """

    scores: Scores
    fit_seconds: float
    predict_seconds: float
    pictures: dict[str, Array] = field(default_factory=dict)
    histories: tuple[History, ...] = ()


@dataclass
class FoldCounter:
    """How far a comparison is."""

    total: int
    progress: Progress
    done: int = 0

    def say(self, message: str) -> None:
        """Say what is going on."""
        self.progress(self.done, self.total, message)

    def skip(self, count: int) -> None:
        """Count folds that will not come."""
        self.done += count


@dataclass
class MethodRun:
    """One method through all folds."""

    method: Method
    data: LabelledImages
    folds: Sequence[Fold]
    units: Mapping[int, Sequence[Unit]]
    extra: Mapping[str, LabelledImages]
    options: Mapping[str, Any]
    done: int = 0
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    answered: int = 0
    pictures: dict[str, Array] = field(default_factory=dict)
    histories: list[History] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = 1 + max(unit.number for own in self.units.values() for unit in own)
        self.held_out = HeldOutCounts(
            len(self.data.classes), self.data.scored_classes, count, self.data.samples
        )

    def run(self, counter: FoldCounter) -> None:
        """Learn and prediction, fold after fold."""
        for number, fold in enumerate(self.folds):
            counter.say(f"{self.method.name}: {fold.name}, learning")
            start = time.perf_counter()

            def on_step(progress: Any, fold: Fold = fold) -> None:
                counter.say(f"{self.method.name}: {fold.name}, step {progress.step} of "
                            f"{progress.steps}, loss {progress.loss:.3f}")  # fmt: skip

            options = {"on_step": on_step, **self.options}
            fitted = self.method.fit(
                training_set_of(self.data, fold, self.method, self.extra, options)
            )
            self.fit_seconds += time.perf_counter() - start
            history = getattr(fitted, "history", None)
            if history is not None:
                self.histories.append(history)
            counter.say(f"{self.method.name}: {fold.name}, answering")
            self.score_fold(fitted, number, fold)
            self.done += 1
            counter.done += 1
            counter.say(f"{self.method.name}: {fold.name}")

    def score_fold(self, fitted: FittedMethod, number: int, fold: Fold) -> None:
        """Count what it says of the held-out samples of a fold."""
        held = 0
        for index, mask in enumerate(fold.test):
            if mask is None:
                continue
            image = self.data.images[index]
            dims = filtered_dims(image)
            labelled = self.data.known(index)
            known = mask.transpose(*dims).values & labelled
            if not known.any():
                continue
            window = display_window(labelled)
            truth = self.data.truth(index)
            for box in boxes(fold, index, known):
                start = time.perf_counter()
                region = Region({d: (s.start, s.stop) for d, s in zip(dims, box, strict=True)})
                prediction = fitted.predict(image, region)
                self.predict_seconds += time.perf_counter() - start
                self.answered += prediction.codes.size
                held += self._count(number, index, box, prediction, truth, known)
                if index < SHOWN:
                    self._picture(
                        index, box, prediction.codes, mask.transpose(*dims).values, window
                    )
        if not held:
            raise CheckError(f"{fold.name} holds no labelled sample to be judged on")

    def _count(
        self, fold: int, index: int, box: Box, prediction: Prediction, truth: Array, known: Array
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
                probability = prediction.probability
                part = replace(
                    prediction,
                    codes=prediction.codes[inner],
                    probability=None if probability is None else probability[(slice(None), *inner)],
                )
                self.held_out.add((fold, unit.number, index), part, truth[both], use)
            held += count
        return held

    def _picture(
        self, index: int, box: Box, codes: Array, mask: Array, window: tuple[Any, ...]
    ) -> None:
        name = self.data.names[index]
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

    def result(self, scores: Scores) -> MethodResult:
        """Return what came of it."""
        return MethodResult(
            scores,
            self.fit_seconds / len(self.folds),
            1e6 * self.predict_seconds / max(1, self.answered),
            self.pictures,
            tuple(self.histories),
        )


def training_set_of(
    data: LabelledImages,
    fold: Fold,
    method: Method,
    extra: Mapping[str, LabelledImages] | None = None,
    options: Mapping[str, Any] | None = None,
) -> TrainingSet:
    """Return what a method learns from in a fold."""
    images: list[xr.DataArray] = []
    labels: list[xr.DataArray] = []
    where: list[xr.DataArray] = []
    held: list[xr.DataArray | None] = []
    for source in method.on:
        if source != REAL:
            own = (extra or {})[source]
            images += own.images
            labels += own.labels
            where += [everywhere(image) for image in own.images]
            held += [None] * len(own.images)
            continue
        for index, mask in enumerate(fold.train):
            if mask is not None and bool(mask.any()):
                images.append(data.images[index])
                labels.append(data.labels[index])
                where.append(mask)
                held.append(fold.test[index])
    first = training_set_of(data, fold, method.first, extra) if method.first else None
    return TrainingSet(images, labels, where, held, data.kind, data.classes, options or {}, first)


def boxes(fold: Fold, index: int, known: Array) -> list[Box]:
    """Return boxes of an image that hold every sample that is judged, once."""
    blocks = [block for block in fold.blocks if block.image == index]
    if blocks:
        return [tuple(slice(*bounds) for bounds in block.bounds.values()) for block in blocks]
    return [tuple(slice(0, size) for size in known.shape)]


def full_training_set(
    data: LabelledImages,
    method: Method,
    extra: Mapping[str, LabelledImages] | None = None,
    options: Mapping[str, Any] | None = None,
) -> TrainingSet:
    """Return the training set of a method that holds nothing back."""
    sources = [data if name == REAL else (extra or {})[name] for name in method.on]
    images = [image for own in sources for image in own.images]
    labels = [label for own in sources for label in own.labels]
    where = [everywhere(image) for image in images]
    held = [None] * len(images)
    first = full_training_set(data, method.first, extra) if method.first else None
    return TrainingSet(images, labels, where, held, data.kind, data.classes, options or {}, first)
