"""A column of a table where its rows lie, as on an array or in a field."""

from __future__ import annotations

import pandas as pd

from graticule.core.errors import ImageError, ParameterError
from graticule.experiment.places import at_places
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.places import maps
from graticule.report.style import Drawing

_MOST = 1_000_000


@figure(per="study")
def sample_map(
    context: FigureContext, *, column: str, down: str, along: str, table: str = "objects"
) -> Drawing:
    """Draw a column at the place of each row: the mean of those that lie there.

    Names and whole numbers that lie close make rows and columns, other numbers the axes of a field.

    Parameters
    ----------
    column : str
        A column of numbers.
    down, along : str
        Columns that say where a row lies.
    table : {"objects", "images"}
        The table they are in.
    """
    if len({column, down, along}) < 3:
        raise ParameterError("column, down and along must be different columns")
    source = context.table(table)
    rows = source.head(_MOST, [down, along, column])
    rows.attrs["units"] = source.units
    rows[column] = pd.to_numeric(rows[column], errors="coerce")
    found = maps(column, at_places(rows, [down, along]), table.removesuffix("s"), is_plate=False)
    if not found:
        raise ImageError(f"no row of {table} has {column}, {down} and {along}")
    return found[0]
