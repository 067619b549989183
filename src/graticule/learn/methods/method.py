"""What a method is: it learns from a training set, and then predicts for boxes of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes

REAL = "real"
"""What the images that are given are called beside extra ones."""


@dataclass(frozen=True)
class TrainingSet:
    """What a method may learn from.

    Attributes
    ----------
    images, labels : sequence of DataArray
        Labels (or continuous targets) of the spatial dims of each image.
    where : sequence of DataArray
        For each image a mask of the samples that may be used.
    held : sequence of (DataArray or None)
        Samples that are judged on, None for none of that image; nothing of their values may reach
        the method.
    kind : {"classes", "mask"}
        What labels mean.
    classes : tuple of Class
        Empty for continuous targets.
    options : dict
        Given to the fitting of networks, as ``on_step``.
    first : TrainingSet or None
        What the method that comes first learns from, for one that starts from another's weights.
    """

    images: Sequence[xr.DataArray]
    labels: Sequence[xr.DataArray]
    where: Sequence[xr.DataArray]
    held: Sequence[xr.DataArray | None]
    kind: Literal["classes", "mask"]
    classes: Classes
    options: Mapping[str, Any] = field(default_factory=dict)
    first: TrainingSet | None = None


@dataclass(frozen=True)
class Prediction:
    """What a method predicts for a box of an image.

    Attributes
    ----------
    probability : ndarray or None
        (classes, samples of the box); None where it gives bare classes or values.
    codes : ndarray
        The number of the class of each sample; or the predicted value.
    """

    probability: Array | None
    codes: Array


class FittedMethod(Protocol):
    """A method that has learned."""

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        """Return its prediction for a box of an image."""
        ...


class Method(Protocol):
    """A way to predict that can be compared with others."""

    @property
    def name(self) -> str:
        """In tables."""
        ...

    @property
    def on(self) -> tuple[str, ...]:
        """What it learns from: ``real`` and names of extra images."""
        ...

    @property
    def first(self) -> Method | None:
        """The method whose weights it starts from."""
        ...

    @property
    def model_files(self) -> tuple[Path, ...]:
        """Files of models it brings along, which may have learned from what is judged on."""
        ...

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return how far it looks around a sample, by spatial dim."""
        ...

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return what it is after a training set."""
        ...


@runtime_checkable
class ModelMethod(Method, Protocol):
    """A method that learns a model, which can be saved."""

    @property
    def iterative(self) -> bool:
        """Whether fitting takes ``on_step`` and ``checkpoint``, and the model has a ``history``."""
        ...

    def fit_model(self, training_set: TrainingSet) -> Any:
        """Return the model, fitted."""
        ...


@dataclass(frozen=True)
class FittedModel:
    """A fitted model of `graticule.learn` as a fitted method.

    Attributes
    ----------
    model : model
        It has ``halo``, ``align`` and ``predict``, and of classes ``predict_proba``.
    classes : tuple of Class
        Those of the images, of which the model may know fewer; empty for continuous targets.
    """

    model: Any
    classes: Classes

    @property
    def history(self) -> Any:
        """How the training of a network went; None of others."""
        return getattr(self.model, "history", None)

    def predict(self, image: xr.DataArray, box: Region) -> Prediction:
        """Predict for a box from no more of the image than the model needs to see of it."""
        dims = filtered_dims(image)
        sizes = {dim: image.sizes[dim] for dim in dims}
        halo = {dim: n for dim, n in self.model.halo(image).items() if dim in sizes}
        seen = box.grown(halo, sizes).aligned(self.model.align(image))
        part = image.isel(seen.slices())
        cut = box.within(seen).slices()
        if not self.classes:
            return Prediction(None, self.model.predict(part).transpose(*dims).isel(cut).values)
        found = self.model.predict_proba(part).transpose("class", *dims).isel(cut).values
        rows = {each.value: n for n, each in enumerate(self.classes)}
        probability = np.zeros((len(self.classes), *found.shape[1:]), np.float32)
        for known, each in zip(found, self.model.classes, strict=True):
            probability[rows[each.value]] = known
        return Prediction(probability, probability.argmax(axis=0))
