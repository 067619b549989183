"""Stacking along every curve of a family."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Table, Whole, op, step_of
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.detect._curves import (
    DOC,
    SAMPLES,
    Across,
    Along,
    Curve,
    Range,
    Starts,
    Unit,
    columns_between,
    distances,
    plane_of,
    travel_times,
)
from graticule.ops.detect._paths import Interpolation, profiles
from graticule.ops.detect._planes import planes_of

_UNITS: dict[Curve, str] = {"sqrt": SAMPLES, "polytrope": "m/s2", "table": "1"}

_STARTS: Starts = (Length(0.0), Length(20.0), 3)
Part: TypeAlias = tuple[Length, Length]


@op(
    version=2,
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
    d0: Annotated[Starts | None, Field(title="Distance of the start: from, to, how many")] = None,
    unit: Unit = "",
    between: Annotated[
        Part | tuple[Part, ...] | None, Field(title="First distance and where to stop, or several")
    ] = None,
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
        Grid of the law's parameter, and of the distance where the curve starts: by default 0, 10
        and 20 samples.
    %(unit)s
    between : pair of Length or several pairs, optional
        Columns from the first distance up to, not including, the second; by default all. Of
        several parts the power of each is counted by itself: a dim ``part`` is added in front.
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
        the curve starts. With several parts there is a dim ``part``, named by its distances.

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
    wanted = _Wanted(curve, a, d0 or _STARTS, unit, between, inside, along, across)
    layout = _layout(_Axes.of(image, along, across), wanted, table)
    columns = np.asarray(image.values[:, layout.columns].T, dtype=np.float32)
    lines = _analytic(columns) if statistic == "power" else columns
    planes = planes_of(lines, fourier=interpolation == "fourier")
    stacked = profiles(planes, layout.times, interpolation=interpolation, fewest=layout.fewest)
    return layout.result(stacked)


@dataclass(frozen=True)
class _Axes:
    """The axes of an image, which may be compared."""

    key: tuple[Any, ...]
    blank: Image = field(compare=False)

    @classmethod
    def of(cls, image: Image, along: str, across: str) -> _Axes:
        key = []
        for dim in (along, across):
            axis = image.coords.variables.get(dim)
            about = axis is not None and (axis.values.tobytes(), str(sorted(axis.attrs.items())))
            key.append((image.sizes[dim], about))
        return cls(tuple(key), image)


@dataclass(frozen=True)
class _Wanted:
    """The parameters of a scan that its curves depend on."""

    curve: Curve
    a: Range
    d0: Starts
    unit: str
    between: Part | tuple[Part, ...] | None
    inside: float
    along: str
    across: str


@dataclass(frozen=True)
class _Layout:
    """The curves of a scan: the same for all images with the same axes.

    ``template`` is what the result looks like, over parts.
    """

    columns: slice
    times: Array
    fewest: Array
    template: Image
    several: bool

    def result(self, stacked: Array) -> Image:
        full = self.template.copy(deep=False, data=stacked.reshape(self.template.shape))
        return full if self.several else full.isel(part=0).drop_vars("part")


def _layout(axes: _Axes, wanted: _Wanted, table: Table | None) -> _Layout:
    return _laid_out(axes, wanted) if table is None else _lay_out(axes, wanted, table)


@lru_cache(maxsize=8)
def _laid_out(axes: _Axes, wanted: _Wanted) -> _Layout:
    return _lay_out(axes, wanted, None)


def _lay_out(axes: _Axes, wanted: _Wanted, table: Table | None) -> _Layout:
    image, along, across, between = axes.blank, wanted.along, wanted.across, wanted.between
    several = between is not None and isinstance(between[0], tuple)
    parts: Any = between if several else (between,)
    used = [columns_between(image, across, part) for part in parts]
    first, last = min(part.start for part in used), max(part.stop for part in used)
    columns = image.isel({across: slice(first, last)})
    law, start = np.linspace(*wanted.a), _starts(image, across, wanted.d0)
    each = [grid.ravel() for grid in np.meshgrid(law, start, indexing="ij")]
    whole = travel_times(
        columns, wanted.curve, *each, along=along, across=across, table=table, unit=wanted.unit
    )
    times = np.full((len(parts), *whole.shape), np.nan)
    for row, part in zip(times, used, strict=True):
        inner = slice(part.start - first, part.stop - first)
        row[:, inner] = whole[:, inner]
    if not np.isfinite(times).any(axis=2).all():
        raise ImageError("some curve has no column: the start or the table lies beyond the image")
    fewest = [int(np.ceil(wanted.inside * (part.stop - part.start))) for part in used]
    template = _template(columns, (law, start), times, along, across)
    template.coords["a"].attrs["units"] = wanted.unit or _UNITS[wanted.curve]
    template.coords["part"] = ("part", [_name(columns, across, part) for part in parts])
    return _Layout(
        slice(first, last),
        times.reshape(-1, times.shape[2]),
        np.repeat(fewest, whole.shape[0]),
        template,
        several,
    )


def _starts(image: Image, across: str, d0: Starts) -> Array:
    return np.linspace(d0[0].samples(image, across), d0[1].samples(image, across), d0[2])


def _name(columns: Image, across: str, part: Part | None) -> str:
    """Return the two distances of a part in the unit of the axis."""
    step, unit = step_of(columns, across)
    low, high = (
        (0, 0) if part is None else (bound.samples(columns, across) * step for bound in part)
    )
    return f"{low:g} to {high:g} {unit or 'samples'}"


def _analytic(columns: Array) -> Array:
    """Return the analytic signal of every column, of unit mean power; NaN stays in its place."""
    from scipy import fft

    finite = np.isfinite(columns)
    whole = bool(finite.all())
    known = columns if whole else np.where(finite, columns, np.float32(0))
    largest = np.abs(known).max()
    size = known.shape[1]
    spectrum = np.zeros(known.shape, np.complex64)
    half = fft.rfft(known / largest if largest > 0 else known, axis=1)
    half[:, 1 : (size + 1) // 2] *= 2
    spectrum[:, : half.shape[1]] = half
    signal = fft.ifft(spectrum, axis=1, overwrite_x=True)
    square = signal.real**2 + signal.imag**2
    power = float(np.mean(square if whole else square[finite])) if finite.any() else 0.0
    signal = signal / np.float32(np.sqrt(power)) if power > 0 else signal
    return signal if whole else np.where(finite, signal, np.complex64(np.nan))


def _template(
    columns: Image, grid: tuple[Array, Array], times: Array, along: str, across: str
) -> Image:
    """Return what the result looks like; its values mean nothing."""
    import xarray as xr

    step_t, unit_t = step_of(columns, along)
    step_d, unit_d = step_of(columns, across)
    arrival = (
        columns.coords[along].values
        if along in columns.coords
        else np.arange(columns.sizes[along], dtype=float)
    )
    dims = ("part", "a", "d0", along)
    shape = (len(times), grid[0].size, grid[1].size, arrival.size)
    earliest = np.nanmin(times, axis=2).reshape(shape[:3])
    t0 = arrival - step_t * earliest[..., None]
    nearest = distances(columns, across)[np.isfinite(times).any(axis=1).argmax(axis=1)] * step_d
    coords = {
        "a": ("a", grid[0]),
        "d0": ("d0", grid[1] * step_d, {"units": unit_d} if unit_d else {}),
        along: (along, arrival, {"units": unit_t} if unit_t else {}),
        "t0": (dims, t0, {"units": unit_t} if unit_t else {}),
        across: ("part", nearest, {"units": unit_d} if unit_d else {}),
    }
    return xr.DataArray(np.empty(shape, np.float32), dims=dims, coords=coords)
