"""Maxima of arrays."""

from __future__ import annotations

import math

import numpy as np

from graticule.core.typing import Array


def maxima(values: Array, connectivity: int, *, lowest: bool = False) -> Array:
    """Return where an array is higher than all around it (or lower), plateaus included.

    NaN is no maximum and stands in no one's way; an array of one value has no maximum.

    Examples
    --------
    >>> maxima(np.array([1, 3, 3, 2, 5]), 1)
    array([False,  True,  True, False,  True])
    """
    if values.dtype.kind == "f":
        heights: Array = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
        heights = np.negative(heights) if lowest else heights
        missing = np.isnan(heights)
        heights[missing] = -np.inf
        return _highest(heights, connectivity) & ~missing
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    return _highest(~values if lowest else values, connectivity)


def _highest(values: Array, connectivity: int) -> Array:
    """Return the maxima of an array without NaN."""
    from graticule.ops._reconstruction import layout, padded
    from graticule.ops.segment._extrema_kernels import BELOW, HIGHEST, OPEN, OUTSIDE, mark_maxima

    lowest = values.min() if values.size else 0
    if not values.size or lowest == values.max():
        return np.zeros(values.shape, np.bool_)
    heights = padded(values)
    inner = (slice(1, -1),) * values.ndim
    states = np.full(heights.shape, OUTSIDE, np.uint8)
    # what is lowest of all has something higher beside it, and is often most of an image
    states[inner] = np.where(values == lowest, np.uint8(BELOW), np.uint8(OPEN))
    starts, before = layout(heights.shape, connectivity)
    around = np.concatenate((before, -before))
    mark_maxima(heights.reshape(-1), states.reshape(-1), starts, values.shape[-1], around)
    return np.asarray(states[inner] == HIGHEST)


def high_maxima(values: Array, height: float, connectivity: int) -> Array:
    """Return the tops that stand at least ``height`` above the way to a higher place.

    Examples
    --------
    >>> high_maxima(np.array([1, 3, 2, 9, 5, 6]), 2, 1)
    array([False, False, False,  True, False, False])
    """
    if height == 0:
        return maxima(values, connectivity)
    limit, lowered, grown = _lowered(values, height, connectivity)
    return np.asarray((grown == lowered) & np.isfinite(limit) & (lowered < limit))


def high_regions(values: Array, height: float, connectivity: int) -> Array:
    """Return the surroundings of tops, down by ``height``; tops with no lower way are in one.

    Examples
    --------
    >>> high_regions(np.array([1, 9, 8, 9, 5, 6]), 2, 1)
    array([False,  True,  True,  True, False, False])
    """
    if height == 0:
        return maxima(values, connectivity)
    return maxima(_lowered(values, height, connectivity)[2], connectivity)


def _lowered(values: Array, height: float, connectivity: int) -> tuple[Array, Array, Array]:
    """Return floats, these less a height, and the latter grown back under the former.

    Only tops without a higher neighbour stay lowered by all of the height.
    """
    from graticule.ops._reconstruction import reconstructed

    wide = values.dtype.itemsize > (4 if values.dtype.kind == "f" else 2)
    limit: Array = values.astype(np.float64 if wide else np.float32)
    if values.dtype.kind != "f":
        height = math.ceil(height)
    lowered: Array = np.subtract(limit, height, dtype=limit.dtype)
    return limit, lowered, reconstructed(lowered, limit, connectivity)


def spaced(
    parts: Array,
    count: int,
    heights: Array,
    steps: list[float],
    distance: float,
    within: Array | None = None,
) -> Array:
    """Return by part whether no higher one is closer than ``distance``; of equals the first.

    A part's place is its highest sample; the highest part is taken first, and what is close to
    one that was taken is left out, if it is in the same object of the labels ``within``. Index 0 is
    background.
    """
    from scipy.spatial import cKDTree

    kept = np.ones(count + 1, np.bool_)
    kept[0] = False
    where = np.flatnonzero(parts)
    order = np.lexsort((-heights.reshape(-1)[where].astype(np.float64), parts.reshape(-1)[where]))
    _, first = np.unique(parts.reshape(-1)[where[order]], return_index=True)
    places = where[order[first]]
    groups = np.zeros(count, np.int64) if within is None else within.reshape(-1)[places]
    points = np.stack(np.unravel_index(places, parts.shape), axis=1) * np.asarray(steps)
    tree = cKDTree(points)
    for number in np.argsort(-heights.reshape(-1)[places].astype(np.float64), kind="stable"):
        if kept[number + 1]:
            close = np.asarray(tree.query_ball_point(points[number], np.nextafter(distance, 0)))
            kept[close[groups[close] == groups[number]] + 1] = False
            kept[number + 1] = True
    return kept
