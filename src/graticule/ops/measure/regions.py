"""The table of objects."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import Image, Labels, Place, Reduction, Table, op, step_of
from graticule.core.errors import ImageError, UnitsError
from graticule.core.units import unit_scale
from graticule.ops.measure._sums import Sums, sums_of

Array: TypeAlias = np.ndarray[Any, Any]

# Columns of `Sums.positions` for the products of two axes (z, y, x), row by row.
_PRODUCTS = np.array([[4, 7, 8], [7, 5, 9], [8, 9, 6]])
_SIZE = {1: "length", 2: "area", 3: "volume"}


def _map(labels: xr.DataArray, intensity: xr.DataArray | None, *, place: Place) -> Sums:
    return sums_of(labels, intensity, place=place)


def _finish(sums: Sums) -> pd.DataFrame:
    dims = list(sums.axes)
    first = 3 - len(dims)
    steps, unit = _scale(sums)
    pixels = sums.positions[:, 0]
    middle, spread = _moments(sums, first)
    columns: dict[str, tuple[Any, str]] = {"label": (sums.labels, ""), "pixels": (pixels, "")}
    power = len(dims) if len(dims) > 1 else ""
    size = pixels * np.prod(steps)
    columns[_SIZE[len(dims)]] = size, f"{unit}{power}" if unit else ""
    for axis, dim in enumerate(dims):
        columns[f"centroid_{dim}"] = _positions(sums, dim, middle[:, axis])
    for axis, dim in enumerate(dims, start=first):
        columns[f"{dim}_start"] = sums.ends[:, 2 * axis], ""
        columns[f"{dim}_stop"] = sums.ends[:, 2 * axis + 1] + 1, ""
    shape = _shape(spread * np.multiply.outer(steps, steps), size)
    columns |= {name: (value, unit if kind == "unit" else kind) for name, value, kind in shape}
    columns |= _intensity(sums)
    table = pd.DataFrame({name: value for name, (value, _) in columns.items()})
    table.attrs["units"] = {name: of for name, (_, of) in columns.items() if of}
    return table


def _scale(sums: Sums) -> tuple[Array, str]:
    """Return the step along each dim in one common unit, or in pixels where there is none."""
    found = []
    for dim in sums.axes:
        axis = sums.axis(dim)
        found.append((1.0, "") if axis is None else step_of(axis.assign_coords({dim: axis}), dim))
    units = {unit for _, unit in found}
    if units == {""}:
        counted = all(step == 1 for step, _ in found)
        return np.array([step for step, _ in found]), "px" if counted else ""
    try:
        scales = [unit_scale(unit) for _, unit in found]
    except UnitsError:
        return np.ones(len(found)), "px"
    if len({base for _, base in scales}) > 1:
        return np.ones(len(found)), "px"
    last = scales[-1][0]
    steps = [step * scale / last for (step, _), (scale, _) in zip(found, scales, strict=True)]
    return np.array([float(f"{step:.12g}") for step in steps]), found[-1][1]


def _moments(sums: Sums, first: int) -> tuple[Array, Array]:
    """Return the mean position and the covariance of positions of each object, in samples.

    The sums are moved to the first corner of each object while they are whole numbers, so
    nothing is lost to rounding however far out the object lies.
    """
    number = sums.positions[:, 0]
    corner = sums.ends[:, 0::2]
    extent = sums.ends[:, 1::2] - corner + 1
    if (number.astype(float) * extent.max(axis=1, initial=1).astype(float) ** 2 >= 2.0**63).any():
        raise ImageError("an object is too large for its moments to be exact in 64 bits")
    linear = sums.positions[:, 1:4] - number[:, None] * corner
    products = sums.positions[:, _PRODUCTS]
    lean = corner[:, :, None] * sums.positions[:, None, 1:4]
    box = number[:, None, None] * corner[:, :, None] * corner[:, None, :]
    moved = products - lean - lean.transpose(0, 2, 1) + box
    mean = linear / number[:, None]
    spread = moved / number[:, None, None] - mean[:, :, None] * mean[:, None, :]
    return (corner + mean)[:, first:], spread[:, first:, first:]


def _positions(sums: Sums, dim: str, samples: Array) -> tuple[Array, str]:
    axis = sums.axis(dim)
    if axis is None:
        return samples, "px"
    step, unit = step_of(axis.assign_coords({dim: axis}), dim)
    counted = "px" if step == 1 else ""
    return np.interp(samples, np.arange(axis.size), axis.values.astype(float)), unit or counted


def _shape(spread: Array, size: Array) -> list[tuple[str, Array, str]]:
    """Return the axes of the ellipse, ellipsoid or line with the same second moments."""
    ndim = spread.shape[1]
    factor = {1: 12.0, 2: 16.0, 3: 20.0}[ndim]
    ball = {1: size, 2: 2 * np.sqrt(size / np.pi), 3: np.cbrt(6 * size / np.pi)}[ndim]
    shape = [("equivalent_diameter", ball, "unit")]
    widths = np.linalg.eigvalsh(spread)[:, ::-1].clip(min=0)
    names = {1: [], 2: ["major_axis", "minor_axis"], 3: ["major_axis", "middle_axis", "minor_axis"]}
    for column, name in enumerate(names[ndim]):
        shape.append((name, np.sqrt(factor * widths[:, column]), "unit"))
    if ndim == 2:
        flat = np.divide(
            widths[:, 1], widths[:, 0], out=np.ones(len(widths)), where=widths[:, 0] > 0
        )
        shape.append(("eccentricity", np.sqrt(1 - flat), ""))
        turn = np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]) / 2
        shape.append(("orientation", turn, "rad"))
    return shape


def _intensity(sums: Sums) -> dict[str, tuple[Array, str]]:
    if sums.values is None:
        return {}
    number, mean, squares, low, high = sums.values.T
    known = number > 0
    deviation = np.sqrt(np.divide(squares, number, out=np.zeros(len(number)), where=known))
    columns = {"mean": mean, "std": deviation, "min": low, "max": high}
    return {f"intensity_{k}": (np.where(known, v, np.nan), sums.unit) for k, v in columns.items()}


_SCOPE = Reduction(_map, Sums.merged, _finish)


@op(version=1, scope=_SCOPE, tolerance=1e-9)
def regions(labels: Labels, intensity: Image | None = None) -> Table:
    r"""Measure every object: size, place, shape and intensity, one row each.

    All follow from one pass of sums over each label, which are whole numbers, so the result
    does not depend on tiles. With the covariance :math:`C` of an object's positions and its
    eigenvalues :math:`\lambda_1 \ge \lambda_2`, the axes of the ellipse with the same second
    moments are :math:`4\sqrt{\lambda_i}` (:math:`\sqrt{20 \lambda_i}` for the ellipsoid), its
    eccentricity is :math:`\sqrt{1 - \lambda_2 / \lambda_1}`.

    Sizes and lengths are in the unit of the last dim where all dims have units of one kind,
    and in pixels (``px``) where not, or without a unit where an axis has a spacing but no unit;
    centroids are in the coordinates of their dim.

    Parameters
    ----------
    labels : Labels
        Up to three dims: all of them ``z y x``, or none.
    intensity : Image, optional
        Values to be measured, with the dims of ``labels``. NaN is left out; an object without
        a value has NaN.

    Returns
    -------
    Table
        One row for each label, in their order; units by column in ``attrs["units"]``.

        ``label``, ``pixels``; ``length``, ``area`` or ``volume``; ``centroid_<dim>``;
        ``<dim>_start`` and ``<dim>_stop``, the bounding box in samples, half open;
        ``equivalent_diameter`` of the disk or ball of the same size; ``major_axis``,
        (``middle_axis``), ``minor_axis``; in two dims ``eccentricity`` and ``orientation``, the
        angle in radians from the first dim to the major axis, from -pi/2 to pi/2; with
        an intensity image ``intensity_mean``, ``intensity_std``, ``intensity_min`` and
        ``intensity_max``.

    Raises
    ------
    ImageError
        If the dims are not such, or those of the image are others.
    UnitsError
        If the samples along a dim are not evenly spaced.

    See Also
    --------
    skimage.measure.regionprops_table : the same numbers.

    References
    ----------
    Hu, M.-K., "Visual pattern recognition by moment invariants", IRE Trans. Inf. Theory 8(2),
    179-187, 1962. :doi:`10.1109/TIT.1962.1057692`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> table = gt.measure.regions(np.array([[1, 1, 0], [0, 0, 2]]))
    >>> table[["label", "area", "centroid_y", "centroid_x", "x_start", "x_stop"]]
       label  area  centroid_y  centroid_x  x_start  x_stop
    0      1   2.0         0.0         0.5        0       2
    1      2   1.0         1.0         2.0        2       3
    """
    table: Table = _SCOPE.whole(labels, intensity)
    return table
