"""A table as a page shows it: texts, and what its columns are sorted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graticule.report import wording

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """A column's name and unit, and whether it holds numbers."""

    name: str
    unit: str = ""
    is_numeric: bool = False


@dataclass(frozen=True)
class Grid:
    """Columns, and rows of cells: the text of each, and the value it is sorted by."""

    columns: list[Column]
    rows: list[list[tuple[str, str]]]
    name: str = ""
    total: int = 0


def grid_of(
    frame: pd.DataFrame,
    units: Mapping[str, str],
    *,
    texts: Callable[[Sequence[object]], list[str]] = wording.numbers,
    name: str = "",
    total: int = 0,
) -> Grid:
    """Return the rows to show as a page shows them, of a table of ``total`` rows.

    ``units`` are by column, for those that have one; ``texts`` makes of the values of a column
    what is shown of them.

    Examples
    --------
    >>> import pandas as pd
    >>> grid = grid_of(pd.DataFrame({"image": ["a"], "area": [2.5]}), {"area": "um2"})
    >>> grid.columns[1].unit, grid.rows
    ('µm²', [[('a', 'a'), ('2.50', '2.5')]])
    """
    from pandas.api.types import is_numeric_dtype

    columns = [
        Column(str(c), wording.unit(units.get(str(c), "")), is_numeric_dtype(frame[c]))
        for c in frame.columns
    ]
    cells = []
    for column in frame.columns:
        values = [plain(value) for value in frame[column]]
        cells.append(zip(texts(values), map(_sort_key, values), strict=True))
    return Grid(columns, [list(row) for row in zip(*cells, strict=True)], name, total)


def plain(value: Any) -> Any:
    """Return a value of a table as one of Python's own; what is missing as None."""
    import pandas as pd

    value = value.item() if hasattr(value, "item") else value
    return None if value is None or value is pd.NA or value != value else value


def _sort_key(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)
