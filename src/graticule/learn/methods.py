"""Ways to answer that can be compared: learned ones, and fixed pipelines.

Each is fitted on the samples it may learn from, and then gives for an image the probability of
each class. What a fixed pipeline lacks is fitted too, on the same samples and no others: a score
without a threshold gets the one that is best where it may learn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import ALL, filtered_dims
from graticule.core.errors import CheckError, ImageError, RequestError
from graticule.core.scope import Region
from graticule.learn._method_specs import MethodSpec
from graticule.learn.document import Training
from graticule.learn.labels import Classes, codes

Array: TypeAlias = np.ndarray[Any, Any]
Runner: TypeAlias = Callable[[Path, str, xr.DataArray], xr.DataArray]
"""Runs a pipeline's file on an image, and gives the output of a name (or its only one)."""


@dataclass(frozen=True)
class Lesson:
    """What a method may learn from.

    Attributes
    ----------
    images, labels : sequence of DataArray
        Labels (or continuous targets) of the spatial dims of each image.
    where : sequence of (DataArray or None)
        Samples that may be used; None: all.
    kind : {"classes", "mask"}
        What labels mean.
    classes : tuple of Class
        Empty for continuous targets.
    options : dict
        Given to the fitting of networks, as ``on_step``.
    """

    images: Sequence[xr.DataArray]
    labels: Sequence[xr.DataArray]
    where: Sequence[xr.DataArray | None]
    kind: Literal["classes", "mask"]
    classes: Classes
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a method says of a box of an image.

    Attributes
    ----------
    probability : ndarray or None
        (classes, samples of the box); None where it gives bare classes or values.
    codes : ndarray
        The number of the class of each sample; or the predicted value.
    """

    probability: Array | None
    codes: Array


class Fitted(Protocol):
    """A method that has learned."""

    def answer(self, image: xr.DataArray, box: Region) -> Answer:
        """Return what it says of a box of an image."""
        ...


class Method(Protocol):
    """A way to answer.

    Attributes
    ----------
    name : str
        In tables.
    on : tuple of str
        What it learns from: ``real`` and names of extra images.
    """

    @property
    def name(self) -> str:
        """In tables."""
        ...

    @property
    def on(self) -> tuple[str, ...]:
        """What it learns from: ``real`` and names of extra images."""
        ...

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return how far it looks around a sample, by spatial dim."""
        ...

    def fit(self, lesson: Lesson) -> Fitted:
        """Return what it is after a lesson."""
        ...


def methods_of(training: Training, runner: Runner | None = None) -> list[Method]:
    """Return the methods of a training document, in its order.

    Parameters
    ----------
    training : Training
        The document.
    runner : callable, optional
        Runs fixed pipelines; needed where the document names one.

    Raises
    ------
    RequestError
        If a pipeline is named and there is nothing that runs it, or no such file.
    """
    return [_method(spec, training, runner) for spec in training.methods.values()]


def _method(spec: MethodSpec, training: Training, runner: Runner | None) -> Method:
    if spec.kind != "pipeline":
        return Learned(spec, training.task == "regression")
    if runner is None:
        raise RequestError("there is nothing that runs pipelines", where=f"methods.{spec.name}")
    path = training.folder / str(spec.options["pipeline"])
    if not path.is_file():
        raise RequestError(f"there is no file {path}", where=f"methods.{spec.name}.pipeline")
    return Fixed(spec, path, runner)


@dataclass(frozen=True)
class Learned:
    """A pixel classifier, a pixel regressor or a U-Net."""

    spec: MethodSpec
    regression: bool = False

    @property
    def name(self) -> str:
        """As in the document."""
        return self.spec.name

    @property
    def on(self) -> tuple[str, ...]:
        """As in the document."""
        return self.spec.on

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return its halo; a method that looks at all of an image has no reach."""
        halo = self.model("mask", ()).halo(image)
        reach = {dim: int(halo.get(dim, 0)) for dim in filtered_dims(image)}
        endless = [dim for dim, samples in reach.items() if samples == ALL]
        if endless:
            raise CheckError(
                f"{self.name} looks at all of an image along {', '.join(endless)}, so no part "
                "of an image can be held out",
                hint="split by image",
            )
        return reach

    def model(self, kind: Literal["classes", "mask"], classes: Classes) -> Any:
        """Return the model as it is before it has learned."""
        names = {each.value: each.name for each in classes}
        options = self.spec.options
        if self.spec.kind == "unet":
            from graticule.learn.unet import UNet

            return UNet(**options.get("unet") or {})
        from graticule.learn.features import Features
        from graticule.learn.pixels import PixelClassifier, PixelRegressor

        features = Features(**options["features"]) if "features" in options else None
        rest = {k: v for k, v in options.items() if k not in ("features", "estimator")}
        estimator = options.get("estimator", "forest")
        if self.regression:
            return PixelRegressor(features, estimator, **rest)
        return PixelClassifier(features, estimator, labels=kind, names=names, **rest)

    def fitted(self, lesson: Lesson) -> Any:
        """Return the model after a lesson."""
        model = self.model(lesson.kind, lesson.classes)
        options: dict[str, Any] = {"where": list(lesson.where)}
        if self.spec.kind == "unet":
            options |= {**(self.spec.options.get("fit") or {}), **lesson.options}
        return model.fit(list(lesson.images), list(lesson.labels), **options)

    def fit(self, lesson: Lesson) -> Fitted:
        """Return the model after a lesson, ready to answer."""
        return _Model(self.fitted(lesson), lesson.classes)


@dataclass(frozen=True)
class _Model:
    model: Any
    classes: Classes

    def answer(self, image: xr.DataArray, box: Region) -> Answer:
        """Answer for a box from no more of the image than the model needs to see of it."""
        dims = filtered_dims(image)
        sizes = {dim: image.sizes[dim] for dim in dims}
        halo = {dim: n for dim, n in self.model.halo(image).items() if dim in sizes}
        seen = box.grown(halo, sizes).aligned(self.model.align(image))
        part = image.isel(seen.slices())
        cut = box.slices(seen)
        if not self.classes:
            return Answer(None, self.model.predict(part).transpose(*dims).isel(cut).values)
        found = self.model.predict_proba(part).transpose("class", *dims).isel(cut).values
        places = {each.value: n for n, each in enumerate(self.classes)}
        probability = np.zeros((len(self.classes), *found.shape[1:]), np.float32)
        for own, each in zip(found, self.model.classes, strict=True):
            probability[places[each.value]] = own
        return Answer(probability, probability.argmax(axis=0))


@dataclass(frozen=True)
class Fixed:
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

    def fit(self, lesson: Lesson) -> Fitted:
        """Return it with a threshold, where it gives a score."""
        results = [self.result(image) for image in lesson.images]
        if any(result.dtype.kind != "f" for result in results):
            return _Bare(self, lesson.classes, lesson.kind)
        if len(lesson.classes) != 2:
            raise CheckError(
                f"a score tells two classes apart, not {len(lesson.classes)}",
                where=f"methods.{self.name}",
            )
        scores, truth = [], []
        for result, labels, image, where in zip(
            results, lesson.labels, lesson.images, lesson.where, strict=True
        ):
            own = codes(labels.transpose(*filtered_dims(image)).values, lesson.classes, lesson.kind)
            use = (own >= 0) & np.isfinite(result)
            if where is not None:
                use &= where.values
            scores.append(result[use])
            truth.append(own[use] == 1)
        return _fitted_score(self, np.concatenate(scores), np.concatenate(truth))


@dataclass(frozen=True)
class _Bare:
    """A pipeline that gives classes, and no probability."""

    method: Fixed
    classes: Classes
    kind: Literal["classes", "mask"]

    def answer(self, image: xr.DataArray, box: Region) -> Answer:
        part = self.method.result(image)[tuple(box.slices().values())]
        own = codes(part, self.classes, self.kind)
        return Answer(None, np.maximum(own, 0))


@dataclass(frozen=True)
class _Score:
    """A score with its threshold, and a logistic curve that makes it a probability [1]_.

    .. [1] J. Platt, "Probabilistic outputs for support vector machines", Advances in Large
       Margin Classifiers, MIT Press (1999).
    """

    method: Fixed
    threshold: float
    slope: float
    offset: float

    def answer(self, image: xr.DataArray, box: Region) -> Answer:
        scores = self.method.result(image)[tuple(box.slices().values())].astype(float)
        with np.errstate(over="ignore"):
            inside = 1 / (1 + np.exp(-np.clip(self.slope * scores + self.offset, -60, 60)))
        probability = np.stack([1 - inside, inside])
        return Answer(probability, (scores >= self.threshold).astype(np.int16))


_MOST = 200_000


def _fitted_score(method: Fixed, scores: Array, truth: Array) -> Fitted:
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
