"""L6: spots of an annotated radiograph, learned from simulation and from its other half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy import ndimage

from graticule.bench._spot_scores import SpotScores, scored
from graticule.bench.row import Row, absent, row
from graticule.bench.spots import _annotated
from graticule.core.typing import Array
from graticule.learn import Features, PixelClassifier, UNet
from graticule.learn.splits.fold import everywhere
from graticule.learn.splits.splits import by_blocks
from graticule.simulate.dataset import samples

_LECTURE = {"U-Net": (0.63, 0.28), "1-NN": (0.41, 0.36)}
"""Recall and precision of pixels that were published, on another split of another crop."""

_SEED, _SIMULATED, _BUFFER, _STEPS, _TUNING = 7, 24, 24, 200, 60
_EXPOSURES = {
    "frames": 1,
    "dead": 0,
    "lines": 0,
    "spots.tracks": 0.03,
    "camera.flux": "800..6000",
    "camera.spread": "0.0..1.5",
}


class _TrainingSet(NamedTuple):
    """What is learned from: images, their truth, and where they may be used."""

    images: list[xr.DataArray]
    labels: list[xr.DataArray]
    where: list[xr.DataArray]


Learner = Callable[[_TrainingSet], Any]


@row("L6", deep=True)
def spots_learned() -> list[Row]:
    """Judge every method on the annotated crop, by pixels and spot by spot."""
    pairs = _annotated()
    if not pairs:
        return [absent("L6", "spots learned", "above the lecture")]
    image, truth = pairs[0]
    rows: list[Row] = []
    for name, score, judged in _score_maps(image.astype("float32"), truth):
        rows += _rows(name, scored(score, truth), judged)
    return rows


def _rows(name: str, found: SpotScores, judged: bool) -> Iterator[Row]:
    """Give the numbers of a method; those of learned ones must be above the lecture's."""
    seeds = (_SEED,) if judged else ()
    for what, value in (
        ("area under the precision-recall curve of pixels", found.area),
        ("spots met (of 127) at 1 false in 10,000 px", found.recall),
    ):
        told = f"spots, {name}: {what} [{value.low:.3f}, {value.high:.3f}] over blocks"
        yield Row("L6", told, round(value.estimate, 3), "", "", None, seeds=seeds)
    for peer, (recall, precision) in _LECTURE.items():
        own = found.recall_at(precision)
        told = (
            f"spots, {name}: recall of pixels at precision {precision} "
            f"[{own.low:.3f}, {own.high:.3f}]; the lecture's {peer}, on its own split"
        )
        reached = own.estimate > recall if judged else None
        bar = f"> {recall}" if judged else ""
        yield Row("L6", told, round(own.estimate, 3), "", bar, reached, recall, seeds=seeds)


def _score_maps(image: xr.DataArray, truth: Array) -> Iterator[tuple[str, Array, bool]]:
    """Give each method's score map: what is fixed, then what learns from either source."""
    yield from ((name, score, False) for name, score in _fixed(image.values))
    simulated = _simulated()
    halves = _halves(image, truth)
    both = [(_joined(simulated, lesson), test) for lesson, test in halves]
    for name, learner in (("nearest neighbours", _neighbours), ("boosted features", _boosted)):
        ours = learner is _boosted  # nearest neighbours are a method of the lecture
        yield f"{name}, learned from simulation", _probability(learner(simulated), image), ours
        yield f"{name}, learned from the other half", _apart(learner, image, halves), ours
        yield f"{name}, learned from both", _apart(learner, image, both), ours
    start = _network(simulated)
    yield "U-Net, learned from simulation", _probability(start, image), True
    yield "U-Net, learned from the other half", _apart(_network, image, halves), True
    tuned = _apart(lambda lesson: _network(lesson, start), image, halves)
    yield "U-Net, from simulation, tuned on the other half", tuned, True


def _fixed(values: Array) -> Iterator[tuple[str, Array]]:
    near = np.abs(values - ndimage.median_filter(values, 3))
    yield "|f - median of 3 x 3| (fixed threshold)", near
    wide = np.abs(values - ndimage.median_filter(values, 5))
    noise = 1.4826 * ndimage.median_filter(wide, 31)
    yield "|f - median of 5 x 5| / noise around (adaptive threshold)", wide / np.maximum(noise, 1)


def _simulated() -> _TrainingSet:
    """Return radiographs of many exposures, with noise with and without grain."""
    made = list(samples("radiograph", _SIMULATED, seed=_SEED, parameters=_EXPOSURES))
    images = [one.image.astype("float32") for one in made]
    where = [everywhere(image) for image in images]
    return _TrainingSet(images, [one.labels for one in made], where)


def _halves(image: xr.DataArray, truth: Array) -> list[tuple[_TrainingSet, Array]]:
    """Return for each half what the other one teaches, and the half itself."""
    labels = image.copy(data=truth)
    parts = []
    for fold in by_blocks(image, folds=2, buffer=_BUFFER):
        train, test = fold.train[0], fold.test[0]
        assert train is not None
        assert test is not None
        parts.append((_TrainingSet([image], [labels], [train]), np.asarray(test.values)))
    return parts


def _joined(one: _TrainingSet, other: _TrainingSet) -> _TrainingSet:
    return _TrainingSet(*(a + b for a, b in zip(one, other, strict=True)))


def _apart(
    learner: Learner, image: xr.DataArray, halves: Sequence[tuple[_TrainingSet, Array]]
) -> Array:
    """Return a score map of which each half comes from a model that has not seen it."""
    score = np.zeros(image.shape, np.float32)
    for lesson, test in halves:
        score[test] = _probability(learner(lesson), image)[test]
    return score


def _probability(model: Any, image: xr.DataArray) -> Array:
    return np.asarray(model.predict_proba(image).values[1])


def _neighbours(lesson: _TrainingSet) -> Any:
    """Return nearest neighbours on the value and |f - median|, as in the lecture."""
    features = Features(kinds=("value",), rank=("deviation",), radii=(2,))
    estimator = {"name": "neighbours", "n_neighbors": 50}
    model = PixelClassifier(
        features, estimator, labels="mask", seed=_SEED, max_samples=200_000, balance=False
    )
    return model.fit(lesson.images, lesson.labels, lesson.where)


def _boosted(lesson: _TrainingSet) -> Any:
    features = Features(
        sigmas=(0.7, 1, 2, 4), rank=("deviation", "median", "max", "std"), radii=(1, 2, 3)
    )
    model = PixelClassifier(features, "boosting", labels="mask", seed=_SEED, max_samples=200_000)
    return model.fit(lesson.images, lesson.labels, lesson.where)


def _network(lesson: _TrainingSet, start: Any = None) -> Any:
    """Return a small U-Net; with ``start`` its weights, tuned in few steps."""
    rate, steps = (5e-3, _STEPS) if start is None else (1e-3, _TUNING)
    network = UNet(
        base=16, depth=2, patch=40, batch=6, normalise="local", labels="mask", learning_rate=rate,
        seed=_SEED,
    )  # fmt: skip
    return network.fit(lesson.images, lesson.labels, lesson.where, init=start, steps=steps)
