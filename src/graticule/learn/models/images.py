"""Classifiers and regressors of whole images: one class or one value for each image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import as_image, filtered_dims
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, InputSpec
from graticule.learn.data.labels import Classes
from graticule.learn.models.base import EstimatorClassifier
from graticule.learn.models.model import State
from graticule.learn.models.rows_model import RowsModel, classes_of_targets, gives_probabilities

if TYPE_CHECKING:
    from graticule.learn.features import Features

_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class ImageView:
    """An image with what a model looks at of it, computed once.

    Given to ``fit``, ``predict`` and ``predict_proba`` of models of whole images in place of the
    image, so that a model that is learned again and again computes no features again.

    Attributes
    ----------
    image : DataArray
        The image.
    features : "values" or Features
        Those of the model.
    row : ndarray
        What is looked at.
    """

    image: xr.DataArray
    features: Features | str
    row: Array


class _ImagesModel(RowsModel):
    """One answer for each image."""

    features: Features | str
    _shape: tuple[int, ...]

    @property
    def has_fixed_size(self) -> bool:
        """Whether images must have the sizes of those in training."""
        return isinstance(self.features, str)

    def _prepare(self, images: Any, targets: Sequence[Any]) -> Array:
        """Note what the images are, and return their rows."""
        given = _as_images(images)
        if not given or len(given) != len(targets):
            raise ImageError(f"each image needs one target, not {len(given)} for {len(targets)}")
        if isinstance(self.features, str) and self.features != "values":
            raise ParameterError(
                f"must be 'values' or Features, not {self.features!r}", where="features"
            )
        first = _image_of(given[0])
        self._expects = InputSpec.of([_image_of(each) for each in given], spacing=False)
        self._shape = self.expects.validate(first).shape
        self.example = first
        return self._rows(given)

    def view(self, image: xr.DataArray) -> ImageView:
        """Return an image with what a model like this looks at of it, computed once."""
        if isinstance(self.features, str):
            row = np.asarray(image.transpose(*_order(image)).values, np.float32).ravel()
        else:
            columns = self.features.compute(image.transpose(*_order(image)).compute())
            row = statistics(columns.reshape(len(columns), -1))
        return ImageView(image, self.features, row)

    def _rows(self, images: Any) -> Array:
        rows = [self._row(image) for image in _as_images(images)]
        return np.stack(rows) if rows else np.empty((0, 1), np.float32)

    def _row(self, given: xr.DataArray | ImageView) -> Array:
        """Return what is looked at of one image: its values, or statistics of its features."""
        image = self.expects.validate(_image_of(given))
        if isinstance(self.features, str):
            if image.shape != self._shape:
                raise ImageError(
                    f"images must have the sizes of those in training, {self._shape}, not "
                    f"{image.shape}",
                    hint="crop or resize them, or describe them by features=Features(...)",
                )
            return np.asarray(image.values, np.float32).ravel()
        if isinstance(given, ImageView) and given.features == self.features:
            return given.row
        columns = self.features.compute(image)
        return statistics(columns.reshape(len(columns), -1))

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        return self._state({"shape": list(self._shape)})

    @classmethod
    def _from_state(cls, state: State, classes: int) -> Self:
        model = super()._from_state(state, classes)
        model._shape = tuple(int(size) for size in state.card["shape"])
        return model


def statistics(columns: Array) -> Array:
    """Return mean, width and the quantiles 0.1, 0.5 and 0.9 of each feature, as one row.

    Values that are not finite are not counted; a feature without any has 0.

    Examples
    --------
    >>> statistics(np.array([[1.0, 2.0, 3.0]])).round(2)
    array([2.  , 0.82, 1.2 , 2.  , 2.8 ], dtype=float32)
    """
    found = []
    for column in columns:
        known = column[np.isfinite(column)].astype(np.float64)
        if known.size:
            found += [known.mean(), known.std(), *np.quantile(known, _QUANTILES)]
        else:
            found += [0.0] * (2 + len(_QUANTILES))
    return np.array(found, np.float32)


def _image_of(given: xr.DataArray | ImageView) -> xr.DataArray:
    return given.image if isinstance(given, ImageView) else given


def _order(image: xr.DataArray) -> list[str]:
    worked = [dim for dim in filtered_dims(image) if dim != CHANNEL]
    return [*worked, *([CHANNEL] if CHANNEL in image.dims else [])]


def _as_images(given: Any) -> list[Any]:
    """Return a list of images: of one, of a sequence, or of a stack along its first axis."""
    if isinstance(given, xr.DataArray):
        spare = [dim for dim in given.dims if dim not in (*filtered_dims(given), CHANNEL)]
        if len(spare) == 1:
            return [given.isel({spare[0]: number}) for number in range(given.sizes[spare[0]])]
        return [given]
    if isinstance(given, np.ndarray):
        return [as_image(part) for part in given] if given.ndim == 3 else [as_image(given)]
    return [image if isinstance(image, ImageView) else as_image(image) for image in given]


@dataclass(eq=False, repr=False)
class ImageClassifier(_ImagesModel, EstimatorClassifier):
    """Classes of whole images.

    Parameters
    ----------
    features : "values" or Features
        What is looked at: the values of all samples, for images of equal sizes; or mean, width
        and quantiles of features over the image, for images of any size.
    estimator : str, mapping or estimator
        As for `PixelClassifier`.
    balance : bool
        Whether every class counts as much as every other, however many images it has.
    seed : int
        Of the estimator, where it has none of its own.

    Attributes
    ----------
    classes : tuple of Class
        Value and name of each class, after fitting.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.learn import ImageClassifier
    >>> images = np.zeros((6, 4, 4), np.float32)
    >>> images[3:] = 1
    >>> model = ImageClassifier(estimator="tree").fit(images, [0, 0, 0, 7, 7, 7])
    >>> model.predict(images).tolist()
    [0, 0, 0, 7, 7, 7]
    """

    kind: ClassVar[str] = "image-classifier"

    features: Features | str = "values"
    estimator: Any = "forest"
    _: KW_ONLY
    balance: bool = True
    seed: int = 0

    def fit(self, images: Any, targets: Sequence[Any]) -> Self:
        """Learn from images, each with its class.

        Parameters
        ----------
        images : sequence of DataArray or array_like
            Or one array, or DataArray with one more dim, that holds them all.
        targets : sequence
            A whole number or a text for each image; NaN or None: not used.

        Returns
        -------
        ImageClassifier
            Itself.

        Raises
        ------
        ImageError
            If images differ in what they are, or there are fewer than two classes.
        ParameterError
            If there is no such estimator, or it refuses the rows.
        """
        rows = self._prepare(images, list(targets))
        classes, codes = classes_of_targets(pd.Series(list(targets)))
        if len(classes) < 2:
            raise ImageError(f"images of at least two classes are needed, not of {len(classes)}")
        self._classes = classes
        self._fit_rows(rows[codes >= 0], codes[codes >= 0], len(classes), self.balance)
        return self

    def predict(self, images: Any, /) -> Array:
        """Return the class of each image: its value, or its name where targets were texts."""
        names = [each.name for each in self.classes]
        values = [each.value for each in self.classes]
        numbers = names == [str(value) for value in values]
        rows = self._rows(images)
        if not len(rows):
            return np.array(values if numbers else names)[:0]
        codes = self.predictor.codes(self._columns(rows))
        if (codes < 0).any():
            raise ImageError(
                f"image {int(np.argmin(codes)) + 1} has missing values", hint="fill them in first"
            )
        found: Array = np.array(values if numbers else names)[codes]
        return found

    def predict_proba(self, images: Any, /) -> Array:
        """Return the probability of each class (second axis) for each image."""
        rows = self._rows(images)
        if not len(rows):
            return np.empty((0, len(self.classes)), np.float32)
        return self.predictor.proba(self._columns(rows))

    def record(self, image: xr.DataArray) -> pd.DataFrame:
        """Return one row for an image: ``class``, its name, and ``class_probability``.

        The probability is NaN for an estimator that gives none. An image with a missing value
        among those looked at has the class ``""`` and NaN.
        """
        found, probability = "", np.nan
        row = self._rows([image])
        if np.isfinite(row).all():
            found = str(self.predict([image])[0])
            if gives_probabilities(self.predictor):
                probability = float(self.predict_proba([image]).max())
        return pd.DataFrame({"class": [found], "class_probability": [probability]})


@dataclass(eq=False, repr=False)
class ImageRegressor(_ImagesModel):
    """Values of whole images.

    Parameters
    ----------
    features : "values" or Features
        As for `ImageClassifier`.
    estimator : str, mapping or estimator
        As for `PixelRegressor`.
    seed : int
        Of the estimator, where it has none of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.learn import ImageRegressor
    >>> images = np.arange(5.0)[:, None, None] * np.ones((5, 3, 3))
    >>> model = ImageRegressor(estimator="linear").fit(images, [0, 2, 4, 6, 8])
    >>> model.predict(np.full((1, 3, 3), 1.5)).round(3)
    array([3.])
    """

    kind: ClassVar[str] = "image-regressor"
    classes: ClassVar[Classes] = ()

    features: Features | str = "values"
    estimator: Any = "forest"
    _: KW_ONLY
    seed: int = 0

    def fit(self, images: Any, targets: Sequence[float]) -> Self:
        """Learn from images, each with its value; NaN: not used.

        Raises
        ------
        ImageError
            If images differ in what they are, or there is no target.
        ParameterError
            If there is no such estimator, or it refuses the rows.
        """
        wanted = np.asarray(targets, np.float64)
        rows = self._prepare(images, list(wanted))
        known = np.isfinite(wanted)
        if not known.any():
            raise ImageError("there is no image with a target")
        self._fit_rows(rows[known], wanted[known], 0, balance=False)
        return self

    def predict(self, images: Any, /) -> Array:
        """Return the value of each image."""
        rows = self._rows(images)
        return self.predictor.values(self._columns(rows)) if len(rows) else np.empty(0)

    def record(self, image: xr.DataArray) -> pd.DataFrame:
        """Return one row for an image: ``value``; NaN where one that is looked at is missing."""
        known = bool(np.isfinite(self._rows([image])).all())
        return pd.DataFrame({"value": [float(self.predict([image])[0]) if known else np.nan]})
