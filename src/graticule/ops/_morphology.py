"""Erosion and dilation by a footprint, which all of morphology is made of.

Samples outside the image, and NaN, have no say: they never decide a minimum or a maximum. So a
tile with a halo gives the values of the whole, at the image's border too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core import Image, Length, filtered_dims, map_ranges
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops._windows import footprint_offsets, inverted, line_starts, over_blocks, pad

_LARGEST = 2**26
_CV2 = ("uint8", "uint16", "int16", "float32", "float64")

_FOOTPRINT = """\
The footprint :math:`B` is a ball (an ellipsoid of samples where the spacing differs by axis), a
box or a diamond of the given radius. """
_PARAMETERS = f"""\
radius : Length
    Reach of the footprint from its middle, in pixels or as a length; below one pixel
    nothing changes.
{DOC["shape"]}
"""
_SERRA = f"""\
References
----------
Serra, J., *Image Analysis and Mathematical Morphology*, Academic Press, 1982.

{DOC["examples"]}"""

GREY_DOC = DOC | {
    "page": f"""\
{_FOOTPRINT}NaN and samples outside the image have no say; a sample
with no other value in reach is NaN.

Parameters
----------
{DOC["image"]}
{_PARAMETERS}
{DOC["same_raises"]}""",
    "serra": _SERRA,
}
"""What the docstrings of erosion, dilation, opening and closing of images say."""
BINARY_DOC = DOC | {
    "page": f"""\
{_FOOTPRINT}Samples outside the image have no say.

Parameters
----------
{DOC["mask"]}
{_PARAMETERS}
{DOC["same_mask"]}

{DOC["raises_length"]}""",
    "serra": _SERRA,
}
"""The same of masks."""


def reach(image: Image, radius: Length, *, times: int = 1) -> dict[str, int]:
    """Return how many whole samples a radius covers, by filtered dim, ``times`` over."""
    return {dim: times * math.floor(radius.samples(image, dim)) for dim in filtered_dims(image)}


def halo_once(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of one erosion or dilation."""
    return reach(image, params["radius"])


def halo_twice(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the halo of an erosion and a dilation, one after the other."""
    return reach(image, params["radius"], times=2)


def footprint_of(image: Image, radius: Length, shape: str) -> Array:
    """Return the footprint as bools, with an axis for each filtered dim; refuse one too large.

    Examples
    --------
    >>> import xarray as xr
    >>> footprint_of(xr.DataArray(np.zeros((9, 9)), dims=("y", "x")), Length(1), "ball").astype(int)
    array([[0, 1, 0],
           [1, 1, 1],
           [0, 1, 0]])
    """
    radii = [radius.samples(image, dim) for dim in filtered_dims(image)]
    sizes = [2 * math.floor(r) + 1 for r in radii]
    if math.prod(sizes) > _LARGEST:
        raise ParameterError(
            f"a window of {' x '.join(map(str, sizes))} samples is too large: at most "
            f"{_LARGEST:,} make sense",
            hint="take a smaller radius, or a coarser image",
        )
    spans = [np.arange(size) - size // 2 for size in sizes]
    grids = np.meshgrid(*spans, indexing="ij", sparse=True)
    parts = [np.abs(grid) / max(r, 1.0) for grid, r in zip(grids, radii, strict=True)]
    slack = 1 + 1e-9
    if shape == "box":
        return np.ones(sizes, bool)
    if shape == "diamond":
        return np.asarray(sum(parts) <= slack)
    return np.asarray(sum(part**2 for part in parts) <= slack)


def eroded(image: Image, values: Array, radius: Length, shape: str) -> Array:
    """Return the minimum of ``values`` under the footprint, for the dims of ``image``."""
    return _extremum(image, values, radius, shape, lowest=True)


def dilated(image: Image, values: Array, radius: Length, shape: str) -> Array:
    """Return the maximum of ``values`` under the footprint, for the dims of ``image``."""
    return _extremum(image, values, radius, shape, lowest=False)


def opening_of(image: Image, values: Array, radius: Length, shape: str) -> Array:
    """Return the values eroded and then dilated."""
    return dilated(image, eroded(image, values, radius, shape), radius, shape)


def closing_of(image: Image, values: Array, radius: Length, shape: str) -> Array:
    """Return the values dilated and then eroded."""
    return eroded(image, dilated(image, values, radius, shape), radius, shape)


def _extremum(image: Image, values: Array, radius: Length, shape: str, *, lowest: bool) -> Array:
    if values.dtype == np.bool_:
        bits = _extremum(image, values.view(np.uint8), radius, shape, lowest=lowest)
        return bits.view(np.bool_)
    if values.dtype == np.float16:
        wide = _extremum(image, values.astype(np.float32), radius, shape, lowest=lowest)
        return wide.astype(np.float16)
    footprint = footprint_of(image, radius, shape)
    missing = np.isnan(values) if values.dtype.kind == "f" else None
    if missing is None or not missing.any():
        return _over_blocks(image, values, footprint, lowest=lowest)
    neutral = np.inf if lowest else -np.inf
    result = _over_blocks(image, np.where(missing, neutral, values), footprint, lowest=lowest)
    known = _over_blocks(image, (~missing).view(np.uint8), footprint, lowest=False)
    result[known == 0] = np.nan
    return result


def _over_blocks(image: Image, values: Array, footprint: Array, *, lowest: bool) -> Array:
    """Apply a footprint along the filtered dims, for every index along the others."""
    if footprint.size == 1:
        return values.copy()
    fast = values.dtype.name in _CV2 and footprint.ndim <= 2
    kernel = footprint.reshape(1, -1) if footprint.ndim == 1 else footprint

    def extremum(block: Array) -> Array:
        sheet = block.reshape(1, -1) if block.ndim == 1 else block
        return (_by_cv2 if fast else _by_rows)(sheet, kernel, lowest=lowest).reshape(block.shape)

    return over_blocks(image, values, extremum)


def _by_cv2(plane: Array, footprint: Array, *, lowest: bool) -> Array:
    import cv2

    run = cv2.erode if lowest else cv2.dilate
    if plane.dtype.kind != "f":
        return np.asarray(run(plane, footprint.view(np.uint8)))
    # The default border is the largest finite number, which would cut infinite values down.
    border = (math.inf if lowest else -math.inf,) * 4
    return np.asarray(
        run(plane, footprint.view(np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=border)
    )


def _by_rows(block: Array, footprint: Array, *, lowest: bool) -> Array:
    """Compare runs along the last axis, one for each row of the footprint: exact for any dtype.

    Rows of one length share their runs, and a box is made of runs along each axis.
    """
    from graticule.ops._windows_kernels import raise_to_highest

    floats = block.dtype.kind == "f"
    neutral = -np.inf if floats else np.iinfo(block.dtype).min
    margin = [size // 2 for size in footprint.shape]
    padded = pad(inverted(block) if lowest else block, margin, "constant", constant_values=neutral)
    if footprint.all():
        for axis, size in enumerate(footprint.shape):
            padded = _highest_of_runs(padded, size, axis)
        return inverted(padded) if lowest else padded
    out = np.full((block.size // block.shape[-1], block.shape[-1]), neutral, block.dtype)
    starts = line_starts(padded.shape, block.shape)
    lengths = np.count_nonzero(footprint, axis=-1)
    for length in np.unique(lengths[lengths > 0]):
        runs = np.full_like(padded, neutral)
        runs[..., : padded.shape[-1] - length + 1] = _highest_of_runs(padded, length, -1)
        rows = np.zeros_like(footprint)
        rows[..., margin[-1]] = lengths == length
        offsets = footprint_offsets(rows, padded.shape) - length // 2
        _raise(raise_to_highest, runs.reshape(-1), out, starts, offsets)
    highest = out.reshape(block.shape)
    return inverted(highest) if lowest else highest


def _raise(kernel: Any, runs: Array, out: Array, starts: Array, offsets: Array) -> None:
    map_ranges(
        lambda a, b: kernel(runs, out, a, b, starts, offsets),
        starts.size,
        least=max(1, 16_384 // out.shape[1]),
    )


def _highest_of_runs(values: Array, size: int, axis: int) -> Array:
    """Return the maxima of runs of ``size`` samples along an axis, by doubling their length."""
    values = np.moveaxis(values, axis, 0)
    count, length = len(values) - size + 1, 1
    while 2 * length <= size:
        values = np.maximum(values[:-length], values[length:])
        length *= 2
    rest = size - length
    return np.moveaxis(np.maximum(values[:count], values[rest : rest + count]), 0, axis)
