"""Travel times of rays through a layered medium."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Table, Whole, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.core.units import unit_scale


@op(version=1, scope=Whole("a ray crosses all layers above its turning point"))
def travel_time(
    speed: Table,
    *,
    radius: Annotated[float, Field(title="Radius of the surface, 0 if flat", ge=0)] = 0.0,
    rays: Annotated[int, Field(title="How many rays", ge=2, le=100_000)] = 200,
) -> Table:
    r"""Trace rays from the surface down and back, and tabulate the time against the distance.

    A ray turns at the depth where the sound speed :math:`c` is that of its horizontal phase.
    With :math:`p = r_t / c(r_t)` at the turning radius :math:`r_t`, and :math:`R` the surface,

    .. math::

        T = 2 \int_{r_t}^{R} \frac{dr}{c \sqrt{1 - (p c / r)^2}}, \qquad
        d = 2 R \int_{r_t}^{R} \frac{p c\, dr}{r^2 \sqrt{1 - (p c / r)^2}}

    as in [1]_. Between the tabulated depths :math:`c^2` is linear in depth, which makes the
    integrals over a layer exact where the medium is flat; a sphere is mapped to a flat medium
    by :math:`z_f = R \ln(R / r)`, :math:`c_f = c R / r`, which keeps times and distances.

    Parameters
    ----------
    speed : Table
        Columns ``depth`` below the surface, from 0 down, and ``speed``; units in
        ``attrs["units"]`` such as ``{"depth": "Mm", "speed": "km/s"}``.
    radius : float
        Of the surface, in the unit of ``depth``; 0 for a flat medium.
    rays : int
        Turning depths, closer together near the surface.

    Returns
    -------
    Table
        ``distance`` (unit of the depth), ``time`` (s) and ``depth`` of the turning point, from
        near to far: the curve ``table`` of `graticule.detect.moveout`.

    Raises
    ------
    ImageError
        If a column is missing, depths do not grow or the speed does not grow with depth.
    UnitsError
        If a unit is unknown.

    References
    ----------
    .. [1] Kosovichev, A. G., Duvall, T. L., "Acoustic tomography of solar convective flows and
       structures", in *SCORe'96: Solar Convection and Oscillations and their Relationship*,
       Kluwer, 1997, 241-260.

    Examples
    --------
    >>> import graticule as gt
    >>> import pandas as pd
    >>> depth = np.linspace(0, 20, 41)
    >>> layer = pd.DataFrame({"depth": depth, "speed": np.sqrt(142 * depth)})
    >>> layer.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    >>> table = gt.detect.travel_time(layer, rays=3)
    >>> bool(np.allclose(table.distance, np.pi * table.depth))
    True
    """
    import pandas as pd

    depth, squared, factor = _flat_layers(speed, radius)
    turning = depth[0] + (depth[-1] - depth[0]) * (np.arange(1, rays + 1) / rays) ** 2
    traced = np.array([_trace(depth, squared, z) for z in turning])
    table = pd.DataFrame(
        {
            "distance": traced[:, 0],
            "time": traced[:, 1] / factor,
            "depth": radius * -np.expm1(-turning / radius) if radius else turning,
        }
    )
    unit = speed.attrs.get("units", {}).get("depth", "")
    table.attrs["units"] = {"distance": unit, "time": "s", "depth": unit} if unit else {}
    return table


def _flat_layers(speed: Table, radius: float) -> tuple[Array, Array, float]:
    """Return depths, squared speeds in depths per second, and seconds per unit of time."""
    missing = {"depth", "speed"} - set(speed.columns)
    if missing:
        raise ImageError(f"the table of speeds has no column {', '.join(sorted(missing))}")
    depth, value = (np.asarray(speed[name], dtype=float) for name in ("depth", "speed"))
    if depth.size < 2 or not (np.diff(depth) > 0).all() or (radius and depth[-1] >= radius):
        raise ImageError("depths must grow from row to row, and end before the centre")
    if radius:
        value = value / (1 - depth / radius)
        depth = -radius * np.log1p(-depth / radius)
    if not (np.diff(value) > 0).all() or value[0] < 0:
        raise ImageError(
            "the speed must grow with depth, so that every ray returns",
            hint="leave out the rows above its minimum",
        )
    return depth, value**2, _time_factor(speed.attrs.get("units", {}))


def _time_factor(units: dict[str, str]) -> float:
    """Return how many depths per second one unit of speed is."""
    if not units:
        return 1.0
    length, _, time = units.get("speed", "").partition("/")
    return unit_scale(length)[0] / unit_scale(time or "s")[0] / unit_scale(units["depth"])[0]


def _trace(depth: Array, squared: Array, turning: float) -> tuple[float, float]:
    r"""Return distance and time of the ray that turns at a depth.

    Where :math:`c^2 = c_0^2 + g z` in a layer, with :math:`q = c^2 / c_t^2`, the distance is
    :math:`2 c_t^2 / g \int \sqrt{q / (1 - q)} dq` and the time the same over
    :math:`1 / \sqrt{q (1 - q)}`, divided by :math:`c_t`.
    """
    last = int(np.searchsorted(depth, turning, side="left"))
    at_turn = float(np.interp(turning, depth, squared))
    nodes = np.append(squared[:last], at_turn)
    gaps = np.diff(np.append(depth[:last], turning))
    q = np.clip(nodes / at_turn, 0, 1)
    angle = np.arcsin(np.sqrt(q))
    rate = np.diff(nodes) / gaps
    across = angle - np.sqrt(q * (1 - q))
    distance = 2 * at_turn * np.sum(np.diff(across) / rate)
    time = 2 * np.sqrt(at_turn) * np.sum(2 * np.diff(angle) / rate)
    return float(distance), float(time)
