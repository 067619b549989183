"""The parts of the search for outlier spots: level, noise, what stands out, replacement."""

from __future__ import annotations

import itertools

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array

TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""
STEPS = 2
"""Steps of a reconstruction: how far the level is carried along what is bright."""
BEYOND = 1
"""How much longer than the radius of the window the lines are that tell ridges from spots."""
SLACK = 1.0
"""How far the largest of some medians lies above the level, in noise, where there is no ridge."""

BINOMIAL_POWER = 3 / 8
"""Variance of the mean of three samples with the weights 1 2 1, of that of one."""


def working(values: Array) -> Array:
    """Return the values in a dtype that holds them all and that the compiled windows know."""
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        return np.ascontiguousarray(values)
    wide = values.dtype.itemsize > 2 and values.dtype != np.float32
    return np.ascontiguousarray(values, np.float64 if wide else np.float32)


def cut_level(values: Array, level: Array, reach: tuple[int, int, int]) -> Array:
    """Return the level, at the border of what is in the image: a spot there is no more of it."""
    from graticule.ops.detect._spots_kernels import medians_of_cut_windows

    return np.asarray(medians_of_cut_windows(values, level, reach))


def replaced(values: Array, mask: Array, level: Array, reach: tuple[int, int, int]) -> Array:
    """Return the values with masked ones replaced from their surroundings."""
    from graticule.ops.detect._spots_kernels import filled

    return np.asarray(filled(values, mask, level, reach)) if mask.any() else values


def local_noise(residual: Array, halves: tuple[int, int, int]) -> Array:
    """Return the local standard deviation, from medians of medians of sizes along each axis."""
    from graticule.ops.detect._spots_kernels import typical_sizes

    sizes = np.abs(residual)
    for axis, half in zip((3, 2, 1), reversed(halves), strict=True):
        if sizes.shape[axis] > 1:
            rows = np.ascontiguousarray(np.moveaxis(sizes, axis, -1))
            flat = rows.reshape(-1, rows.shape[-1])
            out = np.empty_like(flat)
            map_ranges(lambda a, b: typical_sizes(flat, half, out, a, b), len(flat), least=8)  # noqa: B023
            sizes = np.moveaxis(out.reshape(rows.shape), -1, axis)
    return np.asarray(TO_SIGMA * sizes)


def ridges(values: Array, level: Array, half: int) -> tuple[Array, Array]:
    """Return the level and what runs through it: lowest furrow and highest ridge at each sample.

    Of the straight lines along the axes and their diagonals: four in a plane, thirteen in a
    volume. What of a line lies outside the image has no say.
    """
    from graticule.ops.detect._spots_lines import extend_ridges, line_levels

    long = [size > 1 for size in values.shape[1:]]
    steps = [(-1, 0, 1) if each else (0,) for each in long]
    known, rows = not np.isnan(values).any(), int(np.prod(values.shape[:3]))
    least, most = level.copy(), level.copy()
    levels = np.empty((3, *values.shape), values.dtype)
    for direction in itertools.product(*steps):
        if direction > (0, 0, 0):
            step = np.array(direction)
            for kernel, args in (
                (line_levels, (values, half, step, known, levels)),
                (extend_ridges, (levels, level, step, least, most)),
            ):
                map_ranges(lambda a, b: kernel(*args, a, b), rows, least=8)  # noqa: B023
    return least, most


def stabilised(values: Array, gain: float, readout: float) -> Array:
    """Return the generalised Anscombe transform, continued below 0 by its tangent there."""
    floor = 0.375 * gain**2 + readout**2
    root = np.sqrt(gain * np.maximum(values, 0) + floor)
    return np.asarray(2 / gain * root + np.minimum(values, 0) / np.sqrt(floor))


def above_reconstruction(values: Array, level: Array) -> Array:
    """Return how far values rise above what grows from a level, in a few steps, below them.

    The tophat of an opening by reconstruction, with the level for a marker.
    """
    grown = np.minimum(level, values)
    for _ in range(STEPS):
        grown = np.minimum(_largest_around(grown), values)
    with np.errstate(invalid="ignore"):
        return np.asarray(values - grown)


def binomial_mean(values: Array, scale: Array) -> Array:
    """Return the mean of each sample and its neighbours with the weights 1 2 1 along each axis.

    What is not finite or outside has no say. The ``scale`` is that of `even_noise`.
    """
    means = _weighted(np.where(np.isfinite(values), values, 0), 0.5, 0.25)
    means *= scale
    return means


def even_noise(values: Array) -> Array:
    """Return what binomial means of such values are to be scaled by, so that all are as noisy.

    Where samples are missing or outside, less noise comes together.
    """
    known = np.isfinite(values)
    power = _weighted(known.astype(values.dtype), 0.5**2, 0.25**2)
    inside = BINOMIAL_POWER ** sum(size > 1 for size in values.shape[1:])
    with np.errstate(divide="ignore"):
        return np.where(known, np.sqrt(inside / power), 0)


def _weighted(values: Array, own: float, near: float) -> Array:
    """Return sums of each sample and its neighbours along each axis; the values are lost."""
    for axis in (1, 2, 3):
        if values.shape[axis] > 1:
            beside = near * values
            values *= own
            for here, there in _neighbours(axis):
                values[here] += beside[there]
    return values


def geodesic_dilation(seeds: Array, within: Array, steps: int) -> Array:
    """Return the seeds with what touches them, again and again, inside a mask."""
    mask = seeds
    for _ in range(steps if seeds.any() else 0):
        mask = _largest_around(mask) & within | mask
    return mask


def _largest_around(values: Array) -> Array:
    """Return the largest of a sample and its neighbours, corners included; NaN has no say."""
    out = values
    for axis in (1, 2, 3):
        if out.shape[axis] > 1:
            before, out = out, out.copy()
            for here, there in _neighbours(axis):
                np.fmax(out[here], before[there], out=out[here])
    return out


def _neighbours(axis: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return where samples are that have a neighbour along an axis, and where it is."""
    rest = (slice(None),) * axis
    back, ahead = (*rest, slice(1, None)), (*rest, slice(None, -1))
    return [(back, ahead), (ahead, back)]
