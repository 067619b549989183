"""Sums over labels that merge exactly across tiles: what every region property is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import Place
from graticule.core.errors import ImageError

Array: TypeAlias = np.ndarray[Any, Any]
Pieces: TypeAlias = Mapping[int, xr.DataArray]


@dataclass(frozen=True)
class Sums:
    """Sums over the labels of a part of an image.

    Attributes
    ----------
    labels : ndarray
        The labels found, sorted.
    positions, ends : ndarray
        As `graticule.ops.measure._kernels.sum_positions` gives them, in samples of the whole.
    values : ndarray or None
        As `graticule.ops.measure._kernels.sum_values` gives them, if there was an image.
    axes : mapping
        Pieces of each dim's coordinate, by the index of their first sample; none where the dim
        has no coordinate. Kept, so that positions follow from the whole coordinate and not from
        one made up of tiles.
    unit : str
        Unit of the values.
    """

    labels: Array
    positions: Array
    ends: Array
    values: Array | None
    axes: Mapping[str, Pieces]
    unit: str = ""

    def merged(self, other: Sums) -> Sums:
        """Return the sums over both parts."""
        labels, where = np.unique(np.append(self.labels, other.labels), return_inverse=True)
        one, two = where[: len(self.labels)], where[len(self.labels) :]
        positions = np.zeros((len(labels), 10), np.int64)
        positions[one] += self.positions
        positions[two] += other.positions
        ends = np.empty((len(labels), 6), np.int64)
        ends[:, 0::2], ends[:, 1::2] = np.iinfo(np.int64).max, -1
        for rows, part in ((one, self.ends), (two, other.ends)):
            ends[rows, 0::2] = np.minimum(ends[rows, 0::2], part[:, 0::2])
            ends[rows, 1::2] = np.maximum(ends[rows, 1::2], part[:, 1::2])
        values = None
        if self.values is not None and other.values is not None:
            values = _merged_values(len(labels), (one, self.values), (two, other.values))
        axes = {dim: {**self.axes[dim], **other.axes[dim]} for dim in self.axes}
        return Sums(labels, positions, ends, values, axes, self.unit)

    def axis(self, dim: str) -> xr.DataArray | None:
        """Return the whole coordinate of a dim; None where it has none."""
        pieces = self.axes[dim]
        if not pieces:
            return None
        ordered = [pieces[first] for first in sorted(pieces)]
        values = np.concatenate([piece.values for piece in ordered])
        return xr.DataArray(values, dims=dim, attrs=ordered[0].attrs)


def _merged_values(size: int, *parts: tuple[Array, Array]) -> Array:
    """Merge numbers, means, squared deviations and extrema (Chan, Golub and LeVeque, 1983)."""
    empty = np.array([0, 0, 0, np.inf, -np.inf])
    spread = []
    for rows, part in parts:
        full = np.tile(empty, (size, 1))
        full[rows] = part
        spread.append(full)
    one, two = spread
    number = one[:, 0] + two[:, 0]
    share = np.divide(two[:, 0], number, out=np.zeros(size), where=number > 0)
    both = (one[:, 0] > 0) & (two[:, 0] > 0)
    gap = np.subtract(two[:, 1], one[:, 1], out=np.zeros(size), where=both)
    mean = np.where(one[:, 0] > 0, one[:, 1] + share * gap, two[:, 1])
    squares = one[:, 2] + two[:, 2] + gap**2 * one[:, 0] * share
    low, high = np.minimum(one[:, 3], two[:, 3]), np.maximum(one[:, 4], two[:, 4])
    return np.stack([number, mean, squares, low, high], axis=1)


def sums_of(labels: xr.DataArray, image: xr.DataArray | None, *, place: Place) -> Sums:
    """Return the sums over the labels of a block."""
    from graticule.ops.measure._kernels import sum_positions, sum_values

    _require_measurable(labels, image)
    values = np.ascontiguousarray(labels.values)
    found, ranked = _ranked(values)
    dims = [str(dim) for dim in labels.dims]
    offset = np.array([0] * (3 - len(dims)) + [place.offset[dim] for dim in dims], np.int64)
    solid = ranked.reshape((1,) * (3 - values.ndim) + values.shape)
    positions, ends = sum_positions(solid, offset, len(found))
    grey = None
    if image is not None:
        grey = sum_values(ranked.ravel(), np.ascontiguousarray(image.values).ravel(), len(found))
    axes = {dim: _piece(labels, dim, place.offset[dim]) for dim in dims}
    unit = "" if image is None else str(image.attrs.get("units", ""))
    return Sums(found, positions, ends, grey, axes, unit)


def _ranked(values: Array) -> tuple[Array, Array]:
    """Return the labels found, sorted, and the array with each label's rank from 1 in its place."""
    most = int(values.max(initial=0))
    if most <= 4 * values.size + 65536:
        present = np.bincount(values.ravel().astype(np.int64), minlength=1) > 0
        present[0] = False
        found = np.flatnonzero(present)
        rank = np.zeros(len(present), np.int64)
        rank[found] = np.arange(1, len(found) + 1)
        return found, rank[values]
    found, inverse = np.unique(values, return_inverse=True)
    background = int(found[0] == 0)
    return found[background:].astype(np.int64), inverse.reshape(values.shape) + 1 - background


def _require_measurable(labels: xr.DataArray, image: xr.DataArray | None) -> None:
    spatial = [dim for dim in labels.dims if dim in ("z", "y", "x")]
    others = [str(dim) for dim in labels.dims if dim not in spatial]
    if (spatial and others) or labels.ndim > 3:
        raise ImageError(
            f"objects are measured in up to three dims, all of them z, y or x, or none of them; "
            f"the labels have {', '.join(map(str, labels.dims))}",
            hint=f"select along {', '.join(others) or 'a dim'} first",
        )
    if image is not None and image.dims != labels.dims:
        raise ImageError(
            f"the image must have the dims of the labels, {', '.join(map(str, labels.dims))}, "
            f"not {', '.join(map(str, image.dims))}",
            hint="select one channel first",
        )
    if labels.dtype == np.uint64 and int(labels.values.max()) > np.iinfo(np.int64).max:
        raise ImageError("a label must be below 2**63")


def _piece(labels: xr.DataArray, dim: str, first: int) -> Pieces:
    if dim not in labels.coords or labels.coords[dim].dtype.kind not in "iuf":
        return {}
    coordinate = labels.coords[dim]
    return {first: xr.DataArray(coordinate.values, dims=dim, attrs=coordinate.attrs)}
