"""Rows that come one by one, kept as columns: eight bytes a number, and none for what is equal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from graticule.core.image import Table

_TOGETHER = 1024
_LARGEST = 2**63


class Columns:
    """Columns of a table to which rows are added; columns may differ from row to row.

    Examples
    --------
    >>> columns = Columns()
    >>> columns.append({"area": 2.0, "name": "a"})
    >>> columns.append({"area": 3.0})
    >>> columns.table()["area"].tolist()
    [2.0, 3.0]
    """

    def __init__(self) -> None:
        self._rows = 0
        self._packed: dict[str, list[Any]] = {}
        self._open: dict[str, list[Any]] = {}
        self._texts: dict[str, str] = {}

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row; a column that it lacks has NaN there."""
        for name, value in row.items():
            column = self._open.get(name)
            if column is None:
                column = self._open[name] = []
                missing = self._rows - self._rows % _TOGETHER
                self._packed[name] = [np.full(missing, np.nan)] if missing else []
            column.extend([np.nan] * (self._rows % _TOGETHER - len(column)))
            column.append(self._texts.setdefault(value, value) if type(value) is str else value)
        self._rows += 1
        if self._rows % _TOGETHER == 0:
            self._pack(_TOGETHER)

    def _pack(self, count: int) -> None:
        for name, column in self._open.items():
            column.extend([np.nan] * (count - len(column)))
            self._packed[name].append(_packed(column))
            column.clear()

    def table(self) -> Table:
        """Return the rows as one table, as pandas makes it of a list of them."""
        import pandas as pd

        self._pack(self._rows % _TOGETHER)
        columns = {name: _joined(parts) for name, parts in self._packed.items()}
        return pd.DataFrame(columns, index=range(self._rows))


def _packed(values: list[Any]) -> Any:
    """Return values of one kind as numbers side by side, and others as they are."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return np.array(values, np.float64)
    if kinds == {int} and min(values) >= -_LARGEST and max(values) < _LARGEST:
        return np.array(values, np.int64)
    return list(values)


def _joined(parts: list[Any]) -> Any:
    if len({getattr(part, "dtype", None) for part in parts} - {None}) == 1 and not any(
        isinstance(part, list) for part in parts
    ):
        return np.concatenate(parts)
    return list(chain.from_iterable(p if isinstance(p, list) else p.tolist() for p in parts))
