"""Fixed pipelines as methods: a mask, labels of classes, or a score that gets its threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.errors import CheckError, ImageError
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes, encode_labels
from graticule.learn.document.method_specs import MethodSpec
from graticule.learn.methods.method import FittedMethod, Prediction, TrainingSet

Runner: TypeAlias = Callable[[Path, str, xr.DataArray], xr.DataArray]
"""Runs a pipeline's file on an image, and gives the output of a name (or its only one)."""


@dataclass(frozen=True)
class FixedPipeline:
    """A pipeline that gives a mask, labels of classes, or a score."""

    spec: MethodSpec
    path: Path
    runner: Runner
    _kept: dict[int, tuple[xr.DataArray, Array]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As in the document."""
        return self.spec.name

    @property
    def on(self) -> tuple[str, ...]:
        """As in the document."""
        return self.spec.on

    @property
    def first(self) -> None:
        """Nothing comes first."""
        return None

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return 0: it learns no more than a threshold, which is of no place."""
        return dict.fromkeys(filtered_dims(image), 0)

    def result(self, image: xr.DataArray) -> Array:
        """Return what the pipeline gives for an image; each is run once."""
        if id(image) not in self._kept:
            given = self.runner(self.path, str(self.spec.options.get("output", "")), image)
            dims = filtered_dims(image)
            if set(given.dims) != set(dims) or any(given.sizes[d] != image.sizes[d] for d in dims):
                sizes = ", ".join(f"{dim} {size}" for dim, size in given.sizes.items())
                raise ImageError(
                    f"gives an image of {sizes}; it must be of the size of what it is given",
                    where=f"methods.{self.name}",
                )
            self._kept[id(image)] = (image, given.transpose(*dims).values)
        return self._kept[id(image)][1]

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return it with a threshold, where it gives a score."""
        results = [self.result(image) for image in training_set.images]
        if any(result.dtype.kind != "f" for result in results):
            return _Bare(self, training_set.classes, training_set.kind)
        if len(training_set.classes) != 2:
            raise CheckError(
                f"a score tells two classes apart, not {len(training_set.classes)}",
                where=f"methods.{self.name}",
            )
        scores, truth = [], []
        for result, labels, image, where in zip(
            results, training_set.labels, training_set.images, training_set.where, strict=True
        ):
            own = encode_labels(
                labels.transpose(*filtered_dims(image)).values,
                training_set.classes,
                training_set.kind,
            )
            use = (own >= 0) & np.isfinite(result)
            use &= where.transpose(*filtered_dims(image)).values
            scores.append(result[use])
            truth.append(own[use] == 1)
        return _fitted_score(self, np.concatenate(scores), np.concatenate(truth))


@dataclass(frozen=True)
class _Bare:
    """A pipeline that gives classes, and no probability."""

    method: FixedPipeline
    classes: Classes
    kind: Literal["classes", "mask"]

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        part = self.method.result(image)[tuple(box.slices().values())]
        own = encode_labels(part, self.classes, self.kind)
        return Prediction(None, own)


@dataclass(frozen=True)
class _Score:
    """A score with its threshold, and a logistic curve that makes it a probability [1]_.

    .. [1] J. Platt, "Probabilistic outputs for support vector machines", Advances in Large
       Margin Classifiers, MIT Press (1999).
    """

    method: FixedPipeline
    threshold: float
    slope: float
    offset: float

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        scores = self.method.result(image)[tuple(box.slices().values())].astype(float)
        with np.errstate(over="ignore"):
            inside = 1 / (1 + np.exp(-np.clip(self.slope * scores + self.offset, -60, 60)))
        probability = np.stack([1 - inside, inside])
        return Prediction(probability, (scores >= self.threshold).astype(np.int16))


_MOST = 200_000


def _fitted_score(method: FixedPipeline, scores: Array, truth: Array) -> FittedMethod:
    from sklearn.linear_model import LogisticRegression

    from graticule.evaluate.curves import ranking

    if not truth.any() or truth.all():
        raise CheckError("there is one class only to learn from", where=f"methods.{method.name}")
    given = method.spec.options.get("threshold", "fit")
    curve = ranking(scores, truth)
    dice = 2 * curve.tp / (curve.tp + curve.fp + curve.positives)
    best = float(curve.thresholds[int(np.argmax(dice))])
    step = max(1, scores.size // _MOST)
    spread = float(np.std(scores)) or 1.0
    centre = float(np.mean(scores))
    few = ((scores[::step] - centre) / spread)[:, None]
    own = truth[::step]
    if own.any() and not own.all():
        fit = LogisticRegression().fit(few, own)
        slope, offset = max(0.0, float(fit.coef_[0, 0])), float(fit.intercept_[0])
    else:
        slope, offset = 1.0, 0.0
    slope = (slope or 1e-6) / spread
    threshold = best if given == "fit" else float(given)
    return _Score(method, threshold, slope, offset - slope * centre)
