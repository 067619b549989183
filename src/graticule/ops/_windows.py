"""Windows as offsets in a padded array laid out flat, whatever the number of its axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from graticule.core import Image, map_ranges, with_values
from graticule.core.typing import Array
from graticule.ops._spatial import apply_spatially


def over_blocks(image: Image, values: Array, filtered: Callable[[Array], Array]) -> Array:
    """Filter values along the filtered dims of an image, for every index along the others."""
    return np.asarray(apply_spatially(filtered, with_values(image, values)).values)


def strides_of(shape: Sequence[int]) -> Array:
    """Return how many samples lie between neighbours along each axis."""
    return np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))], np.int64)


def line_starts(padded: Sequence[int], shape: Sequence[int]) -> Array:
    """Return the flat places of the first sample of each line inside equal margins.

    Examples
    --------
    >>> line_starts((4, 5), (2, 3))
    array([ 6, 11])
    """
    starts = np.zeros(1, np.int64)
    for axis, stride in enumerate(strides_of(padded)):
        size = shape[axis] if axis < len(shape) - 1 else 1
        steps = (np.arange(size) + (padded[axis] - shape[axis]) // 2) * stride
        starts = (starts[:, None] + steps).ravel()
    return starts


def footprint_offsets(footprint: Array, padded: Sequence[int]) -> Array:
    """Return the flat offsets of the samples of a footprint from its middle."""
    around = np.argwhere(footprint) - np.array(footprint.shape, np.int64) // 2
    return np.asarray(around @ strides_of(padded))


def pad(values: Array, reach: Sequence[int], mode: Any = "symmetric", **kwargs: Any) -> Array:
    """Return the values padded, mirrored by default."""
    return np.pad(values, [(r, r) for r in reach], mode=mode, **kwargs)


def over_windows(
    kernel: Callable[..., None],
    padded: Array,
    footprint: Array,
    *weights: Any,
    dtype: DTypeLike = np.float32,
    work: int = 1024,
) -> Array:
    """Return what a compiled kernel puts at each sample, line by line on all processors.

    ``kernel(padded, out, first, last, starts, offsets, *weights)`` fills lines of ``out``. The
    margins of ``padded`` are as wide as the footprint; ``work`` samples are worth a part.
    """
    shape = tuple(n - m // 2 * 2 for n, m in zip(padded.shape, footprint.shape, strict=True))
    starts, offsets = line_starts(padded.shape, shape), footprint_offsets(footprint, padded.shape)
    out = np.empty((starts.size, shape[-1]), dtype)
    flat = padded.reshape(-1)
    map_ranges(
        lambda a, b: kernel(flat, out, a, b, starts, offsets, *weights),
        starts.size,
        least=max(1, work // shape[-1]),
    )
    return out.reshape(shape)


def inverted(values: Array) -> Array:
    """Return values in the reverse order, exactly: a minimum is a maximum of these."""
    return -values if values.dtype.kind == "f" else ~values
