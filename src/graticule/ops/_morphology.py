"""Erosion and dilation by a footprint, which all of morphology is made of.

Samples outside the image, and NaN, have no say: they never decide a minimum or a maximum. So a
tile with a halo gives the values of the whole, at the image's border too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
import xarray as xr
from pydantic import Field

from graticule.core import Length, filtered_dims, like

Array: TypeAlias = np.ndarray[Any, Any]
Shape = Annotated[Literal["ball", "box", "diamond"], Field(title="Shape of the footprint")]
Radius = Annotated[Length, Field(title="Radius", ge=0)]

_CV2 = ("uint8", "uint16", "int16", "float32", "float64")


def reach(image: xr.DataArray, radius: Length, *, times: int = 1) -> dict[str, int]:
    """Return how many whole samples a radius covers, by filtered dim, ``times`` over."""
    return {dim: times * math.floor(radius.samples(image, dim)) for dim in filtered_dims(image)}


def halo_once(image: xr.DataArray, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of one erosion or dilation."""
    return reach(image, params["radius"])


def halo_twice(image: xr.DataArray, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of an erosion and a dilation, one after the other."""
    return reach(image, params["radius"], times=2)


def footprint(image: xr.DataArray, radius: Length, shape: str) -> Array:
    """Return the footprint as bools, with an axis for each filtered dim.

    Examples
    --------
    >>> footprint(xr.DataArray(np.zeros((9, 9)), dims=("y", "x")), Length(1), "ball").astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    radii = [radius.samples(image, dim) for dim in filtered_dims(image)]
    spans = [np.arange(-math.floor(r), math.floor(r) + 1) for r in radii]
    grids = np.meshgrid(*spans, indexing="ij")
    parts = [np.abs(grid) / max(r, 1.0) for grid, r in zip(grids, radii, strict=True)]
    slack = 1 + 1e-9
    if shape == "box":
        return np.ones(parts[0].shape, bool)
    if shape == "diamond":
        return np.asarray(sum(parts) <= slack)
    return np.asarray(sum(part**2 for part in parts) <= slack)


def eroded(image: xr.DataArray, values: Array, radius: Length, shape: str) -> Array:
    """Return the minimum of ``values`` under the footprint, for the dims of ``image``."""
    return _extremum(image, values, radius, shape, lowest=True)


def dilated(image: xr.DataArray, values: Array, radius: Length, shape: str) -> Array:
    """Return the maximum of ``values`` under the footprint, for the dims of ``image``."""
    return _extremum(image, values, radius, shape, lowest=False)


def with_values(image: xr.DataArray, values: Array) -> xr.DataArray:
    """Return the image with other values in the same unit."""
    return like(image, values, **{k: v for k, v in image.attrs.items() if k == "units"})


def _extremum(
    image: xr.DataArray, values: Array, radius: Length, shape: str, *, lowest: bool
) -> Array:
    if values.dtype == np.bool_:
        bits = _extremum(image, values.view(np.uint8), radius, shape, lowest=lowest)
        return bits.view(np.bool_)
    if values.dtype == np.float16:
        wide = _extremum(image, values.astype(np.float32), radius, shape, lowest=lowest)
        return wide.astype(np.float16)
    axes = [image.get_axis_num(dim) for dim in filtered_dims(image)]
    under = footprint(image, radius, shape)
    missing = np.isnan(values) if values.dtype.kind == "f" else None
    if missing is None or not missing.any():
        return _over_axes(values, axes, under, lowest=lowest)
    neutral = np.inf if lowest else -np.inf
    result = _over_axes(np.where(missing, neutral, values), axes, under, lowest=lowest)
    known = _over_axes((~missing).view(np.uint8), axes, under, lowest=False)
    result[known == 0] = np.nan
    return result


def _over_axes(values: Array, axes: list[int], under: Array, *, lowest: bool) -> Array:
    """Apply a footprint along some axes, for every index along the others."""
    if under.size == 1:
        return values.copy()
    order = [axis for axis in range(values.ndim) if axis not in axes] + axes
    moved = np.ascontiguousarray(values.transpose(order))
    flat = moved.reshape(-1, *moved.shape[moved.ndim - len(axes) :])
    out = np.empty_like(flat)
    kernel = under.reshape(1, -1) if len(axes) == 1 else under
    fast = values.dtype.name in _CV2 and len(axes) <= 2
    for index, plane in enumerate(flat):
        sheet = plane.reshape(1, -1) if len(axes) == 1 else plane
        found = (_by_cv2 if fast else _by_shifts)(sheet, kernel, lowest=lowest)
        out[index] = found.reshape(plane.shape)
    return np.ascontiguousarray(out.reshape(moved.shape).transpose(np.argsort(order)))


def _by_cv2(plane: Array, under: Array, *, lowest: bool) -> Array:
    import cv2

    run = cv2.erode if lowest else cv2.dilate
    if plane.dtype.kind != "f":
        return np.asarray(run(plane, under.view(np.uint8)))
    # The default border is the largest finite number, which would cut infinite values down.
    border = (math.inf if lowest else -math.inf,) * 4
    return np.asarray(
        run(plane, under.view(np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=border)
    )


def _by_shifts(block: Array, under: Array, *, lowest: bool) -> Array:
    """Compare the block with itself moved by each offset: exact for any dtype."""
    pick = np.minimum if lowest else np.maximum
    out = block.copy()
    for offset in np.argwhere(under) - np.array(under.shape) // 2:
        if (np.abs(offset) >= block.shape).any():
            continue
        here = tuple(
            slice(max(0, -o), min(n, n - o)) for o, n in zip(offset, block.shape, strict=True)
        )
        there = tuple(
            slice(max(0, o), min(n, n + o)) for o, n in zip(offset, block.shape, strict=True)
        )
        pick(out[here], block[there], out=out[here])
    return out
