"""New columns by formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Table, Whole, op
from graticule.core.errors import GraticuleError
from graticule.core.expression import ColumnFormula, Value, read_expression
from graticule.ops.measure._columns import column_value, unit_of, with_units

Formulas: TypeAlias = Annotated[
    Mapping[Annotated[str, Field(min_length=1)], ColumnFormula],
    Field(title="Formula of each new column", min_length=1),
]


@op(version=1, scope=Whole("a table is small", memory=2))
def derive(table: Table, *, columns: Formulas) -> Table:
    """Add columns that are computed from others, as a ratio of two intensities.

    A formula is made of names of columns (``nucleus.area``; between backticks where a name is no
    plain word), numbers, quantities in quotes (``"20 um2"``), ``+ - * / // % **``, comparisons,
    ``and or not``, ``a if test else b``, and the functions ``abs sqrt exp log log2 log10 log1p sin
    cos tan asin acos atan atan2 hypot min max clip floor ceil round where isnan``. ``mean median
    std sum smallest largest count`` are of a whole column: ``area / median(area)``. It is read by
    its grammar and never run as Python.

    Units go with the numbers: an area by a length is a length, lengths in ``um`` and ``nm`` are
    added in the first one's unit, and what does not fit is an error. Division by zero, and whatever
    else is no number, gives NaN; of what is true or false, what is missing is not true.

    Parameters
    ----------
    table : Table
        As of `measure.regions`, `measure.compartments` or `measure.join`.
    columns : mapping
        A formula for each new column; a later one may use those before it. A column that there is
        already is replaced.

    Returns
    -------
    Table
        The same with the new columns behind the others, units in ``attrs["units"]``.

    Raises
    ------
    ParameterError
        If a formula is none, or names a column that there is not.
    UnitsError
        If units of different kinds are added or compared, or a function takes no unit.

    See Also
    --------
    pandas.DataFrame.eval : formulas without units.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> table = pd.DataFrame({"nucleus.mean": [6.0, 2.0], "ring.mean": [3.0, 0.0]})
    >>> gt.measure.derive(table, columns={"ratio": "nucleus.mean / ring.mean"})
       nucleus.mean  ring.mean  ratio
    0           6.0        3.0    2.0
    1           2.0        0.0    NaN
    """
    known = table.copy()
    units = {str(name): unit_of(table, str(name)) for name in table.columns}
    for name, text in columns.items():

        def lookup(column: str, where: str = f"columns.{name}") -> Value:
            return column_value(known, column, where=where)

        try:
            found = read_expression(text, statistics=True).value(lookup)
        except GraticuleError as error:
            raise (error if error.where else error.at(f"columns.{name}")) from None
        data = np.asarray(found.data)
        known[name] = data if data.ndim else np.full(len(table), data)
        known.attrs["units"] = units = {**units, name: found.unit}
    return with_units(known, list(units.items()))
