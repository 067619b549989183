"""One method through all folds: learning, answering, counting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.errors import CheckError
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
    predict_seconds : float
        Time to predict for a million samples.
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
class MethodRun:
    """One method through all folds."""

    method: Method
    data: LabelledImages
    folds: Sequence[Fold]
    units: Mapping[int, Sequence[Unit]]
    extra: Mapping[str, LabelledImages]
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

    def run(self, progress: Callable[[int, str], None]) -> None:
        """Learn and predict, fold after fold; say how many folds are done, and what goes on."""

        def say(message: str) -> None:
            progress(self.done, f"{self.method.name}: {message}")

        for number, fold in enumerate(self.folds):
            say(f"{fold.name}, learning")
            start = time.perf_counter()

            def on_step(step: Any, fold: Fold = fold) -> None:
                say(f"{fold.name}, step {step.step} of {step.steps}, loss {step.loss:.3f}")

            options = {"on_step": on_step}
            training_set = training_set_of(self.data, fold, self.method, self.extra, options)
            fitted = self.method.fit(training_set)
            self.fit_seconds += time.perf_counter() - start
            history = getattr(fitted, "history", None)
            if history is not None:
                self.histories.append(history)
            say(f"{fold.name}, answering")
            self.score_fold(fitted, number, fold)
            self.done += 1
            say(fold.name)

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
                    shown = mask.transpose(*dims).values[window]
                    self._picture(index, box, prediction.codes, shown, window)
        if not held:
            raise CheckError(f"{fold.name} holds no labelled sample to be judged on")

    def _count(
        self, fold: int, index: int, box: Box, prediction: Prediction, truth: Array, known: Array
    ) -> int:
        held = 0
        for unit in self.units[index]:
            spans = [
                (max(a.start, b.start), min(a.stop, b.stop), b.start)
                for a, b in zip(unit.box, box, strict=True)
            ]
            if any(start >= stop for start, stop, _ in spans):
                continue
            both = tuple(slice(start, stop) for start, stop, _ in spans)
            inner = tuple(slice(start - origin, stop - origin) for start, stop, origin in spans)
            count = int(np.count_nonzero(known[both]))
            if count:
                probability = prediction.probability
                part = Prediction(
                    None if probability is None else probability[(slice(None), *inner)],
                    prediction.codes[inner],
                )
                self.held_out.add((fold, unit.number, index), part, truth[both], known[both])
            held += count
        return held

    def _picture(
        self, index: int, box: Box, codes: Array, mask: Array, window: tuple[Any, ...]
    ) -> None:
        """Put what was said in a box where the window, every few samples of a plane, shows it."""
        empty, kind = (-1, np.int16) if self.data.classes else (np.nan, np.float32)
        whole = self.pictures.setdefault(self.data.names[index], np.full(mask.shape, empty, kind))
        lead, step = window[:-2], window[-1].step
        if any(not span.start <= at < span.stop for at, span in zip(lead, box, strict=False)):
            return
        plane = tuple(at - span.start for at, span in zip(lead, box, strict=False))
        shown = codes[(*plane, *(slice(-span.start % step, None, step) for span in box[-2:]))]
        goal = tuple(slice(-(-span.start // step), -(-span.stop // step)) for span in box[-2:])
        whole[goal] = np.where(mask[goal], shown, whole[goal])

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
    fold: Fold | None,
    method: Method,
    extra: Mapping[str, LabelledImages] | None = None,
    options: Mapping[str, Any] | None = None,
) -> TrainingSet:
    """Return what a method learns from in a fold; without one, nothing is held back."""
    parts: list[tuple[Any, ...]] = []
    for source in method.on:
        own = data if source == REAL else (extra or {})[source]
        for index, image in enumerate(own.images):
            where: xr.DataArray | None = everywhere(image)
            held = None
            if source == REAL and fold is not None:
                where, held = fold.train[index], fold.test[index]
            if where is not None and bool(where.any()):
                parts.append((image, own.labels[index], where, held))
    images, labels, masks, tested = ([part[n] for part in parts] for n in range(4))
    first = training_set_of(data, fold, method.first, extra) if method.first else None
    return TrainingSet(images, labels, masks, tested, data.kind, data.classes, options or {}, first)


def boxes(fold: Fold, index: int, known: Array) -> list[Box]:
    """Return boxes of an image that hold every sample that is judged, once."""
    blocks = [block for block in fold.blocks if block.image == index]
    if blocks:
        return [tuple(slice(*bounds) for bounds in block.bounds.values()) for block in blocks]
    return [tuple(slice(0, size) for size in known.shape)]
