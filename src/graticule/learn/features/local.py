"""Features that are no filter of Gaussians: shifted values, local statistics, positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graticule.core import Length, step_of
from graticule.core.image import SPATIAL, level_of
from graticule.core.typing import Array
from graticule.learn.features.box import Box
from graticule.learn.features.feature import Feature
from graticule.ops.filters._rank import MEDIAN, rank_filter


def shifted(box: Box, features: Sequence[Feature], out: Sequence[Array]) -> None:
    """Put the values of one channel that lie at shifts from each sample."""
    shifts = [[int(k) for k in feature.part] for feature in features]
    reach = np.abs(shifts).max(axis=0).tolist()
    places = [box.index(n, r, box.own[n], box.read[n][0]) for n, r in enumerate(reach)]
    wide = box.channel(features[0].channel)[np.ix_(*places)]
    for shift, into in zip(shifts, out, strict=True):
        axes = zip(shift, reach, box.shape, strict=True)
        into[...] = wide[tuple(slice(r + k, r + k + n) for k, r, n in axes)]


def statistics(box: Box, features: Sequence[Feature], out: Sequence[Array]) -> None:
    """Put statistics of one window of one channel; samples outside are the nearest inside."""
    radius, channel = features[0].scale, box.channel(features[0].channel)
    assert radius is not None
    reach = [int(radius.samples(box.image, dim)) for dim in box.dims]
    missing = _reaches_nan(channel, reach)
    wanted = [str(feature.part[0]) for feature in features]
    if "median" in wanted or "deviation" in wanted:
        median = _median(box, channel, radius)
    for what, into in zip(wanted, out, strict=True):
        if what in ("median", "deviation"):
            found = median if what == "median" else np.abs(channel - median)
        else:
            found = _std(channel, reach) if what == "std" else _min_or_max(channel, reach, what)
        into[...] = found[box.inner]
        if missing is not None:
            into[missing[box.inner]] = np.nan


def _median(box: Box, channel: Array, radius: Length) -> Array:
    spans = {dim: slice(*span) for dim, span in zip(box.dims, box.read, strict=True)}
    part = box.image.isel(spans).copy(data=channel)
    for dim in box.dims:  # one sample alone does not tell the spacing
        step, unit = step_of(box.image, dim)
        if unit:
            attrs = {**part.coords[dim].attrs, "step": step}
            part = part.assign_coords({dim: (dim, part.coords[dim].values, attrs)})
    return rank_filter(part, radius, "box", MEDIAN)


def _min_or_max(channel: Array, reach: Sequence[int], what: str) -> Array:
    from scipy import ndimage

    size = [2 * r + 1 for r in reach]
    run, worst = (
        (ndimage.minimum_filter, np.inf) if what == "min" else (ndimage.maximum_filter, -np.inf)
    )
    # A NaN would be in the running extreme of windows that it is not in.
    known = np.where(np.isnan(channel), np.float32(worst), channel)
    found: Array = run(known, size=size, mode="nearest")
    return found


def _std(channel: Array, reach: Sequence[int]) -> Array:
    """Return the standard deviation of windows, its sums in double precision and fixed order."""
    count = float(np.prod([2 * r + 1 for r in reach]))
    values = channel.astype(np.float64)
    mean = _window_sum(values, reach) / count
    square = _window_sum(values * values, reach) / count
    return np.sqrt(np.maximum(square - mean * mean, 0)).astype(np.float32)


def _window_sum(values: Array, reach: Sequence[int]) -> Array:
    for axis, r in enumerate(reach):
        size = values.shape[axis]
        wide = np.pad(values, [(r, r) if n == axis else (0, 0) for n in range(values.ndim)], "edge")
        total = np.zeros_like(values)
        for k in range(2 * r + 1):
            total += wide[(slice(None),) * axis + (slice(k, k + size),)]
        values = total
    return values


def _reaches_nan(channel: Array, reach: Sequence[int]) -> Array | None:
    missing = np.isnan(channel)
    if not missing.any():
        return None
    from scipy import ndimage

    found: Array = ndimage.maximum_filter(missing, size=[2 * r + 1 for r in reach], mode="nearest")
    return found


def position(box: Box, feature: Feature, weight: float, out: Array) -> None:
    """Put the coordinate along a dim, or the number of the sample where there is none."""
    axis = box.dims.index(str(feature.part[0]))
    dim, span = box.dims[axis], slice(*box.own[axis])
    coordinate = box.image.coords.get(dim)
    if coordinate is not None and coordinate.dtype.kind in "iuf":
        places = coordinate.values[span].astype(np.float64)
    else:
        scale = 2.0 ** level_of(box.image) if dim in SPATIAL else 1.0
        places = np.arange(span.start, span.stop) * scale
    shape = [1] * len(box.dims)
    shape[axis] = -1
    out[...] = (weight * places).astype(np.float32).reshape(shape)
