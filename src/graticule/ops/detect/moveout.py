"""Straightening a curved arrival."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Record, Table, Whole, like, op, require_dims, step_of
from graticule.core.errors import ImageError
from graticule.ops.detect._curves import (
    DOC,
    SAMPLES,
    Across,
    Along,
    Between,
    Curve,
    Unit,
    columns_between,
    travel_times,
)


@op(
    version=1,
    scope=Whole("a column is shifted by any part of its length", memory=4),
    dtype="float32",
    tolerance=1e-6,
    doc=DOC,
)
def moveout(
    image: Image,
    event: Record | None = None,
    table: Table | None = None,
    *,
    curve: Annotated[Curve, Field(title="Law of the travel time")] = "sqrt",
    a: Annotated[float, Field(title="Parameter of the law")] = 5.0,
    d0: Annotated[Length, Field(title="Distance of the start")] = Length(0.0),
    between: Between = None,
    unit: Unit = "",
    along: Along = "time",
    across: Across = "distance",
) -> Image:
    r"""Shift every column along a curve, so that an arrival on the curve becomes a straight line.

    The sample of the result at time :math:`t` and distance :math:`d` is the image at
    :math:`t + \tau(d) - \tau(d_1)`, interpolated linearly, with :math:`d_1` the first column.
    Nothing wraps around: what would come from outside the image is NaN.

    Parameters
    ----------
    image : Image
        With the dims ``along`` and ``across``.
    event : Record, optional
        With the columns ``a`` and ``d0`` of a curve found by `graticule.detect.scan` and
        `graticule.detect.peak`: they, and their units, are taken instead of the parameters.
    table : Table, optional
        For ``curve="table"``: columns ``distance`` and ``time``, units in ``attrs["units"]``.
    curve : {"sqrt", "polytrope", "table"}
        ``a * sqrt(d - d0)`` in samples or in ``unit``; ``2 sqrt(pi (d - d0) / a)`` with ``a`` in
        m/s²; or ``a`` times the table.
    a : float
        Parameter of the law. A negative one bends the other way (a null).
    d0 : Length
        Distance at which the curve starts; columns before it are NaN.
    %(between)s
    %(unit)s
    %(axes)s

    Returns
    -------
    Image
        float32, the columns asked for. Its times are those of arrival at its first column.

    Raises
    ------
    ImageError
        If a dim is missing, no column is left, or the event is no single curve.
    UnitsError
        If the curve is physical and the axes have no units.

    %(examples)s
    >>> ramp = np.tile(np.arange(3.0)[:, None], 2)
    >>> gt.detect.moveout(ramp, a=0.5, along="y", across="x")
    array([[0. , 0.5],
           [1. , 1.5],
           [2. , nan]], dtype=float32)
    """
    require_dims(image, [along, across])
    columns = image.isel({across: columns_between(image, across, between)})
    parameters = (a, d0.samples(image, across))
    if event is not None:
        parameters = _curve_of(event, image, across)
        unit = _unit_of(event, unit)
    law, start = (np.array([value]) for value in parameters)
    times = travel_times(
        columns, curve, law, start, along=along, across=across, table=table, unit=unit
    )[0]
    ordered = columns.transpose(..., across, along)
    values = np.asarray(ordered.values, dtype=np.float32)
    shifted = _shifted(values, times - times[np.flatnonzero(~np.isnan(times))[:1]])
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(ordered, shifted, **units).transpose(*columns.dims)


def _curve_of(event: Table, image: Image, across: str) -> tuple[float, float]:
    if len(event) != 1 or not {"a", "d0"} <= set(event.columns):
        raise ImageError("an event must be one row with the columns a and d0")
    return float(event["a"].iloc[0]), float(event["d0"].iloc[0]) / step_of(image, across)[0]


def _unit_of(event: Table, unit: str) -> str:
    known = str(event.attrs.get("units", {}).get("a", unit))
    return "" if known == SAMPLES else known


def _shifted(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    shifts: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    size = values.shape[-1]
    position = np.arange(size) + np.where(np.isnan(shifts), size, shifts)[:, None]
    base = np.floor(position).astype(int)
    part = (position - base).astype(np.float32)
    inside = (base >= 0) & (base + (part > 0) < size)
    low, high = np.clip(base, 0, size - 1), np.clip(base + (part > 0), 0, size - 1)
    rows = np.arange(values.shape[-2])[:, None]
    before, after = values[..., rows, low], values[..., rows, high]
    with np.errstate(invalid="ignore"):
        between = before + part * (after - before)
    return np.where(inside, between, np.float32(np.nan))
