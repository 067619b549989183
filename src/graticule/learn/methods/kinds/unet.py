"""A U-Net: what it gets of a training set beyond its samples, and whose weights it starts from."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import AfterValidator, PlainValidator, ValidationInfo, field_validator

from graticule.core import filtered_dims
from graticule.core.document import Section, or_empty, whole_number
from graticule.core.errors import Fault, ParameterError, PipelineError, RequestError
from graticule.learn.data.labels import Classes
from graticule.learn.methods.kind import (
    BuildContext,
    MethodKind,
    MethodSpec,
    construct,
    require_parameters,
    task_of,
)
from graticule.learn.methods.method import REAL, FittedMethod, FittedModel, TrainingSet


class FitSpec(Section):
    """How long a network is trained, and from which weights; defaults are those of ``UNet.fit``.

    Attributes
    ----------
    steps : int
        Batches to learn from.
    every : int or None
        Steps between records of loss and scores; by default a tenth of all, at most 50.
    patience : int or None
        Ends after so many records without progress on validation.
    init : str
        A model file, or a network above it in the document, whose weights it starts from.
    freeze : {"encoder"} or None
        ``encoder``: the way down stays as in ``init``.
    """

    steps: Annotated[int, whole_number(1)] = 400
    every: Annotated[int, whole_number(1)] | None = None
    patience: Annotated[int, whole_number(1)] | None = None
    init: str = ""
    freeze: Literal["encoder"] | None = None

    @field_validator("freeze")
    @classmethod
    def _require_weights(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and not info.data.get("init"):
            hint = "say init: FILE.model"
            raise ParameterError("there are no weights to leave as they are", hint=hint)
        return value


def _network(values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    from graticule.learn.unet import UNet

    require_parameters(UNet, values, {"labels": "labels", "names": "classes"})
    network, task = construct(lambda: UNet(**values), "unet"), task_of(info)
    if network.regression != (task == "regression"):
        wanted = "mae or mse" if task == "regression" else "of classes, as dice+ce"
        what = f"must be {wanted} for task: {task}, not {network.loss}"
        raise PipelineError([Fault("loss", what)])
    return values


def _fraction(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1:
        return float(value)
    raise ParameterError(f"must be a share from 0 to below 1, not {value!r}")


class NetworkSpec(MethodSpec):
    """Keys of a network.

    Attributes
    ----------
    unet : dict
        Parameters of `graticule.learn.unet.UNet`.
    validation : float
        Share of the labels that watches the training instead.
    fit : FitSpec
        How it is trained.
    """

    kind: ClassVar[str] = "unet"
    unet: Annotated[dict[str, Any], or_empty, AfterValidator(_network)]
    validation: Annotated[float, PlainValidator(_fraction)] = 0.0
    fit: Annotated[FitSpec, or_empty] = FitSpec()

    @field_validator("fit")
    @classmethod
    def _require_validation(cls, fit: FitSpec, info: ValidationInfo) -> FitSpec:
        if fit.patience is not None and info.data.get("validation") == 0:
            what, hint = "progress is seen on validation alone", "say validation: 0.2 beside fit:"
            raise PipelineError([Fault("patience", what, hint=hint)])
        return fit


@dataclass(frozen=True)
class NetworkMethod:
    """A U-Net that may start from the weights of another."""

    name: str
    spec: NetworkSpec
    init: Path | None = None
    """The model file whose weights it starts from."""
    first: NetworkMethod | None = None
    iterative: ClassVar[bool] = True
    _fitted_once: list[Any] = field(default_factory=list, compare=False)

    @property
    def on(self) -> tuple[str, ...]:
        """As in the document."""
        return self.spec.on

    @property
    def model_files(self) -> tuple[Path, ...]:
        """The model file whose weights it starts from."""
        return () if self.init is None else (self.init,)

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return the radius of the field that decides a sample."""
        return _receptive_field(self.new_model("mask", ()), filtered_dims(image))

    def new_model(self, labels: Literal["classes", "mask"], classes: Classes) -> Any:
        """Return the network as it is before it has learned."""
        from graticule.learn.unet import UNet

        names = {each.value: each.name for each in classes}
        return UNet(**{"labels": labels, "names": names, **self.spec.unet})

    def fit_model(self, training_set: TrainingSet) -> Any:
        """Return the network, trained."""
        model = self.new_model(training_set.kind, training_set.classes)
        options = {**self.spec.fit.model_dump(exclude_unset=True), **training_set.options}
        if self.init is not None:
            options["init"] = _weights(self.init)
        elif self.first is not None:
            assert training_set.first is not None
            options["init"] = self.first.fit_model_once(training_set.first)
        if self.spec.validation:
            options["validation"] = validation_of(training_set, self.spec.validation)
        images, labels = blanked(training_set)
        return model.fit(images, labels, where=list(training_set.where), **options)

    def fit_model_once(self, training_set: TrainingSet) -> Any:
        """Return the trained network; of a training set that is the same in all folds, once."""
        if REAL in self.on:
            return self.fit_model(training_set)
        if not self._fitted_once:
            self._fitted_once.append(self.fit_model(training_set))
        return self._fitted_once[0]

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return the trained network, ready to predict."""
        model = self.fit_model(training_set)
        if model.history.stopped == "interrupted":
            raise KeyboardInterrupt  # half a training is no fold
        return FittedModel(model, training_set.classes)


def _weights(file: Path) -> Any:
    from graticule.learn.model_file import open_model

    model = open_model(file)
    if model.kind == "unet":
        return model
    what = f"is a {model.kind.replace('-', ' ')}; a network starts from another network"
    raise RequestError(what, where=str(file))


def _build(name: str, spec: NetworkSpec, context: BuildContext) -> NetworkMethod:
    init = spec.fit.init
    if isinstance(context.above.get(init), NetworkSpec):
        assert context.build is not None
        first = context.build(init)
        assert isinstance(first, NetworkMethod)
        return NetworkMethod(name, spec, first=first)
    if init and not (context.folder / init).is_file():
        raise RequestError(
            f"there is no file {context.folder / init}",
            where=f"methods.{name}.fit.init",
            hint="name a network that stands above it, or a model file beside the document",
        )
    return NetworkMethod(name, spec, context.folder / init if init else None)


unet = MethodKind("U-Net", NetworkSpec, _build)


def _receptive_field(model: Any, dims: Sequence[str]) -> dict[str, int]:
    """Return the radius of the field that decides a sample: two convolutions at every level."""
    radius = sum(2 << n for n in range(model.depth)) + sum(3 << n for n in range(model.depth - 1))
    reach = dict(zip(dims, model.extent(dims, radius), strict=True))
    return {dim: samples if samples > 1 else 0 for dim, samples in reach.items()}


def blanked(training_set: TrainingSet) -> tuple[list[xr.DataArray], list[xr.DataArray]]:
    """Return images and labels in which held-out samples are missing.

    A patch around a training sample holds its surroundings, and a normalisation all of an image:
    what is judged on must be in neither.
    """
    images, labels = [], []
    for image, label, held in zip(
        training_set.images, training_set.labels, training_set.held, strict=True
    ):
        if held is None:
            images.append(image)
            labels.append(label)
            continue
        if image.dtype == np.bool_:  # which knows no missing value
            blank = image & ~held
        else:
            blank = (image if image.dtype.kind == "f" else image.astype(np.float32)).where(~held)
        images.append(blank.transpose(*image.dims).assign_attrs(image.attrs))
        labels.append(label.where(~held) if label.dtype.kind == "f" else label)
    return images, labels


def validation_of(training_set: TrainingSet, share: float) -> list[xr.DataArray | None]:
    """Return samples of a training set that training is watched by, and does not learn from.

    Whole images with labels where there are four or more; else blocks, an eighth of the image a
    side, until they hold that share of the labels.
    """
    count = len(training_set.images)
    rng = np.random.default_rng(0)
    chosen: list[xr.DataArray | None] = [None] * count
    if count >= 4:
        wanted = max(1, round(share * count))
        for number in rng.permutation(count).tolist():
            own = _labelled(training_set, number)
            if own.any() and wanted:
                chosen[number], wanted = own, wanted - 1
        return chosen
    for number in range(count):
        allowed = _labelled(training_set, number)
        values = np.zeros(allowed.shape, bool)
        edges = [np.linspace(0, size, min(8, size) + 1).astype(int) for size in allowed.shape]
        blocks = list(itertools.product(*(itertools.pairwise(edge) for edge in edges)))
        goal = share * float(allowed.sum())
        for at in rng.permutation(len(blocks)):
            if (values & allowed.values).sum() >= goal:
                break
            values[tuple(slice(*bounds) for bounds in blocks[at])] = True
        chosen[number] = allowed & values
    return chosen


def _labelled(training_set: TrainingSet, number: int) -> xr.DataArray:
    """Return the labelled samples of an image that may be learned from."""
    where = training_set.where[number]
    labels = training_set.labels[number].transpose(*where.dims)
    if labels.dtype.kind == "f":
        known = np.isfinite(labels.values)
    else:
        known = (labels.values != 0) | (training_set.kind == "mask")
    return where.copy(data=where.values & known)
