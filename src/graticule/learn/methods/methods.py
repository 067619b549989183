"""Ways to answer that can be compared: learned ones, and fixed pipelines.

Each is fitted on the samples it may learn from, and then gives for an image the probability of
each class. What a fixed pipeline lacks is fitted too, on the same samples and no others: a score
without a threshold gets the one that is best where it may learn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from graticule.core import ALL, filtered_dims
from graticule.core.errors import CheckError, RequestError
from graticule.core.scope import Region
from graticule.learn.data.labels import Classes
from graticule.learn.document.document import REAL, Training
from graticule.learn.document.method_specs import MethodSpec
from graticule.learn.methods.fixed_pipeline import FixedPipeline, Runner
from graticule.learn.methods.method import FittedMethod, Method, Prediction, TrainingSet
from graticule.learn.methods.network import blanked, network_reach, validation_of


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
    learned: dict[str, LearnedMethod] = {}
    return [
        _fixed(spec, training, runner)
        if spec.kind == "pipeline"
        else learned_method(training, spec.name, learned)
        for spec in training.methods.values()
    ]


def learned_method(
    training: Training, name: str, made: dict[str, LearnedMethod] | None = None
) -> LearnedMethod:
    """Return a method of a training document that learns.

    Parameters
    ----------
    training : Training
        The document.
    name : str
        A method with features and an estimator, or a network.
    made : dict, optional
        Methods by name: what is there is used, and what is made is added.

    Raises
    ------
    RequestError
        If the weights it starts from are not there.
    """
    found = {} if made is None else made
    if name not in found:
        found[name] = _learned(training, name, found)
    return found[name]


def _fixed(spec: MethodSpec, training: Training, runner: Runner | None) -> FixedPipeline:
    if runner is None:
        raise RequestError("there is nothing that runs pipelines", where=f"methods.{spec.name}")
    path = training.folder / str(spec.options["pipeline"])
    if not path.is_file():
        raise RequestError(f"there is no file {path}", where=f"methods.{spec.name}.pipeline")
    return FixedPipeline(spec, path, runner)


def _learned(training: Training, name: str, made: dict[str, LearnedMethod]) -> LearnedMethod:
    spec, regression = training.methods[name], training.task == "regression"
    init = str((spec.options.get("fit") or {}).get("init") or "")
    names = list(training.methods)
    if init in names[: names.index(name)] and training.methods[init].kind == "unet":
        return LearnedMethod(spec, regression, first=learned_method(training, init, made))
    if init and not (training.folder / init).is_file():
        raise RequestError(
            f"there is no file {training.folder / init}",
            where=f"methods.{name}.fit.init",
            hint="name a network that stands above it, or a model file beside the document",
        )
    return LearnedMethod(spec, regression, training.folder / init if init else None)


@dataclass(frozen=True)
class LearnedMethod:
    """A pixel classifier, a pixel regressor or a U-Net."""

    spec: MethodSpec
    regression: bool = False
    init: Path | None = None
    """The model file whose weights a network starts from."""
    first: LearnedMethod | None = None
    """The method whose weights it starts from."""
    _kept: list[Any] = field(default_factory=list, compare=False)

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
        model, dims = self.model("mask", ()), filtered_dims(image)
        if self.spec.kind == "unet":
            return network_reach(model, dims)
        # a place is no value of another sample, so to know it is not to reach there
        placed = {dim: np.arange(image.sizes[dim]) for dim in dims if dim not in image.coords}
        halo = model.recipe.halo(image.assign_coords(placed))
        reach = {dim: int(halo.get(dim, 0)) for dim in dims}
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

            return UNet(**{"labels": kind, "names": names, **(options.get("unet") or {})})
        from graticule.learn.features import Features
        from graticule.learn.models.pixels import PixelClassifier, PixelRegressor

        features = Features(**options["features"]) if "features" in options else None
        rest = {k: v for k, v in options.items() if k not in ("features", "estimator")}
        estimator = options.get("estimator", "forest")
        if self.regression:
            return PixelRegressor(features, estimator, **rest)
        return PixelClassifier(features, estimator, labels=kind, names=names, **rest)

    def fitted(self, training_set: TrainingSet) -> Any:
        """Return the model after a training set."""
        model = self.model(training_set.kind, training_set.classes)
        where = list(training_set.where)
        if self.spec.kind != "unet":
            return model.fit(list(training_set.images), list(training_set.labels), where=where)
        options = {**(self.spec.options.get("fit") or {}), **training_set.options}
        if self.init is not None:
            options["init"] = self._weights(self.init)
        elif self.first is not None:
            assert training_set.first is not None
            options["init"] = self.first.once(training_set.first)
        share = float(self.spec.options.get("validation", 0))
        if share:
            options["validation"] = validation_of(training_set, share)
        images, labels = blanked(training_set)
        return model.fit(images, labels, where=where, **options)

    def once(self, training_set: TrainingSet) -> Any:
        """Return the fitted model; of a training set that is the same in all folds, fitted once."""
        if REAL in self.on:
            return self.fitted(training_set)
        if not self._kept:
            self._kept.append(self.fitted(training_set))
        return self._kept[0]

    def _weights(self, file: Path) -> Any:
        from graticule.learn.model_file import open_model

        model = open_model(file)
        if model.kind != "unet":
            raise RequestError(
                f"is a {model.kind.replace('-', ' ')}; a network starts from another network",
                where=str(file),
            )
        return model

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return the model after a training set, ready to answer."""
        model = self.fitted(training_set)
        if getattr(getattr(model, "history", None), "stopped", "") == "interrupted":
            raise KeyboardInterrupt  # half a training is no fold
        return _Model(model, training_set.classes)


@dataclass(frozen=True)
class _Model:
    model: Any
    classes: Classes

    @property
    def history(self) -> Any:
        """How the training of a network went; None of others."""
        return getattr(self.model, "history", None)

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        """Answer for a box from no more of the image than the model needs to see of it."""
        dims = filtered_dims(image)
        sizes = {dim: image.sizes[dim] for dim in dims}
        halo = {dim: n for dim, n in self.model.halo(image).items() if dim in sizes}
        seen = box.grown(halo, sizes).aligned(self.model.align(image))
        part = image.isel(seen.slices())
        cut = box.within(seen).slices()
        if not self.classes:
            return Prediction(None, self.model.predict(part).transpose(*dims).isel(cut).values)
        found = self.model.predict_proba(part).transpose("class", *dims).isel(cut).values
        places = {each.value: n for n, each in enumerate(self.classes)}
        probability = np.zeros((len(self.classes), *found.shape[1:]), np.float32)
        for own, each in zip(found, self.model.classes, strict=True):
            probability[places[each.value]] = own
        return Prediction(probability, probability.argmax(axis=0))
