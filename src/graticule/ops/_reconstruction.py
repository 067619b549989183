"""Grey reconstruction of arrays, which tophats, extrema, holes and markers are made of."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from graticule.core.typing import Array
from graticule.ops._windows import inverted


def reconstructed(
    marker: Array,
    limit: Array,
    connectivity: int = 1,
    *,
    method: Literal["dilation", "erosion"] = "dilation",
) -> Array:
    """Return the marker grown under the limit (or shrunk above it) until nothing moves.

    The hybrid algorithm [1]_: a scan in raster order, one back, and queues for what is left.
    There is a queue for each level of value, the highest emptied first, so that hardly a place
    is raised twice.

    Both are of one shape, with any number of axes, and of one dtype: bools, integers or floats.
    The marker is first cut to the limit. Where the limit is NaN nothing passes, and the result
    is NaN; a NaN of the marker has no say.

    References
    ----------
    .. [1] Vincent, L., "Morphological grayscale reconstruction in image analysis: applications
       and efficient algorithms", IEEE Trans. Image Processing 2(2), 176-201, 1993.
       :doi:`10.1109/83.217222`

    Examples
    --------
    >>> reconstructed(np.array([0, 4, 0, 0, 0]), np.array([1, 5, 2, 0, 6]))
    array([1, 4, 2, 0, 0])
    """
    from graticule.ops._reconstruction_kernels import reconstruct

    if limit.dtype == np.bool_:
        bits = reconstructed(
            marker.view(np.uint8), limit.view(np.uint8), connectivity, method=method
        )
        return bits.view(np.bool_)
    if limit.dtype == np.float16:
        wide = reconstructed(marker.astype("f4"), limit.astype("f4"), connectivity, method=method)
        return wide.astype(np.float16)
    upwards = method == "dilation"
    grown, bound = padded(marker, upwards=upwards), padded(limit, upwards=upwards)
    np.minimum(grown, bound, out=grown)
    starts, before = layout(grown.shape, connectivity)
    low, scale = _levels(bound)
    reconstruct(grown.reshape(-1), bound.reshape(-1), starts, limit.shape[-1], before, low, scale)
    inner = grown[(slice(1, -1),) * grown.ndim]
    result = np.ascontiguousarray(inner if upwards else inverted(inner))
    if limit.dtype.kind == "f":
        result[np.isnan(limit)] = np.nan
    return result


def padded(values: Array, *, upwards: bool = True) -> Array:
    """Return a copy, inverted if need be, with the lowest value around it and in place of NaN."""
    floats = values.dtype.kind == "f"
    lowest = -np.inf if floats else np.iinfo(values.dtype).min
    out = np.full([size + 2 for size in values.shape], lowest, values.dtype)
    inner = out[(slice(1, -1),) * out.ndim]
    inner[...] = values if upwards else inverted(values)
    if floats:
        inner[np.isnan(inner)] = lowest
    return out


def _levels(limit: Array) -> tuple[float, float]:
    """Return the lowest finite value, and how many levels there are to a unit above it."""
    from graticule.ops._reconstruction_kernels import LEVELS

    inner = limit[(slice(1, -1),) * limit.ndim]
    known = inner[np.isfinite(inner)] if limit.dtype.kind == "f" else inner
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    half = max(high / 2 - low / 2, 1e-290)  # neither overflows nor is 0, so no level is NaN
    return low, LEVELS / half / 2


def layout(shape: tuple[int, ...], connectivity: int) -> tuple[Array, Array]:
    """Return where the inner lines begin, and the offsets of the neighbours before a sample."""
    strides = np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    lines = np.ones(1, np.int64)
    for size, stride in zip(shape[:-1], strides[:-1], strict=True):
        lines = (lines[:, None] + np.arange(1, size - 1) * stride).ravel()
    steps = [
        int(np.dot(step, strides))
        for step in itertools.product((-1, 0, 1), repeat=len(shape))
        if 0 < np.abs(step).sum() <= connectivity and step < (0,) * len(shape)
    ]
    return lines, np.array(steps, np.int64)
