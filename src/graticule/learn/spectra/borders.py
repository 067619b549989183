"""Pixels that are like their surroundings, and what the others are mixed of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.learn.spectra.cube import SpectralCube

_WINDOW, _RATIO = 9, 1.2
"""Pixels along a side of the surroundings, and how many times steeper than these a border is."""
_REACH = 4.0
"""Pixels within which a border's sides lie."""
_COORDINATES = 8


def homogeneous(cube: SpectralCube, scores: Array) -> Array:
    """Say which rows are no border: no steeper than 1.2 times the median of their surroundings.

    Steepness is the length of the Prewitt gradient of the scores, so a wedge, noise, or a gradual
    mixture is no border, and the seam of two pieces is.
    """
    from scipy import ndimage

    if not cube.axes:
        return np.ones(len(scores), bool)
    grid = np.zeros((*cube.known.shape, scores.shape[1]))
    grid[cube.known] = scores
    if not cube.known.all():  # the nearest pixel stands for one that does not count
        nearest = ndimage.distance_transform_edt(
            ~cube.known, return_distances=False, return_indices=True
        )
        grid = grid[tuple(nearest)]
    square = np.zeros(cube.known.shape)
    for axis in cube.axes:
        slope = ndimage.correlate1d(grid, [-1.0, 0.0, 1.0], axis=axis, mode="nearest")
        for other in cube.axes:
            if other != axis:
                slope = ndimage.uniform_filter1d(slope, 3, axis=other, mode="nearest")
        square += (slope**2).sum(axis=-1)
    steep = np.sqrt(square)
    side = _WINDOW if len(cube.axes) < 3 else 5
    window = [side if axis in cube.axes else 1 for axis in range(cube.known.ndim)]
    usual = ndimage.median_filter(steep, window, mode="nearest")
    return np.asarray((steep <= _RATIO * usual)[cube.known])


def beside_nothing(cube: SpectralCube) -> Array:
    """Say which rows have pixels that hold nothing within two of them: they are penumbra.

    A single pixel that holds nothing, as noise makes them, has none.
    """
    from scipy import ndimage

    empty = cube.spread(cube.empty, False)
    side = [2 if axis in cube.axes else 1 for axis in range(empty.ndim)]
    area = ndimage.binary_opening(empty, np.ones(side, bool))
    near = [5 if axis in cube.axes else 1 for axis in range(empty.ndim)]
    return np.asarray(ndimage.binary_dilation(area, np.ones(near, bool))[cube.known])


@dataclass(frozen=True)
class Sides:
    """What rows are mixed of, by the pure ones on both sides of a border.

    Attributes
    ----------
    labels : ndarray
        The larger part of each row.
    others : ndarray
        The smaller part; as ``labels`` where a row is of one alone.
    shares : ndarray
        The share of the larger part, from a half to 1.
    """

    labels: Array
    others: Array
    shares: Array


def sides(cube: SpectralCube, labels: Array, pure: Array) -> Sides:
    r"""Return the two groups whose nearest pure spectra make the rows that are not pure.

    A row :math:`x` at a border is :math:`f a + (1 - f) b` of the pure spectra :math:`a` and
    :math:`b` nearest to it, of thickness and brightness as they are there; of all pairs of groups
    within four pixels that of least squares is taken, with :math:`0 \le f \le 1`. Where one group
    is near, the row is of that; where none is, it keeps its label.

    Parameters
    ----------
    cube : SpectralCube
        The rows; a mixture is a sum of what it calls ``adding``.
    labels : ndarray
        Of each row, from 0.
    pure : ndarray of bool
        Rows that are of their label alone.
    """
    found, others = labels.copy(), labels.copy()
    shares = np.ones(len(labels))
    mixed = np.flatnonzero(~pure)
    if not cube.axes or not len(mixed) or not pure.any():
        return Sides(found, others, shares)
    scores = cube.scores(cube.adding, _COORDINATES)
    groups = np.unique(labels[pure]).tolist()
    near = {group: _nearest(cube, scores, pure & (labels == group), mixed) for group in groups}
    rows, least = scores[mixed], np.full(len(mixed), np.inf)
    for one, other in itertools.combinations(groups, 2):
        line = near[one] - near[other]
        length = np.maximum((line**2).sum(axis=1), 1e-300)
        share = np.clip(((rows - near[other]) * line).sum(axis=1) / length, 0, 1)
        rest = ((rows - near[other] - share[:, None] * line) ** 2).sum(axis=1)
        better = rest < least  # never where a group is far, and its spectra NaN
        larger = share > 0.5
        least[better] = rest[better]
        at = mixed[better]
        found[at] = np.where(larger, one, other)[better]
        others[at] = np.where(larger, other, one)[better]
        shares[at] = np.maximum(share, 1 - share)[better]
    alone = np.isinf(least)
    for group in groups:
        at = mixed[alone & np.isfinite(near[group][:, 0])]
        found[at] = others[at] = group
    return Sides(found, others, shares)


def _nearest(cube: SpectralCube, scores: Array, pure: Array, wanted: Array) -> Array:
    """Return the scores, averaged over near ones, of the pure pixel nearest to each wanted row."""
    from scipy import ndimage

    here = cube.spread(pure, False)
    window = [3 if axis in cube.axes else 1 for axis in range(here.ndim)]
    weight = ndimage.uniform_filter(here.astype(np.float64), window, mode="constant")
    steps = [1.0 if axis in cube.axes else 1e6 for axis in range(here.ndim)]
    distance, place = ndimage.distance_transform_edt(~here, sampling=steps, return_indices=True)
    flat = np.flatnonzero(cube.known)[wanted]
    at = np.ravel_multi_index(tuple(place), here.shape).ravel()[flat]
    found = np.empty((len(wanted), scores.shape[1]))
    for number, column in enumerate(scores.T):
        held = cube.spread(np.where(pure, column, 0.0), 0.0)
        summed = ndimage.uniform_filter(held, window, mode="constant")
        found[:, number] = summed.ravel()[at] / weight.ravel()[at]
    found[distance.ravel()[flat] > _REACH] = np.nan
    return found
