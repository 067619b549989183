"""Travel times along a path, in samples: how long a wave takes to a distance."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Table, require_dims, step_of
from graticule.core.errors import ImageError, UnitsError
from graticule.core.typing import Array
from graticule.core.units import scale_to, unit_scale
from graticule.ops import _parameters

Along = Annotated[str, Field(title="Dim of time")]
Across = Annotated[str, Field(title="Dim of distance")]
Between: TypeAlias = Annotated[
    tuple[Length, Length] | None, Field(title="First distance, and where to stop")
]
Curve: TypeAlias = Literal["sqrt", "polytrope", "table"]
Range: TypeAlias = tuple[float, float, int]
Starts: TypeAlias = tuple[Length, Length, int]
Unit = Annotated[str, Field(title="Unit of a of the curve sqrt")]

SAMPLES = "sample^(1/2)"
"""What the unit of ``a`` of the curve ``sqrt`` is called where it has none."""

DOC = _parameters.DOC | {
    "axes": """\
along, across : str
    Names of the dims of time and distance.""",
    "between": """\
between : pair of Length, optional
    Columns from the first distance up to, not including, the second; by default all.""",
    "unit": """\
unit : str
    Of ``a`` for the curve ``sqrt``, as ``"min/Mm^(1/2)"``; empty: samples per root of a sample.""",
}
"""What the docstrings of ops on images of time and distance say."""


def distances(image: Image, across: str) -> Array:
    """Return the positions along ``across`` in samples, from where the distance is 0."""
    require_dims(image, [across])
    if across not in image.coords:
        return np.arange(image.sizes[across], dtype=float)
    step, _ = step_of(image, across)
    return np.asarray(image.coords[across].values, dtype=float) / step


def plane_of(image: Image, along: str, across: str) -> Image:
    """Return an image of two dims with time first; raise `ImageError` if it has others."""
    require_dims(image, [along, across])
    others = [str(dim) for dim in image.dims if dim not in (along, across)]
    if others:
        raise ImageError(
            f"takes an image of {along} and {across} only; this one also has {', '.join(others)}",
            hint="select one plane first",
        )
    return image if image.dims == (along, across) else image.transpose(along, across)


def columns_between(image: Image, across: str, between: tuple[Length, Length] | None) -> slice:
    """Return the columns whose distance is at or beyond the first bound and below the second."""
    if between is None:
        return slice(0, image.sizes[across])
    low, high = (bound.samples(image, across) for bound in between)
    position = distances(image, across)
    inside = np.flatnonzero((position >= low - 1e-9) & (position < high - 1e-9))
    if inside.size == 0:
        raise ImageError(
            f"no column lies between {between[0]} and {between[1]}; {across} goes from "
            f"{position.min():g} to {position.max():g} samples"
        )
    return slice(int(inside[0]), int(inside[-1]) + 1)


def travel_times(
    image: Image,
    curve: Curve,
    a: Array,
    d0: Array,
    *,
    along: str,
    across: str,
    table: Table | None = None,
    unit: str = "",
) -> Array:
    r"""Return the travel time to each column, for each pair of ``a`` and ``d0``.

    ========= ==========================================================================
    curve     travel time to the distance :math:`d`, with :math:`x = d - d_0`
    ========= ==========================================================================
    sqrt      :math:`a \sqrt{x}`, in samples with :math:`x` in samples, or in ``unit``
    polytrope :math:`2 \sqrt{\pi x / a}`: rays in a layer whose squared sound speed grows
              with depth at the rate :math:`a`, in m/s² [1]_
    table     the time a table gives for :math:`x`, times :math:`a`
    ========= ==========================================================================

    Parameters
    ----------
    image : DataArray
        Has the dims ``along`` (time) and ``across`` (distance).
    curve : {"sqrt", "polytrope", "table"}
        The law.
    a, d0 : (path,) arrays
        Its parameter, and the distance in samples where it starts.
    table : DataFrame, optional
        Columns ``distance`` and ``time``, rising, with their units in ``attrs["units"]``;
        without units they are samples.
    unit : str
        Of ``a`` for the curve ``sqrt``; empty for samples.

    Returns
    -------
    ndarray
        ``(path, column)`` in samples; NaN where a column lies before the start or outside the
        table.

    Raises
    ------
    ImageError
        If the table is missing, or lacks a column.
    UnitsError
        If a physical curve is asked for on axes without units.

    References
    ----------
    .. [1] A. G. Kosovichev, "Advances in Global and Local Helioseismology: An Introductory
       Review", Lecture Notes in Physics 832, 3 (2011).
    """
    x = distances(image, across)[None, :] - d0[:, None]
    scale = a[:, None]
    with np.errstate(invalid="ignore"):
        if curve == "sqrt":
            return np.asarray(scale * _root_scale(image, unit, along, across) * np.sqrt(x))
        if curve == "polytrope":
            metres, seconds = _base_steps(image, along, across, "a polytrope")
            return np.asarray(2 * np.sqrt(np.pi * x * metres / scale) / seconds)
    return np.asarray(scale * _from_table(image, x, table, along, across))


def _root_scale(image: Image, unit: str, along: str, across: str) -> float:
    """Return the factor from ``a`` in a unit to samples per root of a sample."""
    if not unit:
        return 1.0
    factor = scale_to(unit, "s/m^(1/2)")
    metres, seconds = _base_steps(image, along, across, f"a parameter in {unit}")
    return float(factor * np.sqrt(metres) / seconds)


def _base_steps(image: Image, along: str, across: str, what: str) -> tuple[float, float]:
    steps = []
    for dim, wanted in ((across, "m"), (along, "s")):
        step, unit = step_of(image, dim)
        factor, base = unit_scale(unit) if unit else (0.0, "")
        if base != wanted:
            raise UnitsError(
                f"{what} needs {across} as a length and {along} as a time; {dim} has "
                f"{unit or 'no unit'}",
                hint='give spacing={"time": "45 s", "distance": "0.348 Mm"} when reading',
            )
        steps.append(step * factor)
    return steps[0], steps[1]


def _from_table(image: Image, x: Array, table: Table | None, along: str, across: str) -> Array:
    if table is None or not {"distance", "time"} <= set(table.columns):
        raise ImageError(
            "the curve 'table' needs a table with the columns distance and time",
            hint="make one with detect.travel_time",
        )
    units = table.attrs.get("units", {})
    known = [
        np.asarray(table[name], dtype=float) * _samples_per(image, dim, units.get(name, ""))
        for name, dim in (("distance", across), ("time", along))
    ]
    order = np.argsort(known[0])
    return np.interp(x, known[0][order], known[1][order], left=np.nan, right=np.nan)


def _samples_per(image: Image, dim: str, unit: str) -> float:
    if not unit:
        return 1.0
    step, dim_unit = step_of(image, dim)
    factor, base = unit_scale(unit)
    dim_factor, dim_base = unit_scale(dim_unit) if dim_unit else (1.0, "")
    if base != dim_base:
        raise UnitsError(f"the table has {unit} and the dim {dim} has {dim_unit or 'no unit'}")
    return factor / (dim_factor * step)
