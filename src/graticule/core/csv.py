"""Tables as CSV whose text no spreadsheet takes for a formula, and the tables back.

A cell of text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return has an
apostrophe before it, as spreadsheets have it for text; so has one that begins so after apostrophes,
that each has its way back. A number is never touched. Its text is that of its value and not of
the type of its column, so that a row has the same text whatever other rows are beside it: a whole
number is ``3`` also where another row has ``2.5`` or nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from graticule.core.typing import Array

if TYPE_CHECKING:
    import pandas as pd

GUARD_NOTE = (
    "A cell of text that begins with = + - @, a tab or a carriage return, apostrophes left aside, "
    "has an apostrophe before it, so that no spreadsheet takes it for a formula."
)
"""What a reader of our CSV has to know."""
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_TYPES = {
    "bool": "boolean", "int8": "byte", "int16": "short", "int32": "int", "int64": "long",
    "uint8": "unsignedByte", "uint16": "unsignedShort", "uint32": "unsignedInt",
    "uint64": "unsignedLong", "float32": "float", "float64": "double",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in _TYPES.items()}
_EXACT = 2.0**53
"""Below it a float has a place for every whole number."""
_TOGETHER = 10_000


def guarded(text: str) -> str:
    """Return the cell that stands for a text.

    Examples
    --------
    >>> guarded("=1+2"), guarded("plain"), guarded("'-5")
    ("'=1+2", 'plain', "''-5")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """Return the text that a cell stands for.

    Examples
    --------
    >>> unguarded("'=1+2"), unguarded("'tis plain")
    ('=1+2', "'tis plain")
    """
    return cell[1:] if _GUARDED.match(cell) else cell


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table, without its index, as UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        _write(table, file)


def csv_text(table: pd.DataFrame) -> str:
    r"""Return a table, without its index, as the text of a file.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"image": ["-rf", "a"], "area": [-1.5, 2]}))
    "image,area\n'-rf,-1.5\na,2\n"
    """
    text = StringIO(newline="")
    _write(table, text)
    return text.getvalue()


def _write(table: pd.DataFrame, file: TextIO) -> None:
    """Write some rows at a time; those of all would take five times the memory of the table."""
    broken = any("\r" in text for _, texts in _texts(table) for text in texts)
    quoting: Any = csv.QUOTE_NONNUMERIC if broken else csv.QUOTE_MINIMAL
    for first in range(0, max(1, len(table)), _TOGETHER):
        rows = _prepared(table.iloc[first : first + _TOGETHER])
        rows.to_csv(file, index=False, header=not first, lineterminator="\n", quoting=quoting)


def _texts(table: pd.DataFrame) -> list[tuple[int, list[str]]]:
    """Return the number of each column that holds text, and its different texts."""
    found = []
    for number, about in enumerate(columns_of(table)):
        if about["datatype"] == "string":
            values = table.iloc[:, number].dropna().unique()
            found.append((number, [value for value in values if isinstance(value, str)]))
    return found


def _prepared(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.set_axis([guarded(str(name)) for name in table.columns], axis="columns")
    for number, texts in _texts(table):
        if any(map(_FORMULA.match, texts)):
            shown.isetitem(number, _each_text(table.iloc[:, number], guarded).to_numpy())
    for number in range(shown.shape[1]):
        column = shown.iloc[:, number]
        if column.dtype == object or column.dtype.kind == "f":
            shown.isetitem(number, _by_value(column))
    return shown


def _by_value(column: pd.Series[Any]) -> Array:
    """Return the cells of a column, those floats that are whole numbers as such."""
    cells: Array = column.to_numpy(object, copy=True)
    if column.dtype == object:
        values = np.array([v if isinstance(v, float) else np.nan for v in cells], np.float64)
    else:
        values = np.asarray(column.to_numpy(np.float64, na_value=np.nan))
    whole = (np.abs(values) < _EXACT) & (values == np.trunc(values))
    whole &= (values != 0) | ~np.signbit(values)  # -0.0 would lose its sign
    if not whole.any():
        return cells if column.dtype == object else values
    cells[whole] = values[whole].astype(np.int64)
    return cells


def _each_text(column: pd.Series[Any], change: Callable[[str], str]) -> pd.Series[Any]:
    values = column.astype(object)
    return values.map(lambda value: change(value) if isinstance(value, str) else value)


def columns_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return name and type of each column in the words of CSVW, and whether every cell has a value.

    What is neither a number nor a bool is text.

    Examples
    --------
    >>> import pandas as pd
    >>> columns_of(pd.DataFrame({"image": ["a", None], "area": [1.5, 2.5]}))[0]
    {'name': 'image', 'datatype': 'string', 'required': False}
    """
    return [
        {
            "name": str(name),
            "datatype": _type_of(table.iloc[:, number]),
            "required": bool(table.iloc[:, number].notna().all()),
        }
        for number, name in enumerate(table.columns)
    ]


def _type_of(column: pd.Series[Any]) -> str:
    import pandas as pd

    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return "boolean"
    return _TYPES.get(str(column.dtype), "string")


def read_csv(path: Path, columns: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Return a table as `write_csv` was given it.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of mapping
        As `columns_of` tells them. One that is not told of is what it looks like.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """
    import pandas as pd

    told = {guarded(str(column["name"])): column for column in columns}
    kinds = {name: str(column.get("datatype")) for name, column in told.items()}
    whole = {name for name, column in told.items() if column.get("required")}
    table: pd.DataFrame = pd.read_csv(
        path,
        dtype={
            name: _DTYPES.get(kind, "str")
            for name, kind in kinds.items()
            if kind != "boolean" or name in whole
        },
        keep_default_na=not told,
        na_values={
            name: [] if kind == "string" and name in whole else [""] for name, kind in kinds.items()
        }
        or None,
    )
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = _each_text(table[name], unguarded)
    return table.rename(columns=unguarded)
