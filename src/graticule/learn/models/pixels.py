"""Classifiers and regressors of samples: a few strokes in, a label or a value for each sample out.

By the conventions of scikit-learn, on images: ``fit(images, labels)``, ``predict``,
``predict_proba``. A fitted model looks at an image strip by strip, so it takes images of any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import xarray as xr

from graticule.core.errors import ImageError, RequestError
from graticule.core.typing import Array
from graticule.learn.data.labels import (
    Classes,
    LabelKind,
    classes_of,
    decode_labels,
    encode_labels,
)
from graticule.learn.models.base import EstimatorClassifier
from graticule.learn.models.estimators import set_class_weights, uses_sample_weight
from graticule.learn.models.model import RegionLike, State, margin_uncertainty
from graticule.learn.models.pixel_model import FeatureView, PixelModel
from graticule.learn.models.predictors import EstimatorPredictor
from graticule.learn.sampling.bottom_k import SampleSelection
from graticule.learn.sampling.class_quotas import Balance, require_balance, weights
from graticule.learn.sampling.samples import LabelledImage, choose_samples

if TYPE_CHECKING:
    from graticule.learn.features import Features

_SLAB = 64

__all__ = ["FeatureView", "PixelClassifier", "PixelRegressor"]


@dataclass(eq=False, repr=False)
class PixelClassifier(PixelModel, EstimatorClassifier):
    """Classes of samples, learned from labels drawn into images.

    Parameters
    ----------
    features : Features, optional
        What is looked at around each sample; the default bank where none is given.
    estimator : str, mapping or estimator
        ``forest``, ``extra_trees``, ``boosting``, ``neighbours``, ``logistic``, ``linear`` or
        ``tree``; ``{"name": "forest", "n_estimators": 300}``; or any scikit-learn classifier.
    balance : {"auto", True, False}
        Whether every class counts as much as every other, however much of it is labelled: then
        probabilities are those where all classes are equally frequent. Otherwise classes count as
        they occur, and probabilities are those of the labelled samples. ``auto`` balances sparse
        labels, whose amounts say how much was drawn, and not dense ones (masks, or where at least
        half of what may be used is labelled), whose amounts say how frequent a class is.
        Neighbours take no weights, so they are balanced by what is sampled only.
    max_samples : int or None
        Samples to train on, at most, of all images together; None takes all. Balanced, classes
        share them evenly. Otherwise they share them as they occur, and a rare class keeps ten
        samples; or a tenth of an even share, which weights undo, where the estimator heeds
        weights (not neighbours, nor trees that grow until leaves are pure, as ``forest`` does by
        default).
    seed : int
        Of the choice of samples, and of the estimator where it has none of its own.
    labels : {"auto", "classes", "mask"}
        What labels mean. As classes, 0 is unlabelled and other values are classes; as a mask, 0
        is background and the rest object. ``auto`` takes bools, and values of which there are
        only 0 and one other, for masks.
    names : mapping, optional
        Names of classes by their value.

    Attributes
    ----------
    classes : tuple of Class
        Value and name of each class, after fitting.
    expects : InputSpec
        What images it was fitted on, and takes.
    estimator_ : estimator
        The fitted estimator; it has seen codes of classes, counted from 0.
    counts_ : dict of int
        Labelled samples by name of class.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.learn import Features, PixelClassifier
    >>> image = np.zeros((16, 16), np.float32)
    >>> image[:, 8:] = 1
    >>> strokes = np.zeros((16, 16), np.uint8)
    >>> strokes[4:6, 2:5], strokes[4:6, 11:14] = 1, 2
    >>> model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, strokes)
    >>> model.predict(image).values[0]
    array([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], dtype=int32)
    """

    kind: ClassVar[str] = "pixel-classifier"

    features: Features | None = None
    estimator: Any = "forest"
    _: KW_ONLY
    balance: Balance = "auto"
    max_samples: int | None = 100_000
    seed: int = 0
    labels: LabelKind = "auto"
    names: Mapping[int, str] | None = None

    @property
    def classes_(self) -> Array:
        """Values of the classes, as scikit-learn has them."""
        return np.array([each.value for each in self.classes])

    def fit(self, images: Any, labels: Any, where: Any = None) -> Self:
        """Learn from labels.

        Parameters
        ----------
        images : DataArray, array_like or FeatureView, or a sequence of them
            May be lazy: they are read one at a time, and only the parts of them that hold labels
            that are used. Along ``z y x``, with channels along ``c``.
        labels : DataArray or array_like, or a sequence of them
            One label image for each image; integers or bools of its sizes without ``c``.
        where : optional
            A mask of the samples that may be used, or a sequence of one for each image, in which
            None is nothing of that image (as ``train`` of a `Fold`); by default all samples of
            all images.

        Returns
        -------
        PixelClassifier
            Itself. A sample with a missing value (NaN or infinite, in any channel) in reach of
            the features is not used.

        Raises
        ------
        ImageError
            If images and labels do not go together, or hold fewer than two classes.
        ParameterError
            If there is no such estimator, or it refuses the samples.
        """
        require_balance(self.balance)
        inputs = self._inputs(images, labels, where, "classification")
        pairs, estimator = inputs.pairs, inputs.estimator
        classes, kind = classes_of([pair.labels for pair in pairs], self.labels, self.names)
        set_class_weights(estimator, classes, self.names)
        names = [each.name for each in classes]
        chosen = choose_samples(
            pairs,
            lambda values: encode_labels(values, classes, kind),
            len(classes),
            most=self.max_samples,
            seed=self.seed,
            balance=self.balance,
            weighed=uses_sample_weight(estimator),
        )
        chosen.require_two(names)

        def targets_of(usable: SampleSelection) -> tuple[Array, Array | None]:
            usable.require_two(names)
            return usable.codes, weights(usable.codes, usable.counts, usable.balance)

        chosen = self._fit(inputs, chosen, targets_of, len(classes))
        self._classes = classes
        self.counts_ = dict(zip(names, chosen.counts.tolist(), strict=True))
        return self

    def predict(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the value of the most probable class of each sample.

        Parameters
        ----------
        image : DataArray, array_like or FeatureView
            As in training; of any size.
        region : Region or mapping, optional
            Start and stop by dim, in samples: the part of the image that is wanted. Only that is
            computed, from all that surrounds it, and of a lazy image no more is read.

        Returns
        -------
        DataArray
            int32, without ``c``; 0 where a value in reach of the features is missing.
        """
        predictor, classes = self.predictor, self.classes

        def decoded(columns: Array) -> Array:
            return decode_labels(predictor.codes(columns), classes)

        return self._predict_image(image, region, decoded, np.int32, empty=0)

    def predict_proba(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the probability of each class, at each sample.

        Parameters
        ----------
        image, region
            As of `predict`.

        Returns
        -------
        DataArray
            float32, the dim ``class`` first, with the names of the classes; NaN where a value in
            reach of the features is missing.
        """
        predictor = self.predictor
        names = [each.name for each in self.classes]
        return self._predict_image(
            image, region, lambda columns: predictor.proba(columns).T, names=names
        )

    def uncertainty(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return how undecided it is: 1 less the lead of the most probable class over the next.

        Parameters
        ----------
        image, region
            As of `predict`.

        Returns
        -------
        DataArray
            float32 in 0 to 1, without ``c``; NaN where a value in reach is missing.
        """
        predictor = self.predictor
        return self._predict_image(
            image, region, lambda columns: margin_uncertainty(predictor.proba(columns), 1)
        )

    def decision(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the decision function of a linear estimator (or any that has one).

        Parameters
        ----------
        image, region
            As of `predict`.

        Returns
        -------
        DataArray
            float64, without ``c``. With two classes, positive for the second; with more, the dim
            ``class`` comes first and the largest wins. NaN where a value in reach is missing.

        Raises
        ------
        RequestError
            If the estimator has no decision function.
        """
        found, names = self.predictor, [each.name for each in self.classes]
        if not isinstance(found, EstimatorPredictor) or not hasattr(
            found.estimator, "decision_function"
        ):
            raise RequestError(
                "the estimator has no decision function", hint="fit with logistic or linear"
            )
        names = names if len(names) != 2 else []
        return self._predict_image(image, region, found.decision, np.float64, names=names)

    def _parameters(self) -> dict[str, Any]:
        return {**super()._parameters(), "names": None}  # they are those of the classes

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        return self._state({"counts": self.counts_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        model = super().from_state(state)
        model.names = {each.value: each.name for each in model.classes}
        model.counts_ = dict(state.card["counts"])
        return model


@dataclass(eq=False, repr=False)
class PixelRegressor(PixelModel):
    """Values of samples, learned from images of continuous targets.

    Parameters
    ----------
    features : Features, optional
        As for `PixelClassifier`.
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
    classes: ClassVar[Classes] = ()

    features: Features | None = None
    estimator: Any = "forest"
    _: KW_ONLY
    max_samples: int | None = 100_000
    seed: int = 0

    def fit(self, images: Any, targets: Any, where: Any = None) -> Self:
        """Learn from targets.

        Parameters
        ----------
        images, where
            As for `PixelClassifier.fit`.
        targets : DataArray or array_like, or a sequence of them
            One image of targets for each image, of its sizes without ``c``; NaN where there is
            no target.

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
        inputs = self._inputs(images, targets, where, "regression")
        pairs = inputs.pairs
        if any(pair.labels.dtype.kind not in "buif" for pair in pairs):
            raise ImageError("targets must be real numbers", hint="take abs(targets)")
        chosen = choose_samples(pairs, _has_target, 1, most=self.max_samples, seed=self.seed)
        if not chosen.codes.size:
            raise ImageError("there is no sample with a target")
        chosen = self._fit(inputs, chosen, partial(_targets_of, pairs), 0)
        self.units_ = str(pairs[0].labels.attrs.get("units", ""))
        self.counts_ = int(chosen.counts[0])
        return self

    def predict(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the value of each sample.

        Parameters
        ----------
        image, region
            As of `PixelClassifier.predict`.

        Returns
        -------
        DataArray
            float32, without ``c``, in the unit of the targets; NaN where a value in reach of the
            features is missing.
        """
        return self.decision(image, region=region).astype(np.float32)

    def decision(self, image: Any, /, *, region: RegionLike = None) -> xr.DataArray:
        """Return the value of each sample as float64, as the estimator gives it."""
        predictor = self.predictor
        units = {"units": self.units_} if self.units_ else {}
        return self._predict_image(image, region, predictor.values, np.float64, **units)

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        return self._state({"units": self.units_, "counts": self.counts_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        model = super().from_state(state)
        model.units_ = str(state.card["units"])
        model.counts_ = int(state.card["counts"])
        return model


def _has_target(values: Array) -> Array:
    return np.where(np.isfinite(values), np.int16(0), np.int16(-1))


def _targets_of(
    pairs: Sequence[LabelledImage], chosen: SampleSelection
) -> tuple[Array, Array | None]:
    """Return the targets of chosen samples, which have no weights."""
    return np.concatenate([_at(*each) for each in zip(pairs, chosen.index, strict=True)]), None


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
