"""How sizes of objects are distributed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Record, Table, Whole, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array

_MOST = 1e100
_SIZES = ("volume", "area", "length")
_QUANTILES = {"d10": 0.1, "d50": 0.5, "d90": 0.9}


class SizeDistribution(NamedTuple):
    """A histogram, and the numbers that sum it up."""

    histogram: Table
    summary: Record


@op(version=1, scope=Whole("a table is small", memory=1))
def size_distribution(
    table: Table,
    *,
    column: Annotated[str, Field(title="Size")] = "equivalent_diameter",
    weight: Annotated[str, Field(title="Column objects are weighted by")] = "",
    bins: Annotated[int, Field(title="Bins", ge=1, le=10_000)] = 20,
    scale: Annotated[Literal["linear", "log"], Field(title="Width of the bins")] = "linear",
) -> SizeDistribution:
    r"""Return how a size is distributed over objects, by number and by volume.

    By number every object counts the same; by volume each counts as much as it holds, so that
    few large grains may outweigh many small ones, as a sieve or a laser diffractometer sees
    them. A quantile :math:`D_q` is the smallest size at which the share of objects (or of their
    volume) that are not larger reaches :math:`q`.

    Parameters
    ----------
    table : Table
        One row for each object, as of `measure.regions`. Rows whose size or weight is missing
        are left out.
    column : str
        The size.
    weight : str
        The column objects are weighted by; by default ``volume``, ``area`` or ``length``,
        whichever the table has.
    bins : int
        How many, from the smallest to the largest size; one where all are equal.
    scale : {"linear", "log"}
        Whether bins are equally wide, or each is wider than the last by the same factor.

    Returns
    -------
    histogram : Table
        One row for each bin: ``<column>_start`` and ``<column>_stop`` (only the last bin holds
        its end), ``number``, ``share`` and ``cumulative`` by number, ``volume_share`` and
        ``volume_cumulative`` by volume.
    summary : Record
        ``<column>_count``, ``_mean``, ``_std``, ``_d10``, ``_d50``, ``_d90`` and ``_span``,
        :math:`(D_{90} - D_{10}) / D_{50}`, by number, and by volume as ``_volume_mean`` and so on;
        NaN where there is no object.

    Raises
    ------
    ParameterError
        If there is no such column, or sizes on a logarithmic scale are not positive.
    ImageError
        If the column holds no numbers, a weight is negative, or one is so large that no float
        holds its square.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> table = pd.DataFrame({"equivalent_diameter": [1.0, 1.0, 1.0, 3.0], "volume": [1, 1, 1, 27]})
    >>> histogram, summary = gt.measure.size_distribution(table, bins=2)
    >>> histogram[["equivalent_diameter_start", "number", "share", "volume_share"]]
       equivalent_diameter_start  number  share  volume_share
    0                        1.0       3   0.75           0.1
    1                        2.0       1   0.25           0.9
    >>> summary[["equivalent_diameter_d50", "equivalent_diameter_volume_d50"]]
       equivalent_diameter_d50  equivalent_diameter_volume_d50
    0                      1.0                             3.0
    """
    import pandas as pd

    sizes, weights = _sizes(table, column, weight)
    most = max(np.abs(sizes).max(initial=0), weights.max(initial=0))
    if most > _MOST:
        raise ImageError(f"sizes and weights must be at most {_MOST:g}; one is {most:g}")
    if scale == "log" and (sizes <= 0).any():
        raise ParameterError("'log' needs positive sizes", where="scale", hint="take 'linear'")
    unit = str(table.attrs.get("units", {}).get(column, ""))
    edges = _edges(sizes, bins, scale)
    place = np.clip(np.searchsorted(edges, sizes, side="right") - 1, 0, max(0, len(edges) - 2))
    number = np.bincount(place, minlength=max(0, len(edges) - 1))
    held = np.bincount(place, weights, max(0, len(edges) - 1))
    columns = {f"{column}_start": edges[:-1], f"{column}_stop": edges[1:], "number": number}
    for name, amount in (("", number), ("volume_", held)):
        total = amount.sum() or np.nan
        columns[f"{name}share"] = amount / total
        columns[f"{name}cumulative"] = np.cumsum(amount) / total
    histogram = _with_units(pd.DataFrame(columns), unit, (f"{column}_start", f"{column}_stop"))
    row: dict[str, float] = {f"{column}_count": len(sizes)}
    row |= _summary(sizes, np.ones(len(sizes)), column)
    row |= _summary(sizes, weights, f"{column}_volume")
    lengths = [name for name in row if not name.endswith(("_count", "_span"))]
    return SizeDistribution(histogram, _with_units(pd.DataFrame([row]), unit, lengths))


def _sizes(table: Table, column: str, weight: str) -> tuple[Array, Array]:
    """Return the sizes and weights of the objects that have both."""
    chosen = weight or next((name for name in _SIZES if name in table.columns), "")
    for name, where in ((column, "column"), (chosen, "weight")):
        if name not in table.columns:
            columns = ", ".join(map(str, table.columns))
            raise ParameterError(
                f"the table has no column {name!r}" if name else "must name a column",
                where=where,
                hint=f"it has {columns}",
            )
    try:
        sizes, weights = (table[name].to_numpy(dtype=float) for name in (column, chosen))
    except (ValueError, TypeError):
        raise ImageError(f"the columns {column} and {chosen} must hold numbers") from None
    known = np.isfinite(sizes) & np.isfinite(weights)
    if (weights[known] < 0).any():
        raise ImageError(f"the weights in {chosen} must not be negative")
    return sizes[known], weights[known]


def _edges(sizes: Array, bins: int, scale: str) -> Array:
    """Return the edges of the bins; of one without width where all sizes are equal."""
    if not len(sizes):
        return np.zeros(1)
    low, high = float(sizes.min()), float(sizes.max())
    if low == high:
        return np.array([low, high])
    if scale == "log":
        edges = np.geomspace(low, high, bins + 1)
    else:
        edges = np.linspace(low, high, bins + 1)
    edges[0], edges[-1] = low, high
    return np.asarray(edges)


def _summary(sizes: Array, weights: Array, name: str) -> dict[str, float]:
    """Return mean, standard deviation and quantiles under weights."""
    total = weights.sum()
    if not total > 0:
        return {f"{name}_{part}": np.nan for part in ("mean", "std", *_QUANTILES, "span")}
    mean = float(weights @ sizes / total)
    spread = float(np.sqrt(weights @ (sizes - mean) ** 2 / total))
    order = np.argsort(sizes, kind="stable")
    reached = np.cumsum(weights[order])
    percentiles = {}
    for part, level in _QUANTILES.items():
        # A share that is reached but for rounding is reached.
        first = np.searchsorted(reached, level * reached[-1] * (1 - 1e-12))
        percentiles[part] = float(sizes[order][min(first, len(sizes) - 1)])
    span = (
        (percentiles["d90"] - percentiles["d10"]) / percentiles["d50"]
        if percentiles["d50"]
        else np.nan
    )
    row = {"mean": mean, "std": spread, **percentiles, "span": span}
    return {f"{name}_{part}": value for part, value in row.items()}


def _with_units(table: Table, unit: str, columns: Any) -> Table:
    if unit:
        table.attrs["units"] = dict.fromkeys(columns, unit)
    return table
