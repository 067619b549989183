"""Features of each sample, and an estimator that tells classes or predicts a value by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from graticule.core import ALL, filtered_dims
from graticule.core.document import whole_number
from graticule.core.errors import CheckError, ParameterError, suggest
from graticule.learn.data.labels import Classes
from graticule.learn.methods.kind import (
    METHOD_KINDS,
    MethodKind,
    MethodSpec,
    construct,
    require_parameters,
    task_of,
)
from graticule.learn.methods.method import FittedMethod, FittedModel, TrainingSet


def sound_features(values: dict[str, Any]) -> dict[str, Any]:
    """Return parameters of features that a document names, if there are such."""
    from graticule.learn.features import Features

    require_parameters(Features, values)
    construct(lambda: Features(**values), "features")
    return values


def estimator_named(value: Any, info: ValidationInfo) -> Any:
    """Return an estimator that a document names, if there is one that does its task."""
    from graticule.learn.models.estimators import NAMED, make_estimator, validate_estimator

    name = value.get("name") if isinstance(value, dict) else value
    if not isinstance(name, str):
        what = f"must be a name, or a mapping with one, not {value!r}"
        raise ParameterError(what, hint="as {name: forest}")
    if name not in NAMED:
        raise ParameterError(f"there is no {name!r}", hint=suggest(name, list(NAMED)))
    task: Literal["regression", "classification"] = (
        "regression" if task_of(info) == "regression" else "classification"
    )
    if isinstance(value, dict) or task == "regression":
        construct(lambda: validate_estimator(make_estimator(value, task, 0)), "estimator")
    return value


def _balance(value: Any, info: ValidationInfo) -> Any:
    if task_of(info) == "regression":
        raise ParameterError("is for classes only")
    if value not in (True, False, "auto"):
        raise ParameterError("must be auto, true or false")
    return value


class PixelSpec(MethodSpec):
    """Keys of a pixel classifier or regressor; what is not given is as the model has it.

    Attributes
    ----------
    features : dict
        Parameters of `graticule.learn.Features`.
    estimator : str or dict
        A name, or a name with parameters.
    balance, max_samples, seed
        As of `graticule.learn.PixelClassifier`.
    """

    kind: ClassVar[str] = "pixels"
    features: Annotated[
        dict[str, Any], BeforeValidator(lambda value: value or {}), AfterValidator(sound_features)
    ] = Field(default={})
    estimator: Annotated[str | dict[str, Any], PlainValidator(estimator_named)] = "forest"
    balance: Annotated[bool | Literal["auto"], PlainValidator(_balance)] = "auto"
    max_samples: Annotated[int, whole_number(1, "or null for all")] | None = None
    seed: Annotated[int, whole_number(0)] = 0

    @model_validator(mode="after")
    def _require_either(self) -> Self:
        if not self.model_fields_set & {"features", "estimator"}:
            others = [name for name in reversed(METHOD_KINDS.names()) if name != self.kind]
            ways = ["estimator", "features", *others]
            raise ParameterError(f"must say {', '.join(ways[:-1])} or {ways[-1]}")
        return self


@dataclass(frozen=True)
class PixelMethod:
    """A pixel classifier or a pixel regressor."""

    name: str
    spec: PixelSpec
    regression: bool = False
    first: ClassVar[None] = None
    iterative: ClassVar[bool] = False
    model_files: ClassVar[tuple[Path, ...]] = ()

    @property
    def on(self) -> tuple[str, ...]:
        """As in the document."""
        return self.spec.on

    def reach(self, image: xr.DataArray) -> dict[str, int]:
        """Return its halo; a method that looks at all of an image has no reach."""
        model, dims = self.new_model("mask", ()), filtered_dims(image)
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

    def new_model(self, labels: Literal["classes", "mask"], classes: Classes) -> Any:
        """Return the model as it is before it has learned."""
        from graticule.learn.features import Features
        from graticule.learn.models.pixels import PixelClassifier, PixelRegressor

        options: Mapping[str, Any] = self.spec.options
        features = Features(**self.spec.features) if "features" in options else None
        rest = {k: v for k, v in options.items() if k not in ("features", "estimator")}
        if self.regression:
            return PixelRegressor(features, self.spec.estimator, **rest)
        names = {each.value: each.name for each in classes}
        return PixelClassifier(features, self.spec.estimator, labels=labels, names=names, **rest)

    def fit_model(self, training_set: TrainingSet) -> Any:
        """Return the model, fitted."""
        model = self.new_model(training_set.kind, training_set.classes)
        images, labels = list(training_set.images), list(training_set.labels)
        return model.fit(images, labels, where=list(training_set.where))

    def fit(self, training_set: TrainingSet) -> FittedMethod:
        """Return the fitted model, ready to predict."""
        return FittedModel(self.fit_model(training_set), training_set.classes)


pixels = MethodKind(
    "features and estimator",
    PixelSpec,
    lambda name, spec, context: PixelMethod(name, spec, context.regression),
)
