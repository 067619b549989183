"""Methods for whole images and for objects: features or columns, and an estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
import pandas as pd
from pydantic import Field, PlainValidator, ValidationInfo

from graticule.core.document import is_list_of_texts, whole_number
from graticule.core.errors import CheckError, ParameterError, RequestError, suggest
from graticule.core.typing import Array
from graticule.learn.data.labelled_items import LabelledItems
from graticule.learn.methods.kind import (
    METHOD_KINDS,
    BuildContext,
    MethodKind,
    MethodSpec,
    task_of,
)
from graticule.learn.methods.kinds.pixels import estimator_named, sound_features
from graticule.learn.methods.method import Prediction
from graticule.learn.models.rows_model import gives_probabilities


def _features(value: Any) -> Any:
    if value == "values":
        return value
    if not isinstance(value, dict):
        raise ParameterError(
            f"must be values, or a mapping, not {value!r}", hint="as {sigmas: [1, 2, 4]}"
        )
    return sound_features(value)


def _balance(value: Any, info: ValidationInfo) -> Any:
    if task_of(info) == "regression":
        raise ParameterError("is for classes only")
    if value not in (True, False):
        raise ParameterError("must be true or false")
    return value


def _estimator(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, dict) and "class_weight" in value:
        raise ParameterError(
            "class_weight is for classes of samples", hint="balance: true or false"
        )
    return estimator_named(value, info)


def _columns(value: Any) -> tuple[str, ...]:
    if not is_list_of_texts(value) or not value:
        raise ParameterError(
            "must be a list of names of columns or patterns", hint="as [area, 'intensity_*']"
        )
    return tuple(value)


class ItemSpec(MethodSpec):
    """What methods for images and for objects have in common.

    Attributes
    ----------
    estimator : str or dict
        A name, or a name with parameters.
    balance : bool
        Whether every class counts as much as every other.
    seed : int
        Of the estimator.
    """

    estimator: Annotated[str | dict[str, Any], PlainValidator(_estimator)] = "forest"
    balance: Annotated[bool, PlainValidator(_balance)] = True
    seed: Annotated[int, whole_number(0)] = 0


class ImagesSpec(ItemSpec):
    """Keys of a classifier or regressor of whole images.

    Attributes
    ----------
    features : "values" or dict
        The values of all samples; or parameters of `graticule.learn.Features`, of which mean,
        width and quantiles over the image are looked at.
    """

    kind: ClassVar[str] = "images"
    features: Annotated[Literal["values"] | dict[str, Any], PlainValidator(_features)] = "values"


class ObjectsSpec(ItemSpec):
    """Keys of a classifier of objects.

    Attributes
    ----------
    columns : tuple of str
        Names of columns, or patterns of them; empty for all that describe objects.
    """

    kind: ClassVar[str] = "objects"
    columns: Annotated[tuple[str, ...], PlainValidator(_columns)] = Field(default=())


Views: TypeAlias = dict[int, Any]


@dataclass(frozen=True)
class ImagesMethod:
    """A classifier or regressor of whole images."""

    name: str
    spec: ImagesSpec
    regression: bool = False
    _views: Views = field(default_factory=dict, repr=False, compare=False)

    def new_model(self) -> Any:
        """Return the model as it is before it has learned."""
        from graticule.learn.features import Features
        from graticule.learn.models.images import ImageClassifier, ImageRegressor

        spec = self.spec
        features = spec.features if isinstance(spec.features, str) else Features(**spec.features)
        if self.regression:
            return ImageRegressor(features, spec.estimator, seed=spec.seed)
        return ImageClassifier(features, spec.estimator, balance=spec.balance, seed=spec.seed)

    def require_fit(self, data: LabelledItems) -> None:
        """Refuse images whose values cannot be looked at one by one: of other sizes, or missing.

        Raises
        ------
        CheckError
            Naming the image.
        """
        if self.spec.features != "values":
            return
        first = data.content[0]
        for name, image in zip(data.names, data.content, strict=True):
            if dict(image.sizes) != dict(first.sizes):
                one, other = (" x ".join(map(str, each.sizes.values())) for each in (image, first))
                raise CheckError(
                    f"{name} has {one} samples, and {data.names[0]} {other}; values are looked at "
                    "one by one, so all must have the same",
                    where=f"methods.{self.name}",
                    hint="describe images of any size, as features: {sigmas: [1, 2, 4]}",
                )
            if image.dtype.kind == "f" and not bool(np.isfinite(image.values).all()):
                raise CheckError(
                    f"{name} has missing values",
                    where=f"methods.{self.name}",
                    hint="fill them in, or say features: {sigmas: [1, 2]}, which leave them out",
                )

    def fit_model(self, data: LabelledItems, which: Sequence[int]) -> Any:
        """Return the model, learned from some images by their numbers."""
        model = self.new_model()
        return model.fit(self._seen(data, which), data.named(which))

    def answer(self, model: Any, data: LabelledItems, number: int) -> Prediction:
        """Return what a fitted model says of an image."""
        seen = self._seen(data, [number])
        if self.regression:
            return Prediction(None, np.asarray(model.predict(seen)))
        if not gives_probabilities(model.predictor):
            codes = {each.name: code for code, each in enumerate(data.classes)}
            return Prediction(None, np.array([codes[str(each)] for each in model.predict(seen)]))
        return _prediction(model.predict_proba(seen), model, data)

    def _seen(self, data: LabelledItems, which: Sequence[int]) -> list[Any]:
        """Return images with what is looked at of them, which knows nothing of their targets."""
        if self.spec.features == "values":
            return [data.content[number] for number in which]
        model = self.new_model()
        for number in which:
            if number not in self._views:
                self._views[number] = model.view(data.content[number])
        return [self._views[number] for number in which]


@dataclass(frozen=True)
class ObjectsMethod:
    """A classifier of objects."""

    name: str
    spec: ObjectsSpec

    def columns_of(self, data: LabelledItems) -> list[str]:
        """Return the columns that are looked at.

        Raises
        ------
        RequestError
            If a pattern fits none, or the one that it names holds no numbers.
        """
        from graticule.learn.models.objects import describing_columns

        table = data.content[0]
        if not self.spec.columns:
            return list(describing_columns(table, ""))
        names = [str(name) for name in table.columns]
        numeric = [name for name in names if _holds_numbers(table[name])]
        found: dict[str, None] = {}
        for pattern in self.spec.columns:
            matching = [name for name in names if fnmatchcase(name, pattern)]
            where = f"methods.{self.name}.columns"
            if not matching:
                hint = suggest(pattern, numeric) or f"the table has {', '.join(numeric)}"
                raise RequestError(f"no column is {pattern!r}", where=where, hint=hint)
            if pattern in names and pattern not in numeric:
                raise RequestError(f"the column {pattern} holds no numbers", where=where)
            found |= dict.fromkeys(name for name in matching if name in numeric)
        if not found:
            raise RequestError("no column that fits holds numbers", where=where)
        return list(found)

    def require_fit(self, data: LabelledItems) -> None:
        """Refuse columns that are not there, or in which no object has a number.

        Raises
        ------
        RequestError, CheckError
            Naming the column.
        """
        for name in self.columns_of(data):
            if not any(np.isfinite(table[name].astype(float)).any() for table in data.content):
                raise CheckError(
                    f"no object has a number in the column {name}",
                    where=f"methods.{self.name}.columns",
                    hint="name other columns",
                )

    def fit_model(self, data: LabelledItems, which: Sequence[int]) -> Any:
        """Return the model, learned from the objects of some images by their numbers."""
        from graticule.learn.models.objects import ObjectClassifier

        spec = self.spec
        model = ObjectClassifier(
            self.columns_of(data), spec.estimator, balance=spec.balance, seed=spec.seed
        )
        return model.fit([data.content[number] for number in which], data.named(which))

    def answer(self, model: Any, data: LabelledItems, number: int) -> Prediction:
        """Return what a fitted model says of the objects of an image; -1: nothing."""
        table: pd.DataFrame = data.content[number]
        if not gives_probabilities(model.predictor):
            codes = {each.name: code for code, each in enumerate(data.classes)} | {"": -1}
            return Prediction(None, np.array([codes[each] for each in model.predict(table)]))
        return _prediction(model.predict_proba(table).to_numpy(), model, data)


def _holds_numbers(column: Any) -> bool:
    is_bool = pd.api.types.is_bool_dtype(column)
    return bool(pd.api.types.is_numeric_dtype(column)) and not is_bool


def _prediction(found: Array, model: Any, data: LabelledItems) -> Prediction:
    """Return probabilities by the classes of the data, of which the model may know fewer.

    Of what it has no answer for, it gives the number -1, and no class any probability.
    """
    rows = {each.name: code for code, each in enumerate(data.classes)}
    probability = np.zeros((len(data.classes), len(found)), np.float32)
    for column, each in zip(np.asarray(found).T, model.classes, strict=True):
        probability[rows[each.name]] = column
    known = np.isfinite(probability).all(axis=0)
    codes = np.where(known, np.nan_to_num(probability).argmax(axis=0), -1)
    return Prediction(np.where(known, probability, np.float32(0)), codes)


ItemMethod: TypeAlias = ImagesMethod | ObjectsMethod


def _images(name: str, spec: Any, context: BuildContext) -> Any:
    return ImagesMethod(name, spec, context.regression)


def _objects(name: str, spec: Any, context: BuildContext) -> Any:
    return ObjectsMethod(name, spec)


ITEM_KINDS: Mapping[str, MethodKind] = {
    "images": MethodKind("features and estimator, of whole images", ImagesSpec, _images),
    "objects": MethodKind("columns and estimator, of objects", ObjectsSpec, _objects),
}
"""The kinds of methods for whole images and for objects, by the task."""

MODEL: Mapping[str, str] = {
    "images": "graticule.learn.ImageClassifier, ImageRegressor",
    "objects": "graticule.learn.ObjectClassifier",
}
"""The models they are in Python."""


def kind_named(name: str) -> MethodKind:
    """Return a kind of method by its name, whatever the task."""
    return ITEM_KINDS.get(name) or METHOD_KINDS.get(name)
