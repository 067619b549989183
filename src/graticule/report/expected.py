"""What a recipe must give on its own example, beside what a run of it gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from graticule.report.record import RunRecord
from graticule.report.tables import StudyTable

_MOST_ROWS = 2_000_000


def is_example(record: RunRecord) -> bool:
    """Whether the images of a run are those of its recipe's example, by their names."""
    wanted = record.explained.get("expected")
    columns = wanted.get("columns") if isinstance(wanted, dict) else None
    if not isinstance(columns, dict) or not columns:
        return False
    names = {str(image.get("image")) for image in record.images}
    return {str(name) for name in columns} <= names and len(names) < 1000


def beside(record: RunRecord, tables: Mapping[str, StudyTable]) -> pd.DataFrame:
    """Return the numbers that a recipe expects of its example beside those that were found.

    Parameters
    ----------
    record : RunRecord
        Of a run; what its recipe expects is set down in it.
    tables : mapping of StudyTable
        ``images``, ``objects`` and ``answers`` by name.

    Returns
    -------
    DataFrame
        ``number, expected, within, found, as expected``; without rows where the images are others
        than those of the example.

    Raises
    ------
    StoreError
        If a table cannot be read.
    """
    rows = list(_rows(record.explained["expected"], tables)) if is_example(record) else []
    found = pd.DataFrame(rows, columns=["number", "expected", "within", "found", "as expected"])
    return found.astype(object)


def _rows(
    expected: Mapping[str, Any], tables: Mapping[str, StudyTable]
) -> Iterator[tuple[Any, ...]]:
    if answers := expected.get("answers"):
        frame = _frame(tables, "answers")
        values = dict(zip(frame["answer"], frame["value"], strict=True)) if len(frame) else {}
        for name, wanted in answers.items():
            yield _row(name, wanted, values.get(name))
    for column, summaries in (expected.get("objects") or {}).items():
        table = tables.get("objects")
        if table is None or not table.exists or column not in table.columns:
            continue
        if table.rows <= _MOST_ROWS:
            values = table.head(table.rows, [column])[column]
            for summary, wanted in summaries.items():
                yield _row(f"{summary} of {column}", wanted, getattr(values, summary)())
    frame = _frame(tables, "images")
    by_image = frame.set_index(frame["image"].astype(str)) if len(frame) else frame
    for image, columns in expected["columns"].items():
        for column, wanted in columns.items():
            if image in by_image.index and column in by_image.columns:
                yield _row(f"{column} of {image}", wanted, by_image[column][image])


def _frame(tables: Mapping[str, StudyTable], name: str) -> pd.DataFrame:
    table = tables.get(name)
    return table.head(table.rows) if table is not None and table.exists else pd.DataFrame()


def _row(name: str, wanted: Any, found: Any) -> tuple[Any, ...]:
    value, within = wanted
    found = found.item() if hasattr(found, "item") else found
    if isinstance(value, str):
        text = "" if found is None or found != found else str(found)
        return name, value, within, text, text == value
    is_near = found is not None and abs(float(found) - float(value)) <= within
    return name, value, within, found, is_near
