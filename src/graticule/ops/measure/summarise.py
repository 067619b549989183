"""One row about an image from the rows of its objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Record, Table, Whole, op
from graticule.core.errors import ParameterError
from graticule.core.expression import ColumnFormula, read_expression
from graticule.core.typing import Array
from graticule.ops.measure._columns import column_value, numbers_of, unit_of, with_units

Statistic = Literal["n", "mean", "sd", "sem", "median", "mad", "min", "max", "sum"]


def _deviation(values: Array) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


_STATISTICS: Mapping[str, Callable[[Array], float]] = {
    "n": len,
    "mean": np.mean,
    "sd": _deviation,
    "sem": lambda values: _deviation(values) / np.sqrt(len(values)),
    "median": np.median,
    "mad": lambda values: np.median(np.abs(values - np.median(values))),
    "min": np.min,
    "max": np.max,
    "sum": np.sum,
}


@op(version=1, scope=Whole("a table is small", memory=2))
def summarise(
    table: Table,
    *,
    columns: Annotated[tuple[str, ...], Field(title="Columns", min_length=1)],
    statistics: Annotated[tuple[Statistic, ...], Field(title="Statistics")] = (
        "n",
        "mean",
        "sd",
        "median",
    ),
    quantiles: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(title="Quantiles")
    ] = (),
    where: Annotated[ColumnFormula | None, Field(title="Rows that count")] = None,
) -> Record:
    """Sum up columns of a table of objects in one row about the image.

    As an output of a pipeline it stands in ``images``, one row for each image of the study.

    Parameters
    ----------
    table : Table
        One row for each object.
    columns : sequence of str
        What is summed up. Values that are missing or infinite are left out; what is true counts
        as 1 and what is not as 0, so the mean of a comparison is a share.
    statistics : sequence of str
        ``n`` (values that count), ``mean``, ``sd`` (over n - 1), ``sem`` (``sd`` by the root of
        ``n``), ``median``, ``mad`` (median of the distances from the median), ``min``, ``max``
        and ``sum``.
    quantiles : sequence of float
        From 0 to 1, linear between values: 0.05 is ``_q05``.
    where : str, optional
        A formula as of `measure.derive` that is true for the rows that count.

    Returns
    -------
    Record
        ``<column>_<statistic>`` for each; NaN where no value counts, but 0 for ``n`` and ``sum``.

    Raises
    ------
    ParameterError
        If there is no such column, nothing is asked for, or ``where`` is no comparison.
    ImageError
        If a column holds no numbers.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> table = pd.DataFrame({"area": [1.0, 2.0, 6.0]})
    >>> gt.measure.summarise(table, columns=["area"], quantiles=[0.25])
       area_n  area_mean   area_sd  area_median  area_q25
    0       3        3.0  2.645751          2.0       1.5
    """
    import pandas as pd

    if not statistics and not quantiles:
        raise ParameterError("name statistics or quantiles", where="statistics")
    kept = np.ones(len(table), bool)
    if where is not None:
        test = read_expression(where, statistics=True)
        found = np.asarray(test.value(lambda name: column_value(table, name, where="where")).data)
        if found.dtype.kind != "b":
            raise ParameterError(
                f"{where!r} must be true or false", where="where", hint="as area > 20"
            )
        kept &= found
    row: dict[str, float] = {}
    units = []
    for column in columns:
        values = numbers_of(table, column, where="columns")[kept]
        values = values[np.isfinite(values)]
        parts: dict[str, float] = {
            name: _STATISTICS[name](values) if _has(name, values) else np.nan for name in statistics
        }
        for level in quantiles:
            name = f"q{100 * level:02.10g}".replace(".", "_")
            parts[name] = float(np.quantile(values, level)) if len(values) else np.nan
        row |= {f"{column}_{name}": value for name, value in parts.items()}
        unit = unit_of(table, column)
        units += [(f"{column}_{name}", unit) for name in parts if name != "n"]
    return with_units(pd.DataFrame([row]), units)


def _has(statistic: str, values: Array) -> bool:
    return len(values) > 0 or statistic in ("n", "sum")
