"""What a method is: it learns from a training set, and then predicts for boxes of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import xarray as xr

from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes


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

    @property
    def first(self) -> Method | None:
        """The method whose weights it starts from."""
        ...

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return how far it looks around a sample, by spatial dim."""
        ...

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return what it is after a training set."""
        ...
