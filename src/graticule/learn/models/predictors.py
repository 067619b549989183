"""Fitted estimators as what gives answers for columns of features: compiled, or as they are.

Columns are those of the features that are ``used``, or of all features, by samples. A sample with a
feature that is not a number has no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from graticule.core.errors import ParameterError, RequestError
from graticule.core.typing import Array

if TYPE_CHECKING:
    from graticule.learn.forest import CompiledForest

_PREFIX = "forest."
_ROWS = 1 << 16


class ForestPredictor:
    """Trees as flat arrays.

    Parameters
    ----------
    forest : CompiledForest
        Of trees fitted on codes of classes, or on targets.
    classes : int
        How many there are; some may have had no sample.
    """

    def __init__(self, forest: CompiledForest, classes: int) -> None:
        self.forest = forest
        self.classes = classes
        self._narrow = forest.narrowed()
        self._labels_by_width = {
            each.features: _fastest_labels(each) for each in (forest, self._narrow)
        }

    @property
    def used(self) -> Array:
        """Which features any tree asks for; one of them where none does."""
        used: Array = self.forest.used
        return used if used.size else np.zeros(1, np.int64)

    @cached_property
    def _known_codes(self) -> Array:
        """Codes of the classes that the trees know; the last place is for no answer."""
        return np.append(np.asarray(self.forest.classes, np.int16), np.int16(-1))

    def _matching(self, columns: Array) -> tuple[CompiledForest, Array]:
        """Return the forest for columns of all features, or of those in use."""
        if len(columns) == self.forest.features:
            return self.forest, columns
        return self._narrow, columns if self.forest.used.size else columns[:0]

    def codes(self, columns: Array) -> Array:
        """Return the number of the most probable class of each sample; -1 for no answer."""
        forest, asked = self._matching(columns)
        found: Array = self._known_codes[self._labels_by_width[forest.features](asked)]
        return found

    def proba(self, columns: Array) -> Array:
        """Return the probability of each class, float32, samples first; NaN for no answer."""
        forest, asked = self._matching(columns)
        return _all_classes(forest.proba(asked), self._known_codes[:-1], self.classes)

    def values(self, columns: Array) -> Array:
        """Return the float64 value of each sample, as a regressor; NaN for no answer."""
        forest, asked = self._matching(columns)
        return forest.values(asked, np.float64)


def _fastest_labels(forest: CompiledForest) -> Callable[[Array], Array]:
    """Return the quickest that gives the labels of a forest."""
    from graticule.learn.forest.bitsliced.forest import BitSlicedForest

    return BitSlicedForest(forest).labels if BitSlicedForest.applies_to(forest) else forest.labels


@dataclass(frozen=True)
class EstimatorPredictor:
    """A scikit-learn estimator as it is.

    Parameters
    ----------
    estimator : estimator
        Fitted on codes of classes, or on targets.
    classes : int
        How many there are; some may have had no sample.
    """

    estimator: Any
    classes: int
    used: ClassVar[Array | None] = None
    """Which features it looks at: all."""

    def codes(self, columns: Array) -> Array:
        """Return the number of the most probable class of each sample; -1 for no answer."""
        return predict_in_batches(self.estimator.predict, columns, -1, np.int16)

    def proba(self, columns: Array) -> Array:
        """Return the probability of each class, float32, samples first; NaN for no answer."""
        if not hasattr(self.estimator, "predict_proba"):
            raise RequestError(
                f"{type(self.estimator).__name__} gives classes but no probabilities",
                hint="use another estimator, or CalibratedClassifierCV around this one",
            )
        given = predict_in_batches(self.estimator.predict_proba, columns, np.nan, np.float32)
        return _all_classes(given, np.asarray(self.estimator.classes_, np.int64), self.classes)

    def values(self, columns: Array) -> Array:
        """Return the float64 value of each sample, as a regressor; NaN for no answer."""
        return predict_in_batches(self.estimator.predict, columns, np.nan, np.float64)

    def decision(self, columns: Array) -> Array:
        """Return the decision function as float64: (samples,) of two classes, else classes first.

        A class that the estimator does not know never wins.
        """
        function = self.estimator.decision_function
        decided = predict_in_batches(function, columns, np.nan, np.float64)
        if self.classes == 2 and decided.ndim == 1:
            return decided
        if decided.ndim == 1:
            decided = np.stack([-decided, decided], axis=1)
        if decided.shape[1] == self.classes:
            return decided.T
        found = np.full((self.classes, len(decided)), -np.inf)
        found[np.asarray(self.estimator.classes_, np.int64)] = decided.T
        found[:, np.isnan(decided[:, 0])] = np.nan
        return found


Predictor: TypeAlias = ForestPredictor | EstimatorPredictor


def _all_classes(given: Array, own: Array, classes: int) -> Array:
    """Return probabilities with a column for every class, be it known to the estimator or not."""
    if given.shape[1] == classes:
        return given
    found = np.zeros((len(given), classes), given.dtype)
    found[:, own] = given
    found[np.isnan(given[:, 0])] = np.nan
    return found


def predict_in_batches(
    function: Callable[[Array], Array], columns: Array, empty: float, dtype: type
) -> Array:
    """Ask an estimator about columns of features, a bounded number of samples at a time.

    Samples with a feature that is not finite have ``empty``. For answers of float64 it is asked
    with features of float64, so that nothing is lost in sums.
    """
    seen = np.float64 if dtype is np.float64 else np.float32
    parts: list[Array] = []
    for start in range(0, max(1, columns.shape[1]), _ROWS):
        rows = np.ascontiguousarray(columns[:, start : start + _ROWS].T, seen)
        known = np.isfinite(rows).all(axis=1)
        if known.all() and known.size:
            parts.append(np.asarray(function(rows), dtype))
            continue
        # One row, were it of zeros, tells the shape of an answer where none is known.
        asked = rows[known] if known.any() else np.zeros((1, rows.shape[1]), np.float32)
        answers: Array = np.asarray(function(asked), dtype)
        part = np.full((len(rows), *answers.shape[1:]), empty, dtype)
        part[known] = answers[: np.count_nonzero(known)]
        parts.append(part)
    return np.concatenate(parts)


def make_predictor(estimator: Any, classes: int) -> Predictor:
    """Return the fastest that gives the answers of a fitted estimator."""
    from graticule.learn.forest import CompiledForest

    try:
        return ForestPredictor(CompiledForest.of(estimator), classes)
    except ParameterError:
        return EstimatorPredictor(estimator, classes)


def predictor_state(predictor: Predictor) -> tuple[dict[str, Array], Any]:
    """Return arrays and estimator that a predictor is made again from."""
    if isinstance(predictor, ForestPredictor):
        arrays = predictor.forest.arrays()
        return {f"{_PREFIX}{name}": array for name, array in arrays.items()}, None
    return {}, predictor.estimator


def predictor_from_state(arrays: Mapping[str, Array], estimator: Any, classes: int) -> Predictor:
    """Return the predictor that `predictor_state` took apart."""
    from graticule.learn.forest import CompiledForest

    if estimator is not None:
        return EstimatorPredictor(estimator, classes)
    own = {k.removeprefix(_PREFIX): v for k, v in arrays.items() if k.startswith(_PREFIX)}
    return ForestPredictor(CompiledForest.from_arrays(own), classes)
