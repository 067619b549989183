"""What forests share: parameters, growth, and the walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.forest._ensemble import MEAN, TreeEnsemble
from graticule.learn.forest._growth import GrownTrees, fit_trees, growth_plan, oob_mean
from graticule.learn.forest.compiled import CompiledForest

MaxFeatures = int | float | Literal["sqrt", "log2"] | None


@dataclass(eq=False, repr=False)
class Forest(BaseEstimator):  # type: ignore[misc]
    """What all forests share."""

    n_estimators: int = 100
    _: KW_ONLY
    max_depth: int | None = None
    min_samples_split: int = 2
    min_samples_leaf: int = 1
    max_features: MaxFeatures = "sqrt"
    bootstrap: bool = True
    oob_score: bool = False
    random_state: Any = None

    _random = False

    @property
    def feature_importances_(self) -> Array:
        """Mean decrease of impurity by feature, (features,); they sum to 1."""
        check_is_fitted(self, "compiled_")
        return self.compiled_.importances

    def _grow(self, X: Array, y: Array, weight: Array, classes: Array | None) -> GrownTrees:
        """Grow the trees on rows that have weight, and keep them packed.

        ``y`` is the number of each row's class, or its target where there are no classes.
        """
        plan = growth_plan(self, X.shape[1], self._random)
        keep = weight > 0
        if (weight < 0).any() or not keep.any():
            raise ParameterError("must not be negative, and not all zero", where="sample_weight")
        channels = 0 if classes is None else len(classes)
        rows = np.ascontiguousarray(X if keep.all() else X[keep])
        grown = fit_trees(rows, y[keep], channels, weight[keep], plan)
        start = np.zeros(grown.trees[0].value.shape[1])
        self.compiled_ = CompiledForest.packed(
            TreeEnsemble(grown.trees, self.n_features_in_, MEAN, start, classes, grown.importances)
        )
        return grown

    def _columns(self, X: Any) -> Array:
        check_is_fitted(self, "compiled_")
        found: Array = validate_data(self, X, dtype=np.float32, reset=False)
        return found.T


@dataclass(kw_only=True, eq=False, repr=False)
class ForestClassifier(ClassifierMixin, Forest):  # type: ignore[misc]
    """What forests of classes share."""

    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Grow the forest.

        Parameters
        ----------
        X : array_like
            (rows, features), finite; taken as float32.
        y : array_like
            (rows,) classes: numbers or strings.
        sample_weight : array_like, optional
            (rows,), not negative. Rows without weight are not seen.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; it says why.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, code = np.unique(y, return_inverse=True)
        weight = np.array(_check_sample_weight(sample_weight, X, dtype=np.float64))
        if self.class_weight is not None:
            weight *= compute_sample_weight(self.class_weight, y)
        grown = self._grow(X, code.astype(np.int64), weight, self.classes_)
        if self.oob_score:
            self.oob_decision_function_, seen = oob_mean(grown, weight > 0)
            found = self.oob_decision_function_[seen].argmax(axis=1)
            self.oob_score_ = float(np.mean(found == code[seen]))
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row, (rows,)."""
        columns = self._columns(X)  # refuses first where nothing is fitted
        found: Array = self.classes_[self.compiled_.labels(columns)]
        return found

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (rows, classes) float32."""
        columns = self._columns(X)
        return self.compiled_.proba(columns)


class ForestRegressor(RegressorMixin, Forest):  # type: ignore[misc]
    """What forests of a continuous target share."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Grow the forest; as for classes, but ``y`` are numbers, (rows,)."""
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True)
        y = np.asarray(y, np.float64)
        weight = np.array(_check_sample_weight(sample_weight, X, dtype=np.float64))
        grown = self._grow(X, y, weight, None)
        if self.oob_score:
            mean, seen = oob_mean(grown, weight > 0)
            self.oob_prediction_ = mean[:, 0]
            self.oob_score_ = float(r2_score(y[seen], self.oob_prediction_[seen]))
        return self

    def predict(self, X: Any) -> Array:
        """Return the mean of what the trees say, (rows,) float64."""
        columns = self._columns(X)
        return self.compiled_.values(columns, np.float64)
