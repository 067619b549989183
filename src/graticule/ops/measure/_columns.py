"""What ops on tables share: columns found by name, with their units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graticule.core import Table
from graticule.core.dims import FEATURES, FRAMES
from graticule.core.errors import ImageError, ParameterError, suggest
from graticule.core.expression import Value
from graticule.core.typing import Array

KEYS = ("label", *FRAMES, *FEATURES)
"""Columns that say which object a row is about."""


def unit_of(table: Table, column: str) -> str:
    """Return the unit of a column; empty where it has none."""
    return str(table.attrs.get("units", {}).get(column, ""))


def require_column(table: Table, column: str, *, where: str, what: str = "the table") -> None:
    """Raise `ParameterError`, with the closest names, unless a table has a column."""
    names = [str(name) for name in table.columns]
    if column not in names:
        raise ParameterError(
            f"{what} has no column {column!r}", where=where, hint=suggest(column, names)
        )


def column_value(table: Table, column: str, *, where: str) -> Value:
    """Return the values and unit of a column, as a formula takes them.

    Of a column of bools what is missing, as after a join, is not true.
    """
    require_column(table, column, where=where)
    unit = unit_of(table, column)
    bare = table.copy(deep=False)
    bare.attrs = {}  # pandas would copy them with every column
    values = bare[column]
    kind = values.dtype.kind
    if kind in "biuf":
        return Value(values.to_numpy(), unit)
    known = values.notna()
    if known.any() and values[known].map(type).isin((bool, np.bool_)).all():
        return Value(values.where(known, False).to_numpy(dtype=bool))
    return Value(values.to_numpy(dtype=object), unit)


def numbers_of(table: Table, column: str, *, where: str) -> Array:
    """Return a column as floats; raise `ImageError` if it holds none."""
    require_column(table, column, where=where)
    try:
        return np.asarray(table[column].to_numpy(dtype=float))
    except (TypeError, ValueError):
        raise ImageError(f"the column {column} must hold numbers", where=where) from None


def with_units(table: Table, units: Sequence[tuple[str, str]]) -> Table:
    """Return the table with units by column; columns without one are left out."""
    table.attrs["units"] = {column: unit for column, unit in units if unit}
    return table
