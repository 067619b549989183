"""The largest value of an image, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core import Image, Record, Whole, op, step_of
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

if TYPE_CHECKING:
    import xarray as xr


@op(version=2, scope=Whole("the largest value may be anywhere", memory=3), doc=DOC)
def peak(image: Image) -> Record:
    """Find the largest value of an image, its position between samples and its width.

    Along every dim a parabola through the peak and its two neighbours gives the position; the
    width is the full width at half of the peak's height over the median of the line through it,
    interpolated linearly. The statistic is the largest sample itself: interpolating it would
    favour some grids.

    Parameters
    ----------
    image : Image
        Any dims. Samples that are not finite are passed over.

    Returns
    -------
    Record
        One row: ``statistic``; the position along every dim, in the units of its coordinate (or
        in samples), under the dim's name; ``<dim>_width``; ``at_end``, the dims
        along which the peak is the first or last sample, so that the true one may lie beyond;
        and every other coordinate at the peak, under its name. Along a dim whose coordinate is
        of names the position is the name. All are NaN or empty where no sample is finite. Units in
        ``attrs["units"]``.

    %(examples)s
    >>> gt.detect.peak(np.array([0.0, 1.0, 4.0, 3.0, 0.0])).round(2).drop(columns="at_end")
       statistic    x  x_width
    0        4.0  2.25     1.67
    """
    import pandas as pd

    values = np.asarray(image.values, dtype=float)
    finite = np.isfinite(values)
    values = np.where(finite, values, np.nan)
    top = int(np.where(finite, values, -np.inf).argmax())
    at = [int(index) for index in np.unravel_index(top, values.shape)]
    any_finite = bool(finite.any())
    row: dict[str, Any] = {"statistic": float(values.flat[top]) if any_finite else np.nan}
    where: dict[Any, float] = {}
    ends: list[str] = []
    for axis, dim in enumerate(image.dims):
        line = np.moveaxis(values, axis, -1)[tuple(at[:axis] + at[axis + 1 :])]
        if _is_named(image, str(dim)):
            where[dim] = at[axis]
            row[str(dim)] = str(image.coords[dim].values[at[axis]]) if any_finite else ""
            continue
        offset, width = _shape_of(line, at[axis]) if any_finite else (np.nan, np.nan)
        where[dim] = at[axis] + offset
        row[str(dim)] = _position(image, str(dim), where[dim])
        step = step_of(image, str(dim))[0] if image.sizes[dim] > 1 else 1.0
        row[f"{dim}_width"] = width * step
        if image.sizes[dim] > 1 and at[axis] in (0, image.sizes[dim] - 1):
            ends.append(str(dim))
    row["at_end"] = ", ".join(ends) if any_finite else ""
    for name, coordinate in image.coords.variables.items():
        if name not in image.dims and coordinate.dtype.kind in "iuf":
            row[str(name)] = _sampled(coordinate, where) if any_finite else np.nan
    table = pd.DataFrame([row])
    table.attrs["units"] = {
        str(name): str(unit)
        for name, c in image.coords.variables.items()
        if (unit := c.attrs.get("units")) and name in row
    }
    return table


def _is_named(image: Image, dim: str) -> bool:
    return dim in image.coords and image.coords[dim].dtype.kind not in "iuf"


def _shape_of(line: Array, at: int) -> tuple[float, float]:
    """Return the offset of a peak from its sample, and its full width at half height."""
    offset = 0.0
    if 0 < at < line.size - 1:
        before, here, after = line[at - 1 : at + 2]
        curvature = before - 2 * here + after
        if np.isfinite(curvature) and curvature < 0:
            offset = float((before - after) / (2 * curvature))
    half = (line[at] + np.nanmedian(line)) / 2
    return offset, _reach(line[at:], half) + _reach(line[at::-1], half)


def _reach(line: Array, half: float) -> float:
    """Return how far a line stays above a height, from its first sample; NaN if to its end."""
    below = np.flatnonzero(~(line > half))
    if below.size == 0 or below[0] == 0 or not np.isfinite(line[below[0]]):
        return np.nan
    last = int(below[0]) - 1
    return float(last + (line[last] - half) / (line[last] - line[last + 1]))


def _position(image: Image, dim: str, index: float) -> float:
    if dim not in image.coords or not np.isfinite(index):
        return index
    positions = np.asarray(image.coords[dim].values, dtype=float)
    return float(np.interp(index, np.arange(positions.size), positions))


def _sampled(coordinate: xr.Variable, where: dict[Any, float]) -> float:
    from scipy import ndimage

    if coordinate.ndim == 0:
        return float(coordinate.values)
    index = [[where[dim]] for dim in coordinate.dims]
    values = np.asarray(coordinate.values, dtype=float)
    return float(ndimage.map_coordinates(values, index, order=1, mode="nearest")[0])
