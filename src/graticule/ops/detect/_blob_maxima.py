"""Maxima over place and scale, known between samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.ops.detect._scale_space import Octave

_STEP = 0.6
"""A maximum between samples is sought so far from the largest sample."""


def maxima_of(
    octave: Octave, own: Array, least: Callable[[int], float], signs: tuple[int, ...]
) -> Array:
    """Return the place, scale and strength of the maxima in an octave."""
    from graticule.ops.detect._scale_space_kernels import tops

    spans = [grid.own(*span) for grid, span in zip(octave.grids, own.tolist(), strict=True)]
    limits = np.array([least(octave.first + n) for n in range(len(octave.levels))], np.float32)
    bounds, ways = np.array(spans, np.int64), np.array(signs, np.float32)
    across = int(np.prod(np.maximum(bounds[:2, 1] - bounds[:2, 0], 0)))
    rows = (len(octave.levels) - 2) * across
    if rows <= 0:
        return np.zeros((0, 5))
    width = max(1, int(bounds[2, 1] - bounds[2, 0]))
    parts = map_ranges(
        lambda a, b: tops(octave.levels, limits, bounds, ways, a, b),
        rows,
        least=65_536 // width + 1,
    )
    at = np.concatenate(parts)
    offsets, strengths = _between_samples(octave.levels, at[:, :4], at[:, 4])
    places = [
        grid.places(at[:, axis] + offsets[:, axis]) for axis, grid in enumerate(octave.grids, 1)
    ]
    return np.column_stack([*places, octave.first + at[:, 0] + offsets[:, 0], strengths])


def _between_samples(levels: Array, at: Array, signs: Array) -> tuple[Array, Array]:
    """Return how far maxima are from their samples, and their height, by a parabola around each.

    Along an axis without a neighbour on both sides a maximum stays on its sample.
    """
    axes = [axis for axis in range(4) if levels.shape[axis] > 2]
    count, dims = len(at), len(axes)

    def value(*moves: tuple[int, int]) -> Array:
        place = at.copy()
        for axis, by in moves:
            place[:, axis] = np.clip(place[:, axis] + by, 0, levels.shape[axis] - 1)
        return np.asarray(signs * levels[tuple(place.T)], np.float64)

    here = value()
    gradient, hessian = np.zeros((count, dims)), np.zeros((count, dims, dims))
    for i, axis in enumerate(axes):
        before, after = value((axis, -1)), value((axis, 1))
        gradient[:, i], hessian[:, i, i] = (after - before) / 2, before + after - 2 * here
        for j, other in enumerate(axes[:i]):
            corners = [a * b * value((axis, a), (other, b)) for a in (-1, 1) for b in (-1, 1)]
            hessian[:, i, j] = hessian[:, j, i] = sum(corners) / 4
        edge = (at[:, axis] == 0) | (at[:, axis] == levels.shape[axis] - 1)
        gradient[edge, i], hessian[edge, i, :], hessian[edge, :, i] = 0, 0, 0
        hessian[edge, i, i] = -1
    good = np.isfinite(gradient).all(axis=1) & np.isfinite(hessian).all(axis=(1, 2))
    gradient[~good], hessian[~good] = 0, -np.eye(dims)
    top = np.linalg.eigvalsh(hessian)[:, -1] < 0 if dims else np.zeros(count, bool)
    hessian[~top] = -np.eye(dims)
    gradient[~top] = 0
    step = np.clip(-np.linalg.solve(hessian, gradient[..., None])[..., 0], -_STEP, _STEP)
    curve = np.einsum("ni,nij,nj->n", step, hessian, step)
    heights = here + (gradient * step).sum(axis=1) + curve / 2
    offsets = np.zeros((count, 4))
    offsets[:, axes] = step
    return offsets, signs * heights
