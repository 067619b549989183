"""The tables of a run as a workbook (``.xlsx``), a sheet for each, with units in the header."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.errors import RequestError
from graticule.export.exported import Exported
from graticule.export.labelled import heading
from graticule.pipeline.opened import open_run

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _COLUMNS, _LETTERS = 2**20, 2**14, 32767
"""What a sheet and a cell hold."""
_EXACT = 2**53
"""Whole numbers that a cell keeps to the last digit."""
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_NAME = 31


def xlsx(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write the tables of a run into ``tables.xlsx``.

    Raises
    ------
    RequestError
        If ``of`` names an output, which a workbook does not choose by, or openpyxl is missing.
    """
    if of is not None:
        raise RequestError("--of goes with labels; a workbook holds all tables of a run")
    run = open_run(folder)
    target = out / "tables.xlsx"
    write_workbook(target, {"images": run.images, **run.tables})
    return Exported([target], (), run.failed)


def write_workbook(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables, a sheet each: names with units in the first row, which stays in view.

    Text is stored as text, whatever it begins with, so that nothing of it is ever taken for a
    formula. A value that is missing is an empty cell; an infinity is text, and so is a whole
    number of more digits than a cell keeps.

    Parameters
    ----------
    path : Path
        The file.
    tables : mapping
        By name; units are in ``attrs["units"]``.

    Raises
    ------
    RequestError
        If a table is larger than a sheet, or openpyxl is missing.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font
    except ModuleNotFoundError:
        hint = "pip install 'graticule[exchange]'; .csv and .parquet are in the run folder"
        raise RequestError("a workbook needs openpyxl, which is not installed", hint=hint) from None
    for name, table in tables.items():
        if len(table) >= _ROWS or table.shape[1] > _COLUMNS:
            raise RequestError(
                f"the table {name} has {len(table)} rows and {table.shape[1]} columns; a sheet "
                f"holds {_ROWS - 1} and {_COLUMNS}",
                hint="use its .parquet or .csv in the run folder",
            )
    book = Workbook(write_only=True)
    for name, table in zip(_sheet_names(list(tables)), tables.values(), strict=True):
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        units = table.attrs.get("units", {})

        def cell(value: Any, sheet: Any = sheet, *, bold: bool = False) -> Any:
            made = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                made.data_type = "s"  # openpyxl takes "=" at the start for a formula
                made.quotePrefix = True
            if bold:
                made.font = Font(bold=True)
            return made

        sheet.append([cell(_text(heading(column, units)), bold=True) for column in table])
        columns = [_values(table.iloc[:, number]) for number in range(table.shape[1])]
        for row in zip(*columns, strict=True):
            sheet.append([cell(v) if isinstance(v, str) else v for v in row])
    with atomic_path(path) as draft:
        book.save(draft)


def _sheet_names(names: list[str]) -> list[str]:
    """Return names that a sheet may have, each once, whatever its case.

    Examples
    --------
    >>> _sheet_names(["images", "objects_of_the_nuclei_of_all_plates", "Images"])
    ['images', 'objects_of_the_nuclei_of_all_pl', 'Images 2']
    """
    found: list[str] = []
    for name in names:
        plain = _NO_NAME.sub("_", name).strip("' ")[:_NAME] or "table"
        number = 1
        called = plain
        while called.lower() in (each.lower() for each in found):
            number += 1
            called = f"{plain[: _NAME - 1 - len(str(number))]} {number}"
        found.append(called)
    return found


def _values(column: pd.Series[Any]) -> list[Any]:
    held = zip(column.astype(object).tolist(), column.isna().tolist(), strict=True)
    return [None if is_missing else _value(value) for value, is_missing in held]


def _value(value: Any) -> Any:
    """Return what a cell holds of a value that is there."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return _text(str(value))


def _text(text: str) -> str:
    """Return text as a cell may hold it: with signs for what XML has no place for, and cut."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)[:_LETTERS]
