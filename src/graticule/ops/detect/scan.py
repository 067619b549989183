"""Stacking along every curve of a family."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Table, Whole, op, step_of
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.detect._curves import (
    DOC,
    Across,
    Along,
    Between,
    Curve,
    Range,
    columns_between,
    distances,
    plane_of,
    travel_times,
)
from graticule.ops.detect._paths import Interpolation, profiles
from graticule.ops.detect._planes import planes_of

_UNITS: dict[Curve, str] = {"sqrt": "sample^(1/2)", "polytrope": "m/s2", "table": "1"}


@op(
    version=1,
    scope=Whole("a path crosses the image", memory=60),
    dtype="float32",
    tolerance=1e-5,
    doc=DOC,
)
def scan(
    image: Image,
    table: Table | None = None,
    *,
    curve: Annotated[Curve, Field(title="Law of the travel time")] = "sqrt",
    a: Annotated[Range, Field(title="Parameter: from, to, how many")] = (2.5, 6.0, 15),
    d0: Annotated[Range, Field(title="Start in samples: from, to, how many")] = (0.0, 20.0, 3),
    between: Between = None,
    statistic: Annotated[Literal["power", "mean"], Field(title="What is stacked")] = "power",
    interpolation: Annotated[Interpolation, Field(title="Between samples")] = "fourier",
    inside: Annotated[float, Field(title="Least part of a path inside", gt=0, le=1)] = 0.75,
    along: Along = "time",
    across: Across = "distance",
) -> Image:
    r"""Stack an image along every curve of a family, for every time of arrival.

    With ``statistic="power"`` each column is made complex (its analytic signal), and the result
    is :math:`|\sum_d y_d|^2 / (n \sigma^2)` over the :math:`n` samples of the path that lie
    inside the image, with :math:`\sigma^2` the mean of :math:`|y|^2`: it does not depend on the
    phase of the arrival, and in white noise its mean is 1 on every path. With ``"mean"`` it is
    the mean of the samples as they are. Nothing wraps around; a path through a NaN sample is NaN.

    Parameters
    ----------
    image : Image
        With the dims ``along`` and ``across``; whitened, for ``"power"`` to mean what it says.
    table : Table, optional
        For ``curve="table"``.
    curve : {"sqrt", "polytrope", "table"}
        As in `graticule.detect.moveout`.
    a, d0 : (from, to, how many)
        Grid of the law's parameter, and of the distance in samples where the curve starts.
    %(between)s
    statistic : {"power", "mean"}
        What is stacked.
    interpolation : {"fourier", "linear", "nearest"}
        Between samples in time; Fourier to the nearest eighth of a sample. Linear interpolation
        weakens waves of few samples a period, noise and arrival alike.
    inside : float
        Where less than this part of the columns is inside the image the result is NaN.
    %(axes)s

    Returns
    -------
    Image
        float32 over ``a``, ``d0`` and ``along``: the time of arrival at the first column used,
        whose distance is the coordinate ``across``. The coordinate ``t0`` is the time at which
        the curve starts.

    Raises
    ------
    ImageError
        If a dim is missing, no column is left, or no column lies on a curve.
    UnitsError
        If the curve is physical and the axes have no units.

    %(examples)s
    >>> image = np.zeros((60, 40))
    >>> column = np.arange(40)
    >>> image[np.rint(10 + 5 * np.sqrt(column)).astype(int), column] = 1
    >>> image = gt.core.as_image(image, dims=["time", "distance"])
    >>> result = gt.detect.scan(
    ...     image, a=(4, 6, 3), d0=(0, 0, 1), statistic="mean", interpolation="nearest"
    ... )
    >>> best = result.where(result == result.max(), drop=True).squeeze()
    >>> best.item(), best.a.item(), best.t0.item()
    (1.0, 5.0, 10.0)
    """
    image = plane_of(image, along, across)
    columns = image.isel({across: columns_between(image, across, between)})
    law, start = (np.linspace(*grid[:2], grid[2]) for grid in (a, d0))
    each = [grid.ravel() for grid in np.meshgrid(law, start, indexing="ij")]
    times = travel_times(columns, curve, *each, along=along, across=across, table=table)
    if not np.isfinite(times).any(axis=1).all():
        raise ImageError("some curve has no column: the start or the table lies beyond the image")
    plane = np.asarray(columns.values.T, dtype=float)
    stacked = _stacked(plane, times, statistic, interpolation, inside)
    shape = (law.size, start.size, plane.shape[1])
    result = _labelled(columns, stacked.reshape(shape), (law, start), times, along, across)
    result.coords["a"].attrs["units"] = _UNITS[curve]
    return result


def _stacked(
    plane: Array, times: Array, statistic: str, interpolation: Interpolation, inside: float
) -> Array:
    with np.errstate(over="ignore"):
        columns = _analytic(plane) if statistic == "power" else plane.astype(np.float32)
    planes = planes_of(columns, fourier=interpolation == "fourier")
    fewest = int(np.ceil(inside * plane.shape[0]))
    return profiles(planes, times, interpolation=interpolation, fewest=fewest)


def _analytic(plane: Array) -> Array:
    """Return the analytic signal of every column, of unit mean power; NaN stays in its place."""
    from scipy.signal import hilbert

    finite = np.isfinite(plane)
    known = np.where(finite, plane, 0.0)
    largest = float(np.abs(known).max())
    signal = hilbert(known / largest if largest > 0 else known, axis=1)
    power = float(np.mean(np.abs(signal[finite]) ** 2)) if finite.any() else 0.0
    signal = signal / np.sqrt(power) if power > 0 else signal
    return np.where(finite, signal, np.nan).astype(np.complex64)


def _labelled(
    columns: Image,
    stacked: Array,
    grid: tuple[Array, Array],
    times: Array,
    along: str,
    across: str,
) -> Image:
    import xarray as xr

    step_t, unit_t = step_of(columns, along)
    step_d, unit_d = step_of(columns, across)
    arrival = (
        columns.coords[along].values
        if along in columns.coords
        else np.arange(columns.sizes[along], dtype=float)
    )
    first = np.nanmin(times, axis=1).reshape(stacked.shape[:2])
    t0 = arrival[None, None, :] - step_t * first[:, :, None]
    coords = {
        "a": ("a", grid[0]),
        "d0": ("d0", grid[1] * step_d, {"units": unit_d} if unit_d else {}),
        along: (along, arrival, {"units": unit_t} if unit_t else {}),
        "t0": (("a", "d0", along), t0, {"units": unit_t} if unit_t else {}),
        across: ((), distances(columns, across)[0] * step_d, {"units": unit_d} if unit_d else {}),
    }
    return xr.DataArray(stacked, dims=("a", "d0", along), coords=coords)
