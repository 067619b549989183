"""Values of samples, learned from images of continuous targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import xarray as xr

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.data.labels import Classes
from graticule.learn.models.estimators import estimator_of, fit_estimator
from graticule.learn.models.model import Asked, State
from graticule.learn.models.pixel_model import PixelModel, image_of
from graticule.learn.models.predictors import kept, predictor_of, restored
from graticule.learn.sampling.samples import (
    LabelledImage,
    as_image_list,
    choose_samples,
    match_labels,
)

if TYPE_CHECKING:
    from graticule.learn.features import Features

_SLAB = 64


class PixelRegressor(PixelModel):
    """Values of samples, learned from images of continuous targets.

    Parameters
    ----------
    features : Features, optional
        What is looked at around each sample; the default bank where none is given.
    estimator : str, mapping or estimator
        ``forest``, ``extra_trees``, ``boosting``, ``neighbours``, ``linear`` or ``tree``, as for
        `PixelClassifier`, or any scikit-learn regressor. Which error is made small is up to it:
        ``{"name": "boosting", "loss": "absolute_error"}`` that of the MAE, most others the MSE.
    max_samples : int or None
        Samples to train on, at most, of all images together; None takes all.
    seed : int
        Of the choice of samples, and of the estimator where it has none of its own.

    Attributes
    ----------
    expects : InputSpec
        What images it was fitted on, and takes.
    estimator_ : estimator
        The fitted estimator.
    units_ : str
        Unit of the targets.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelRegressor
    >>> image = np.random.default_rng(0).normal(size=(16, 16)).astype(np.float32)
    >>> features = Features(kinds=("value",), sigmas=())
    >>> model = PixelRegressor(features, "linear").fit(image, 2 * image + 1)
    >>> bool(np.abs(model.predict(image) - (2 * image + 1)).max() < 1e-4)
    True
    """

    kind: ClassVar[str] = "pixel-regressor"
    classes: Classes = ()

    def __init__(
        self,
        features: Features | None = None,
        estimator: Any = "forest",
        *,
        max_samples: int | None = 100_000,
        seed: int = 0,
    ) -> None:
        self.features = features
        self.estimator = estimator
        self.max_samples = max_samples
        self.seed = seed

    def fit(self, images: Any, targets: Any, where: Any = None) -> Self:
        """Learn from targets.

        Parameters
        ----------
        images : DataArray, array_like or View, or a sequence of them
            As for `PixelClassifier.fit`.
        targets : DataArray or array_like, or a sequence of them
            One image of targets for each image, of its sizes without ``c``; NaN where there is
            no target.
        where : optional
            A mask of the samples that may be used, or a sequence of one for each image, in which
            None is nothing of that image (as ``train`` of a `Fold`); by default all samples of
            all images.

        Returns
        -------
        PixelRegressor
            Itself.

        Raises
        ------
        ImageError
            If images and targets do not go together, or there is no target.
        ParameterError
            If there is no such estimator, or it refuses the samples.
        """
        estimator = estimator_of(self.estimator, "regression", self.seed)
        pairs = match_labels([image_of(each) for each in as_image_list(images)], targets, where)
        if any(pair.labels.dtype.kind not in "buif" for pair in pairs):
            raise ImageError("targets must be real numbers", hint="take abs(targets)")
        expects = InputSpec.of([pair.image for pair in pairs], spacing=self._spaced())
        chosen = choose_samples(pairs, _has_target, 1, most=self.max_samples, seed=self.seed)
        if not chosen.codes.size:
            raise ImageError("there is no sample with a target")
        rows, known = self._rows(pairs, as_image_list(images), chosen)
        chosen = chosen.only(known)
        wanted = np.concatenate([_at(*each) for each in zip(pairs, chosen.index, strict=True)])
        fit_estimator(estimator, rows, wanted, None)
        self._expects = expects
        self.estimator_ = estimator
        self.units_ = str(pairs[0].labels.attrs.get("units", ""))
        self.counts_ = int(chosen.counts[0])
        self._predictor = predictor_of(estimator, 0)
        self.example = self._crop(pairs, chosen)
        return self

    def predict(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return the value of each sample.

        Parameters
        ----------
        image : DataArray, array_like or View
            As in training; of any size.
        region : Region or mapping, optional
            Start and stop by dim, in samples: the part of the image that is wanted. Only that is
            computed, from all that surrounds it, and of a lazy image no more is read.

        Returns
        -------
        DataArray
            float32, without ``c``, in the unit of the targets; NaN where a value in reach of the
            features is missing.
        """
        return self.decision(image, region=region).astype(np.float32)

    def decision(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return the value of each sample as float64, as the estimator gives it."""
        predictor = self.predictor
        units = {"units": self.units_} if self.units_ else {}
        return self._painted(image, region, predictor.values, np.nan, np.float64, **units)

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        arrays, estimator = kept(self.predictor)
        card = {"parameters": self._fixed(), "units": self.units_, "counts": self.counts_}
        return State(card, arrays, estimator, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        model = cls._from_card(state)
        model.units_ = str(state.card["units"])
        model.counts_ = int(state.card["counts"])
        model._predictor = restored(state.arrays, state.estimator, 0)
        return model


def _has_target(values: Array) -> Array:
    return np.where(np.isfinite(values), np.int16(0), np.int16(-1))


def _at(pair: LabelledImage, index: Array) -> Array:
    """Return the targets at some places, reading no more than the slabs they are in."""
    first, found = pair.dims[0], np.empty(index.size, np.float64)
    row = pair.labels.size // pair.labels.sizes[first]
    rows = index // row
    for start in np.unique(rows // _SLAB) * _SLAB if index.size else ():
        own = (rows >= start) & (rows < start + _SLAB)
        values = pair.labels.isel({first: slice(start, start + _SLAB)}).values.ravel()
        found[own] = values[index[own] - start * row]
    return found
