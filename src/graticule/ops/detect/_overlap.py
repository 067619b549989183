"""Balls that overlap, and the best of them."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array

_CLASSES = 2.0
"""Balls are looked for among those of about their size: radii of a class differ by this ratio."""


def overlap_of(distance: Array, radius: Array, other: Array, ndim: int) -> Array:
    """Return the share of the smaller of two balls that lies in the other one.

    Examples
    --------
    >>> overlap_of(np.array([1.0]), np.array([1.0]), np.array([1.0]), 1).tolist()
    [0.5]
    >>> overlap_of(np.array([0.5]), np.array([1.0]), np.array([3.0]), 3).tolist()
    [1.0]
    """
    small, large = np.minimum(radius, other), np.maximum(radius, other)
    part = np.empty(len(distance))
    within, apart = distance <= large - small, distance >= large + small
    part[within], part[apart] = 1.0, 0.0
    rest = ~(within | apart)
    d, r, s = distance[rest], small[rest], large[rest]
    if ndim == 1:
        part[rest] = (r + s - d) / (2 * r)
    elif ndim == 2:
        near = r**2 * np.arccos(np.clip((d**2 + r**2 - s**2) / (2 * d * r), -1, 1))
        far = s**2 * np.arccos(np.clip((d**2 + s**2 - r**2) / (2 * d * s), -1, 1))
        edges = (r + s - d) * (d + r - s) * (d - r + s) * (d + r + s)
        part[rest] = (near + far - 0.5 * np.sqrt(np.maximum(edges, 0))) / (np.pi * r**2)
    else:
        lens = np.pi * (r + s - d) ** 2 * (d**2 + 2 * d * (r + s) - 3 * (r - s) ** 2) / (12 * d)
        part[rest] = lens / (4 / 3 * np.pi * r**3)
    return part


def _pairs(places: Array, radii: Array, rank: Array) -> tuple[Array, Array]:
    """Return the pairs of balls that touch: number of the smaller's row, and of the other's."""
    from scipy.spatial import cKDTree

    classes = np.floor(np.log(radii) / np.log(_CLASSES)).astype(int)
    one: list[Array] = []
    other: list[Array] = []
    for each in np.unique(classes):
        of_class = np.flatnonzero(classes == each)
        tree = cKDTree(places[of_class])
        asking = np.flatnonzero(classes <= each)
        reach = radii[asking] + radii[of_class].max()
        near = tree.query_ball_point(places[asking], reach, return_sorted=True)
        counts = np.array([len(found) for found in near])
        one.append(np.repeat(asking, counts))
        other.append(of_class[np.concatenate([np.array(f, int) for f in near])])
    first, second = np.concatenate(one), np.concatenate(other)
    kept = (classes[first] < classes[second]) | (rank[first] < rank[second])
    return first[kept], second[kept]


def best_apart(places: Array, radii: Array, overlap: float) -> Array:
    """Return which balls to keep, so that no two share more than a part of the smaller.

    Parameters
    ----------
    places : ndarray
        ``(n, ndim)``, the best ball first.
    radii : ndarray
        In the same lengths.
    overlap : float
        The part two may share.

    Returns
    -------
    ndarray
        Whether each is kept: one is if none that is better and kept overlaps it.
    """
    kept = np.ones(len(places), bool)
    if overlap >= 1 or len(places) < 2:
        return kept
    first, second = _pairs(places, radii, np.arange(len(places)))
    distance = np.sqrt(((places[first] - places[second]) ** 2).sum(axis=1))
    shared = overlap_of(distance, radii[first], radii[second], places.shape[1])
    worse = np.maximum(first, second)[shared > overlap]
    better = np.minimum(first, second)[shared > overlap]
    order = np.argsort(worse, kind="stable")
    for bad, good in zip(worse[order].tolist(), better[order].tolist(), strict=True):
        if kept[good]:
            kept[bad] = False
    return kept
