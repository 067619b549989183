"""Classifiers and regressors of samples: a few strokes in, a label or a value for each sample out.

By the conventions of scikit-learn, on images: ``fit(images, labels)``, ``predict``,
``predict_proba``. A fitted model looks at an image strip by strip, so it takes images of any size.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import xarray as xr

from graticule.core.errors import RequestError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.data.labels import (
    Class,
    Classes,
    LabelKind,
    classes_of,
    decode_labels,
    encode_labels,
)
from graticule.learn.models.estimators import (
    estimator_of,
    fit_estimator,
    heeds_weights,
    weigh_classes,
)
from graticule.learn.models.model import Asked, State
from graticule.learn.models.pixel_model import PixelModel, View, image_of
from graticule.learn.models.pixel_regressor import PixelRegressor
from graticule.learn.models.predictors import Fitted, in_parts, kept, predictor_of, restored
from graticule.learn.sampling.class_quotas import Balance, require_balance, weights
from graticule.learn.sampling.samples import as_image_list, choose_samples, match_labels

if TYPE_CHECKING:
    from graticule.learn.features import Features

__all__ = ["PixelClassifier", "PixelRegressor", "View"]


class PixelClassifier(PixelModel):
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

    def __init__(
        self,
        features: Features | None = None,
        estimator: Any = "forest",
        *,
        balance: Balance = "auto",
        max_samples: int | None = 100_000,
        seed: int = 0,
        labels: LabelKind = "auto",
        names: Mapping[int, str] | None = None,
    ) -> None:
        self.features = features
        self.estimator = estimator
        self.balance = balance
        self.max_samples = max_samples
        self.seed = seed
        self.labels = labels
        self.names = names

    @property
    def classes(self) -> Classes:
        """Value and name of each class."""
        self.predictor  # noqa: B018  (raises where nothing was fitted)
        return self._classes

    @property
    def classes_(self) -> Array:
        """Values of the classes, as scikit-learn has them."""
        return np.array([each.value for each in self.classes])

    def fit(self, images: Any, labels: Any, where: Any = None) -> Self:
        """Learn from labels.

        Parameters
        ----------
        images : DataArray, array_like or View, or a sequence of them
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
        estimator = estimator_of(self.estimator, "classification", self.seed)
        pairs = match_labels([image_of(each) for each in as_image_list(images)], labels, where)
        expects = InputSpec.of([pair.image for pair in pairs], spacing=self._spaced())
        classes, kind = classes_of([pair.labels for pair in pairs], self.labels, self.names)
        weigh_classes(estimator, classes, self.names)
        names = [each.name for each in classes]
        chosen = choose_samples(
            pairs,
            lambda values: encode_labels(values, classes, kind),
            len(classes),
            most=self.max_samples,
            seed=self.seed,
            balance=self.balance,
            weighed=heeds_weights(estimator),
        )
        chosen.require_two(names)
        rows, known = self._rows(pairs, as_image_list(images), chosen)
        chosen = chosen.only(known)
        chosen.require_two(names)
        fit_estimator(
            estimator, rows, chosen.codes, weights(chosen.codes, chosen.counts, chosen.balance)
        )
        self._expects, self._classes = expects, classes
        self.counts_ = dict(zip(names, chosen.counts.tolist(), strict=True))
        self.estimator_ = estimator
        self._predictor = predictor_of(estimator, len(classes))
        self.example = self._crop(pairs, chosen)
        return self

    def predict(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return the value of the most probable class of each sample.

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
            int32, without ``c``; 0 where a value in reach of the features is missing.
        """
        predictor, classes = self.predictor, self.classes
        return self._painted(
            image,
            region,
            lambda columns: decode_labels(predictor.codes(columns), classes),
            0,
            np.int32,
        )

    def predict_proba(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return the probability of each class, at each sample.

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
            float32, the dim ``class`` first, with the names of the classes; NaN where a value in
            reach of the features is missing.
        """
        predictor = self.predictor
        names = [each.name for each in self.classes]
        return self._layered(image, region, lambda columns: predictor.proba(columns).T, names)

    def uncertainty(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return how undecided it is: 1 less the lead of the most probable class over the next.

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
            float32 in 0 to 1, without ``c``; NaN where a value in reach is missing.
        """
        predictor = self.predictor
        return self._painted(
            image, region, lambda columns: undecided(predictor.proba(columns)), np.nan, np.float32
        )

    def decision(self, image: Any, /, *, region: Asked = None) -> xr.DataArray:
        """Return the decision function of a linear estimator (or any that has one).

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
            float64, without ``c``. With two classes, positive for the second; with more, the dim
            ``class`` comes first and the largest wins. NaN where a value in reach is missing.

        Raises
        ------
        RequestError
            If the estimator has no decision function.
        """
        found = self.predictor
        if not isinstance(found, Fitted) or not hasattr(found.estimator, "decision_function"):
            raise RequestError(
                "the estimator has no decision function", hint="fit with logistic or linear"
            )
        function = found.estimator.decision_function
        ask = partial(_decided, function)
        names = [each.name for each in self.classes]
        if len(names) == 2:
            return self._painted(image, region, ask, np.nan, np.float64)
        own = np.asarray(found.estimator.classes_, np.int64)
        return self._layered(
            image, region, lambda c: _spread(ask(c), own, len(names)), names, np.float64
        )

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        arrays, estimator = kept(self.predictor)
        card = {
            "parameters": {**self._fixed(), "names": None},
            "classes": [[each.value, each.name] for each in self.classes],
            "counts": self.counts_,
        }
        return State(card, arrays, estimator, expects=self.expects)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        model = cls._from_card(state)
        model._classes = tuple(Class(int(v), str(n)) for v, n in state.card["classes"])
        model.names = {each.value: each.name for each in model._classes}
        model.counts_ = dict(state.card["counts"])
        model._predictor = restored(state.arrays, state.estimator, len(model._classes))
        return model


def _decided(function: Any, columns: Array) -> Array:
    return in_parts(function, columns, np.nan, np.float64)


def _spread(decided: Array, own: Array, classes: int) -> Array:
    """Return decisions of the classes an estimator knows among all; the others never win."""
    if decided.ndim == 1:  # of two classes
        decided = np.stack([-decided, decided], axis=1)
    if decided.shape[1] == classes:
        return decided.T
    found = np.full((classes, len(decided)), -np.inf)
    found[own] = decided.T
    found[:, np.isnan(decided[:, 0])] = np.nan
    return found


def undecided(proba: Array) -> Array:
    """Return 1 less the lead of the largest probability over the next, samples first.

    Examples
    --------
    >>> undecided(np.array([[0.75, 0.25, 0.0], [0.5, 0.5, 0.0]])).tolist()
    [0.5, 1.0]
    """
    best = np.partition(proba, -2, axis=1)[:, -2:]
    lead: Array = 1 - (best[:, 1] - best[:, 0])
    return lead
