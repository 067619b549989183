"""What classifiers of objects and of whole images share: classes from targets, one row for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.data.labels import Class, Classes
from graticule.learn.models.base import EstimatorModel
from graticule.learn.models.estimators import fit_estimator, make_estimator
from graticule.learn.models.predictors import make_predictor


def classes_of_targets(targets: pd.Series) -> tuple[Classes, Array]:
    """Return the classes that occur in targets, and the code of each; -1 where there is none.

    Whole numbers are the values of their classes; texts are numbered from 1 in their order.

    Examples
    --------
    >>> classes_of_targets(pd.Series(["b", None, "a"]))[1].tolist()
    [1, -1, 0]
    """
    known = targets.notna().to_numpy()
    present = targets[known]
    if pd.api.types.is_bool_dtype(present) or not pd.api.types.is_numeric_dtype(present):
        names = sorted({str(value) for value in present})
        classes = tuple(Class(number, name) for number, name in enumerate(names, 1))
    else:
        values = sorted({float(value) for value in present})
        if any(value != int(value) for value in values):
            raise ImageError(
                "targets of classes must be whole numbers or texts",
                hint="a regressor takes continuous ones",
            )
        classes = tuple(Class(int(value), str(int(value))) for value in values)
        present = present.astype(np.int64)
    number = {each.name: code for code, each in enumerate(classes)}
    codes = np.full(len(targets), -1, np.int64)
    codes[known] = [number[str(value)] for value in present]
    return classes, codes


def gives_probabilities(predictor: Any) -> bool:
    """Whether a predictor gives probabilities, and not bare classes."""
    fitted = getattr(predictor, "estimator", None)
    return fitted is None or hasattr(fitted, "predict_proba")


class RowsModel(EstimatorModel):
    """A model that sees one row of numbers for each thing."""

    def _fit_rows(self, rows: Array, target: Array, classes: int, balance: bool) -> None:
        """Fit the estimator on rows; ``classes`` is 0 for a regressor."""
        estimator = make_estimator(
            self.estimator, "classification" if classes else "regression", self.seed
        )
        weight = None
        if classes and balance:
            each = 1 / np.maximum(np.bincount(target, minlength=classes), 1)
            weight = each[target] * (len(target) / each[target].sum())
        fit_estimator(estimator, np.asarray(rows, np.float32), target, weight)
        self.estimator_ = estimator
        self._predictor = make_predictor(estimator, classes)

    def _columns(self, rows: Array) -> Array:
        """Return the features in use, as columns."""
        columns = np.ascontiguousarray(np.asarray(rows, np.float32).T)
        used = self.predictor.used
        return columns if used is None else columns[used]
