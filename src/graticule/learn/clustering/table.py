"""Tables of features as matrices, and what is refused of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError, suggest
from graticule.core.typing import Array

Table: TypeAlias = pd.DataFrame | Array
"""Rows of features: a table with named columns, or a matrix of rows and columns."""


def column_names(table: Table) -> tuple[str, ...]:
    """Return the names of the columns of a table; of a matrix, their numbers as text.

    Raises
    ------
    ImageError
        If it is no table, or two columns have one name.
    """
    if isinstance(table, pd.DataFrame):
        names = tuple(str(name) for name in table.columns)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ImageError(f"two columns are named {twice!r}", where="table")
        return names
    matrix = np.asarray(table)
    if matrix.ndim != 2:
        raise ImageError(
            f"must have rows and columns, not the shape {matrix.shape}",
            where="table",
            hint="one row for each object; a single feature is table[:, None]",
        )
    return tuple(str(number) for number in range(matrix.shape[1]))


def as_matrix(
    table: Table, columns: Sequence[str] | None = None, *, missing: bool = False
) -> Array:
    """Return the features of a table as float64 (rows, columns).

    Parameters
    ----------
    table : DataFrame or array_like
        One row for each object.
    columns : sequence of str, optional
        The columns in use and their order, those of the table by default. A matrix must have
        as many.
    missing : bool
        Whether NaN may stay; otherwise it is refused with the names of its columns.

    Raises
    ------
    ImageError
        If there is no row or column, a column is missing, holds no numbers or numbers that are
        not finite.

    Examples
    --------
    >>> as_matrix(pd.DataFrame({"area": [3, 4], "name": ["a", "b"]}), ["area"]).tolist()
    [[3.0], [4.0]]
    """
    names = column_names(table)
    wanted = names if columns is None else tuple(columns)
    if isinstance(table, pd.DataFrame):
        matrix = _from_frame(table, names, wanted)
    else:
        matrix = _from_array(table, wanted)
    if matrix.size == 0:
        raise ImageError(
            f"must have rows and columns, not {matrix.shape[0]} of {matrix.shape[1]}",
            where="table",
        )
    _require_finite(matrix, wanted, missing)
    return matrix


def _from_frame(table: pd.DataFrame, names: Sequence[str], wanted: Sequence[str]) -> Array:
    absent = [name for name in wanted if name not in names]
    if absent:
        raise ImageError(
            f"lacks the column {absent[0]!r}"
            + (f" and {len(absent) - 1} more" if len(absent) > 1 else ""),
            where="table",
            hint=suggest(absent[0], names),
        )
    texts = [n for n in wanted if not pd.api.types.is_numeric_dtype(table.iloc[:, names.index(n)])]
    if texts:
        raise ImageError(
            f"the columns {', '.join(texts[:5])} hold no numbers",
            where="table",
            hint="name the columns that are features",
        )
    return table.iloc[:, [names.index(name) for name in wanted]].to_numpy(
        np.float64, na_value=np.nan
    )


def _from_array(table: Any, wanted: Sequence[str]) -> Array:
    try:
        matrix = np.ascontiguousarray(table, np.float64)
    except (TypeError, ValueError):
        raise ImageError("must hold numbers", where="table") from None
    if matrix.shape[1] != len(wanted):
        raise ImageError(f"must have {len(wanted)} columns, not {matrix.shape[1]}", where="table")
    return matrix


def _require_finite(matrix: Array, names: Sequence[str], missing: bool) -> None:
    bad = np.isinf(matrix) if missing else ~np.isfinite(matrix)
    if not bad.any():
        return
    counts = bad.sum(axis=0)
    worst = [names[at] for at in np.argsort(-counts, kind="stable")[:5] if counts[at]]
    many = np.count_nonzero(counts)
    raise ImageError(
        f"has no finite number in {int(bad.any(axis=1).sum())} of {len(matrix)} rows, in "
        f"{', '.join(worst)}{f' and {many - len(worst)} columns more' if many > 5 else ''}",
        where="table",
        hint="leave these columns or rows out, or begin the chain with impute",
    )
