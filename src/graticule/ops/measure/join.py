"""Tables put side by side, by label or by parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Table, Whole, op
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import unit_factor
from graticule.ops.measure._columns import KEYS, numbers_of, require_column, unit_of, with_units

Names = Annotated[
    tuple[Annotated[str, Field(pattern=r"^\w*$")], ...], Field(title="Name of each table")
]
_TABLES = ("the table", "the other table", "the third table", "the fourth table")
_ROUNDING = 1e-11
"""Of the largest number of a column, by which equal ones in two units may differ."""


@op(version=3, scope=Whole("a table is small", memory=3))
def join(
    table: Table,
    other: Table,
    third: Table | None = None,
    fourth: Table | None = None,
    *,
    names: Names = (),
    on: Annotated[Mapping[str, str], Field(title="Columns to join by")] = {},
    how: Annotated[Literal["left", "inner", "outer"], Field(title="Rows that are kept")] = "left",
    reduce: Annotated[
        Literal["none", "mean", "median", "sum", "min", "max"],
        Field(title="Of several rows for one"),
    ] = "none",
) -> Table:
    """Put tables side by side: by label, by parent, or by any columns.

    Nuclei, cytoplasms and rings of one numbering are joined by label; children with the table of
    their parents ``on={"parent": "label"}``; parents with the table of their children
    ``on={"label": "parent"}``, several children made one row by ``reduce``.

    Parameters
    ----------
    table, other, third, fourth : Table
        The first decides over the order of rows.
    names : sequence of str
        One for each table; its columns become ``<name>.<column>``, but for those that are joined
        by. An empty name leaves them as they are, as all are by default.
    on : mapping
        From a column of the first table to the column of the others that it is to equal. By
        default ``label``, and of frames and channels (``t``, ``time``, ``c`` ...) those that all
        tables have.
    how : {"left", "inner", "outer"}
        Keep the rows of the first table; those that all have; those of any.
    reduce : {"none", "mean", "median", "sum", "min", "max"}
        What is made of several rows of another table that fit one: by default they are an error.
        Else there is a column ``count`` of how many, 0 where there is none, and columns that hold
        no numbers are left out.

    Returns
    -------
    Table
        Missing where a table has no row, but for a count; units in ``attrs["units"]``.

    Raises
    ------
    ParameterError
        If a column to join by is missing, there are more or fewer names than tables, or two
        columns would have one name.
    ImageError
        If several rows fit one and ``reduce`` does not say what is made of them.
    UnitsError
        If the columns that are joined by have units of different kinds.

    See Also
    --------
    pandas.DataFrame.merge : the same join, without units.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"label": [1, 2], "area": [50.0, 60.0]})
    >>> spots = pd.DataFrame({"label": [1, 2, 3], "parent": [2, 2, 1], "area": [1.0, 2.0, 4.0]})
    >>> gt.measure.join(spots, cells, names=["", "cell"], on={"parent": "label"})
       label  parent  area  cell.area
    0      1       2   1.0       60.0
    1      2       2   2.0       60.0
    2      3       1   4.0       50.0
    >>> joined = gt.measure.join(
    ...     cells, spots, names=["", "spots"], on={"label": "parent"}, reduce="mean"
    ... )
    >>> joined[["label", "area", "spots.count", "spots.area"]]
       label  area  spots.count  spots.area
    0      1  50.0            1         4.0
    1      2  60.0            2         1.5
    """
    tables = [each for each in (table, other, third, fourth) if each is not None]
    if names and len(names) != len(tables):
        raise ParameterError(f"{len(names)} names for {len(tables)} tables", where="names")
    names = names or ("",) * len(tables)
    keys = dict(on) or _keys(tables)
    for column in keys:
        require_column(table, column, where="on", what=_TABLES[0])
    joined = table.rename(columns={c: _named(names[0], c) for c in table.columns if c not in keys})
    units = {_named(names[0], c) if c not in keys else c: unit_of(table, c) for c in table.columns}
    counts: list[str] = []
    for number, (each, name) in enumerate(zip(tables[1:], names[1:], strict=True), start=1):
        right, more = _right(table, each, keys, _TABLES[number], reduce)
        theirs = keys.values()
        further = {c: _named(name, c) for c in right.columns if c not in theirs}
        clash = [c for c in further.values() if c in joined.columns]
        if clash:
            raise ParameterError(
                f"two tables have the column {clash[0]!r}",
                where="names",
                hint="give each table a name, as names: [nucleus, ring]",
            )
        right = right.rename(columns=further | {own: mine for mine, own in keys.items()})
        joined = joined.merge(right, how=how, on=list(keys), sort=False)
        units |= {_named(name, column): unit for column, unit in more.items()}
        counts += [_named(name, "count")] * (reduce != "none")
    joined[counts] = joined[counts].fillna(0).astype(np.int64)
    return with_units(joined, list(units.items()))


def _named(name: str, column: str) -> str:
    return f"{name}.{column}" if name else str(column)


def _keys(tables: Sequence[Table]) -> dict[str, str]:
    """Return the label, and the frames and channels that all tables have."""
    shared = [key for key in KEYS[1:] if all(key in table.columns for table in tables)]
    return {key: key for key in ("label", *shared)}


def _right(
    table: Table, other: Table, keys: Mapping[str, str], what: str, reduce: str
) -> tuple[Table, dict[str, str]]:
    """Return another table with one row for each key, named as the first one's, and its units."""
    for theirs in keys.values():
        require_column(other, theirs, where="on", what=what)
    right = other.copy()
    for mine, theirs in keys.items():
        factor = _factor(table, mine, other, theirs)
        if factor != 1:
            own = numbers_of(table, mine, where="on")
            right[theirs] = _met(own, numbers_of(other, theirs, where="on") * factor)
    units = {c: unit_of(other, c) for c in other.columns if c not in keys.values()}
    columns = list(keys.values())
    twice = right.duplicated(columns)
    if reduce != "none":
        groups = right.groupby(columns, sort=False, observed=True)
        count = groups.size().rename("count")
        numeric = [c for c in units if right[c].dtype.kind in "biuf" and c != "count"]
        made = groups[numeric].agg(reduce)
        right = made.assign(count=count).reset_index()
        units = {c: units[c] for c in numeric}
    elif twice.any():
        row = right.loc[twice, columns].iloc[0]
        said = ", ".join(f"{name} {value}" for name, value in row.items())
        raise ImageError(
            f"{what} has several rows for {said}",
            hint="name further columns with on:, or say what is made of them with reduce: mean",
        )
    return right, units


def _met(own: Array, others: Array) -> Array:
    """Return numbers, those that one of ``own`` is but for rounding as that one."""
    known = np.unique(own[np.isfinite(own)])
    if not known.size:
        return others
    after = np.searchsorted(known, others).clip(1, max(1, known.size - 1))
    pair = known[np.stack([after - 1, np.minimum(after, known.size - 1)])]
    nearest = np.where(others - pair[0] <= pair[1] - others, *pair)
    reach = _ROUNDING * max(-known[0], known[-1])
    return np.where(np.abs(others - nearest) <= reach, nearest, others)


def _factor(table: Table, mine: str, other: Table, theirs: str) -> float:
    """Return the factor from the unit of a column to that of the one it is to equal."""
    units = unit_of(other, theirs), unit_of(table, mine)
    if units[0] == units[1]:
        return 1
    factor = unit_factor(*units)
    if factor is None:
        raise UnitsError(
            f"{theirs} in {units[0] or 'no unit'} cannot equal {mine} in {units[1] or 'no unit'}",
            where="on",
        )
    return factor
