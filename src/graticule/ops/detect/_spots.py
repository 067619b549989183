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


def working(values: Array) -> Array:
    """Return the values in a dtype that holds them all and that the compiled windows know."""
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        return np.ascontiguousarray(values)
    wide = values.dtype.itemsize > 2 and values.dtype != np.float32
    return np.ascontiguousarray(values, np.float64 if wide else np.float32)


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


def ridges(values: Array, half: int) -> tuple[Array, Array]:
    """Return the smallest and largest median of straight lines through each sample.

    Along the axes and their diagonals: four directions in a plane, thirteen in a volume.
    """
    from graticule.ops.detect._spots_kernels import ridge_levels

    long = [size > 1 for size in values.shape[1:]]
    steps = [(-1, 0, 1) if each else (0,) for each in long]
    directions = np.array([d for d in itertools.product(*steps) if d > (0, 0, 0)] or [(0, 0, 0)])
    wide = np.pad(values, [(0, 0), *[(half * each, half * each) for each in long]], mode="edge")
    low, high = np.empty_like(values), np.empty_like(values)
    rows = int(np.prod(values.shape[:3]))
    map_ranges(lambda a, b: ridge_levels(wide, half, directions, low, high, a, b), rows, least=8)
    return low, high


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


def binomial_mean(values: Array) -> Array:
    """Return the mean of each sample and its neighbours with the weights 1 2 1 along each axis.

    What is not finite has no say; outside, the nearest sample is repeated.
    """
    out = np.where(np.isfinite(values), values, 0)
    for axis in (1, 2, 3):
        if out.shape[axis] > 1:
            quarter = 0.25 * out
            out *= 0.5
            for here, there in _neighbours(axis):
                out[here] += quarter[there]
    return np.asarray(out)


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
            for here, there in _neighbours(axis)[:2]:
                np.fmax(out[here], before[there], out=out[here])
    return out


def _neighbours(axis: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return where samples are, and their neighbours along an axis; the ends are their own."""
    first, last = slice(None, 1), slice(-1, None)
    pairs = [(slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))]
    pairs += [(first, first), (last, last)]
    rest = (slice(None),) * axis
    return [((*rest, here), (*rest, there)) for here, there in pairs]
