"""Classifiers of objects: from a few rows of a table of objects to the class of every row."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import unit_scale
from graticule.learn.models.base import EstimatorClassifier, not_fitted
from graticule.learn.models.model import State
from graticule.learn.models.rows_model import RowsModel, classes_of_targets, gives_probabilities

_PLACES = ("label", "image", "centroid", "bbox", "weighted_centroid", "min_", "max_")
"""What starts the names of columns that number or place objects, and do not describe them."""


@dataclass(eq=False, repr=False)
class ObjectClassifier(RowsModel, EstimatorClassifier):
    """Classes of objects, learned from some rows of a table of objects.

    Parameters
    ----------
    columns : sequence of str, optional
        What is looked at; by default all columns of numbers that neither number nor place
        objects (``label``, ``centroid_x``, ...) nor are facts of their image, as a dose.
    estimator : str, mapping or estimator
        As for `PixelClassifier`.
    balance : bool
        Whether every class counts as much as every other, however many objects it has.
    seed : int
        Of the estimator, where it has none of its own.

    Attributes
    ----------
    classes : tuple of Class
        Value and name of each class, after fitting.
    columns_ : tuple of str
        What is looked at.
    units_ : dict of str
        Unit of each column that has one. Tables in other units of the same kind are converted,
        others refused.

    Examples
    --------
    >>> import pandas as pd
    >>> from graticule.learn import ObjectClassifier
    >>> table = pd.DataFrame({"area": [3, 4, 90, 80], "kind": ["dust", "", "grain", ""]})
    >>> ObjectClassifier(["area"], "tree").fit(table, "kind").predict(table).tolist()
    ['dust', 'dust', 'grain', 'grain']
    """

    kind: ClassVar[str] = "object-classifier"

    columns: Sequence[str] | None = None
    estimator: Any = "forest"
    _: KW_ONLY
    balance: bool = True
    seed: int = 0

    def fit(
        self, tables: pd.DataFrame | Sequence[pd.DataFrame], target: str | Sequence[Any] | Array
    ) -> Self:
        """Learn from the rows that have a class.

        Parameters
        ----------
        tables : DataFrame or sequence of DataFrame
            One row for each object, as of `measure.regions`.
        target : str or sequence
            The column of the classes, or the class of each row. Rows with 0, NaN or an empty
            text, and rows without a number in one of the columns, are not used.

        Returns
        -------
        ObjectClassifier
            Itself.

        Raises
        ------
        ImageError
            If a table lacks a column, units disagree, or there are fewer than two classes.
        ParameterError
            If there is no such estimator, or it refuses the rows.
        """
        given = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
        if not given:
            raise ImageError("there is no table to learn from")
        if isinstance(self.columns, str):
            raise ParameterError(
                "must be a sequence of names", where="columns", hint=f"[{self.columns!r}]"
            )
        first = given[0]
        name = target if isinstance(target, str) else ""
        wanted = (
            tuple(self.columns) if self.columns is not None else describing_columns(first, name)
        )
        units = _units(first)
        self.columns_, self.units_ = wanted, {c: units[c] for c in wanted if c in units}
        rows = np.concatenate([self._rows(table) for table in given])
        classes, codes = classes_of_targets(_targets(given, target))
        usable = (codes >= 0) & np.isfinite(rows).all(axis=1)
        if len(np.unique(codes[usable])) < 2:
            raise ImageError(
                f"objects of at least two classes are needed, not of {len(classes)}",
                hint="0, NaN and empty texts mean unlabelled",
            )
        self._classes = classes
        self._fit_rows(rows[usable], codes[usable], len(classes), self.balance)
        self.example = first[list(wanted)].iloc[:20].copy()
        self.example.attrs["units"] = dict(self.units_)
        return self

    def predict(self, table: pd.DataFrame, /) -> Array:
        """Return the name of the class of each row; empty where a column has no number.

        Raises
        ------
        ImageError
            If the table lacks a column, or has it in a unit of another kind.
        """
        names = np.array([each.name for each in self.classes], object)
        rows = self._rows(table)
        if not len(rows):
            return names[:0]
        found: Array = np.append(names, "")[self.predictor.codes(self._columns(rows))]
        found[~np.isfinite(rows).all(axis=1)] = ""
        return found

    def predict_proba(self, table: pd.DataFrame, /) -> pd.DataFrame:
        """Return the probability of each class (columns) for each row; NaN without a number."""
        rows = self._rows(table)
        names = [each.name for each in self.classes]
        found = np.empty((len(rows), len(names)), np.float32)
        if len(rows):
            found[:] = self.predictor.proba(self._columns(rows))
        found[~np.isfinite(rows).all(axis=1)] = np.nan
        return pd.DataFrame(found, columns=names, index=table.index)

    def classified(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table with the columns ``class`` and ``class_probability``; units stay.

        The probability is NaN for an estimator that gives none.
        """
        found = table.copy()
        found.attrs = dict(table.attrs)
        found["class"] = self.predict(table)
        if gives_probabilities(self.predictor):
            found["class_probability"] = self.predict_proba(table).max(axis=1).to_numpy()
        else:
            found["class_probability"] = np.float32(np.nan)
        return found

    def state(self) -> State:
        """Return all that the model is, as plain data."""
        return self._state({"columns": list(self.columns_), "units": self.units_})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Make the model again."""
        model = super().from_state(state)
        model.columns_ = tuple(state.card["columns"])
        model.units_ = dict(state.card["units"])
        return model

    def _rows(self, table: pd.DataFrame) -> Array:
        """Return the columns of a table in the model's units."""
        if not hasattr(self, "columns_"):
            raise not_fitted(self)
        lacking = [name for name in self.columns_ if name not in table.columns]
        if lacking:
            raise ImageError(
                f"the table must have the column{'s' if len(lacking) > 1 else ''} "
                f"{', '.join(lacking)}; it has {', '.join(map(str, table.columns))}",
                hint="measure what the model was trained on",
            )
        units = _units(table)
        found = np.empty((len(table), len(self.columns_)), np.float64)
        for number, name in enumerate(self.columns_):
            if not pd.api.types.is_numeric_dtype(table[name]):
                raise ImageError(f"the column {name} must hold numbers, not {table[name].dtype}")
            factor = unit_factor(name, units.get(name, ""), self.units_.get(name, ""))
            found[:, number] = table[name].to_numpy(np.float64, na_value=np.nan) * factor
        found[np.abs(found) > np.finfo(np.float32).max] = np.nan  # estimators see float32
        return found


def describing_columns(table: pd.DataFrame, target: str) -> tuple[str, ...]:
    """Return the columns of numbers that describe objects, and are no facts of their image."""
    facts = table.attrs.get("facts", {})
    found = tuple(
        str(name)
        for name in table.columns
        if name != target
        and name not in facts
        and pd.api.types.is_numeric_dtype(table[name])
        and not str(name).startswith(_PLACES)
    )
    if not found:
        raise ImageError("the table has no column of numbers that describes objects")
    return found


def _units(table: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(unit) for name, unit in table.attrs.get("units", {}).items()}


def unit_factor(name: str, unit: str, own: str) -> float:
    """Return what a column is multiplied by to be in the model's unit."""
    if unit == own:
        return 1.0
    if unit and own:
        with contextlib.suppress(UnitsError):  # counts of pixels are in no unit of length
            factor, base = unit_scale(unit)
            own_factor, own_base = unit_scale(own)
            if base == own_base:
                return factor / own_factor
    raise ImageError(
        f"the column {name} must be in {own or 'no unit'}, as in training, not in "
        f"{unit or 'no unit'}",
        hint="measure images whose axes have the units of those in training",
    )


def _targets(tables: Sequence[pd.DataFrame], target: str | Sequence[Any] | Array) -> pd.Series:
    """Return the target of each row, missing where it is 0 or an empty text."""
    if isinstance(target, str):
        for table in tables:
            if target not in table.columns:
                raise ImageError(
                    f"the table has no column {target!r} of classes; it has "
                    f"{', '.join(map(str, table.columns))}"
                )
        found = pd.concat([table[target] for table in tables], ignore_index=True)
    else:
        found = pd.Series(list(target))
    if len(found) != sum(len(table) for table in tables):
        raise ImageError(
            f"there must be a class for each of {sum(len(table) for table in tables)} rows, "
            f"not {len(found)}"
        )
    return found.mask((found == 0) | (found == ""))
