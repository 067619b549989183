"""Fixed pipelines as methods: a mask, labels of classes, or a score that gets its threshold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import PlainValidator, ValidationInfo, model_validator

from graticule.core import filtered_dims
from graticule.core.errors import CheckError, ImageError, ParameterError, RequestError, suggest
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes, encode_labels
from graticule.learn.methods.kind import BuildContext, MethodKind, MethodSpec, task_of
from graticule.learn.methods.method import FittedMethod, Prediction, TrainingSet
from graticule.learn.model_file import ModelFile
from graticule.pipeline import Pipeline


def _threshold(value: Any) -> Any:
    if value == "fit" or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise ParameterError(f"must be a number, or fit, not {value!r}")


class PipelineSpec(MethodSpec):
    """Keys of a fixed pipeline.

    Attributes
    ----------
    pipeline : str
        Its file.
    output : str
        The output that is judged; empty for the only one.
    threshold : float or "fit"
        Of a score; ``fit``: that with the best Dice on what may be learned from.
    """

    kind: ClassVar[str] = "pipeline"
    pipeline: str
    output: str = ""
    threshold: Annotated[float | Literal["fit"], PlainValidator(_threshold)] = "fit"

    @model_validator(mode="after")
    def _require_classes(self, info: ValidationInfo) -> Self:
        if task_of(info) == "regression":
            raise ParameterError("a fixed pipeline cannot be compared in a regression")
        return self


@dataclass(frozen=True)
class PipelineMethod:
    """A pipeline that gives a mask, labels of classes, or a score."""

    name: str
    spec: PipelineSpec
    pipeline: Pipeline
    first: ClassVar[None] = None
    _results: dict[int, tuple[xr.DataArray, Array]] = field(default_factory=dict)

    @property
    def on(self) -> tuple[str, ...]:
        """As in the document."""
        return self.spec.on

    @property
    def model_files(self) -> tuple[Path, ...]:
        """Files of the models that steps apply."""
        params = [value for step in self.pipeline.steps.values() for value in step.params.values()]
        models = [value for value in params if isinstance(value, ModelFile)]
        return tuple(model.path for model in models if model.path is not None)

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return 0: it learns no more than a threshold, which is of no place."""
        return dict.fromkeys(filtered_dims(image), 0)

    def result(self, image: xr.DataArray) -> Array:
        """Return what the pipeline gives for an image; each is run once."""
        if id(image) not in self._results:
            given = run_pipeline(self.pipeline, image, self.spec.output)
            dims = filtered_dims(image)
            if set(given.dims) != set(dims) or any(given.sizes[d] != image.sizes[d] for d in dims):
                sizes = ", ".join(f"{dim} {size}" for dim, size in given.sizes.items())
                raise ImageError(
                    f"gives an image of {sizes}; it must be of the size of what it is given",
                    where=f"methods.{self.name}",
                )
            self._results[id(image)] = (image, given.transpose(*dims).values)
        return self._results[id(image)][1]

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return it with a threshold, where it gives a score."""
        results = [self.result(image) for image in training_set.images]
        if any(result.dtype.kind != "f" for result in results):
            return _FittedClasses(self, training_set.classes, training_set.kind)
        if len(training_set.classes) != 2:
            raise CheckError(
                f"a score tells two classes apart, not {len(training_set.classes)}",
                where=f"methods.{self.name}",
            )
        scores, truth = [], []
        for result, labels, image, where in zip(
            results, training_set.labels, training_set.images, training_set.where, strict=True
        ):
            dims = filtered_dims(image)
            given, usable = (each.transpose(*dims).values for each in (labels, where))
            own = encode_labels(given, training_set.classes, training_set.kind)
            use = (own >= 0) & np.isfinite(result) & usable
            scores.append(result[use])
            truth.append(own[use] == 1)
        return _fit_threshold(self, np.concatenate(scores), np.concatenate(truth))


@dataclass(frozen=True)
class _FittedClasses:
    """A pipeline that gives classes, and no probability."""

    method: PipelineMethod
    classes: Classes
    kind: Literal["classes", "mask"]

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        part = self.method.result(image)[tuple(box.slices().values())]
        return Prediction(None, encode_labels(part, self.classes, self.kind))


@dataclass(frozen=True)
class _FittedScore:
    """A score with its threshold, and a logistic curve that makes it a probability [1]_.

    .. [1] J. Platt, "Probabilistic outputs for support vector machines", Advances in Large
       Margin Classifiers, MIT Press (1999).
    """

    method: PipelineMethod
    threshold: float
    slope: float
    offset: float

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        scores = self.method.result(image)[tuple(box.slices().values())].astype(float)
        with np.errstate(over="ignore"):
            inside = 1 / (1 + np.exp(-np.clip(self.slope * scores + self.offset, -60, 60)))
        probability = np.stack([1 - inside, inside])
        return Prediction(probability, (scores >= self.threshold).astype(np.int16))


_MOST_SAMPLES = 200_000
"""Samples a logistic curve is fitted to, at most."""


def _fit_threshold(method: PipelineMethod, scores: Array, truth: Array) -> FittedMethod:
    from sklearn.linear_model import LogisticRegression

    from graticule.evaluate.curves import ranking

    if not truth.any() or truth.all():
        raise CheckError("there is one class only to learn from", where=f"methods.{method.name}")
    curve = ranking(scores, truth)
    dice = 2 * curve.tp / (curve.tp + curve.fp + curve.positives)
    best = float(curve.thresholds[int(np.argmax(dice))])
    step = max(1, scores.size // _MOST_SAMPLES)
    spread = float(np.std(scores)) or 1.0
    centre = float(np.mean(scores))
    few, own = ((scores[::step] - centre) / spread)[:, None], truth[::step]
    slope, offset = 1.0, 0.0
    if own.any() and not own.all():
        fit = LogisticRegression().fit(few, own)
        slope, offset = max(0.0, float(fit.coef_[0, 0])), float(fit.intercept_[0])
    slope = (slope or 1e-6) / spread
    threshold = best if method.spec.threshold == "fit" else float(method.spec.threshold)
    return _FittedScore(method, threshold, slope, offset - slope * centre)


def run_pipeline(pipeline: Pipeline, image: xr.DataArray, output: str = "") -> xr.DataArray:
    """Run a pipeline on an image and return one of its outputs, or its only one.

    Raises
    ------
    RequestError
        If there is no such output, or several and none was named.
    """
    results = pipeline.apply(image)
    values = {name: each for name, each in results.items() if isinstance(each, xr.DataArray)}
    if output in values or (len(values) == 1 and not output):
        return values[output or next(iter(values))]
    what, hint = f"has no output {output!r}", suggest(output, list(values))
    if not output:
        what, hint = f"has the outputs {', '.join(values) or 'none'}", "say which, as output: mask"
    raise RequestError(what, where=pipeline.source, hint=hint)


def _build(name: str, spec: PipelineSpec, context: BuildContext) -> PipelineMethod:
    path = context.folder / spec.pipeline
    if not path.is_file():
        raise RequestError(f"there is no file {path}", where=f"methods.{name}.pipeline")
    return PipelineMethod(name, spec, Pipeline.load(path))


pipeline = MethodKind(
    "fixed pipeline",
    PipelineSpec,
    _build,
    fits_model=False,
    describe=lambda spec: "nothing but a threshold",
)
