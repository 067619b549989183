"""Rows that are dense, joined: the groups of DBSCAN."""

from __future__ import annotations

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.learn.clustering._tiles import tiled
from graticule.learn.clustering.indices import distances
from graticule.learn.clustering.step import NOISE

_BLOCK = 1 << 22


def density_groups(rows: Array, eps: float, min_samples: int) -> tuple[Array, Array]:
    """Return the group of each row, -1 for noise, and whether it is a core row.

    Parameters
    ----------
    rows : ndarray
        (rows, features).
    eps : float
        Rows this far apart or less are neighbours.
    min_samples : int
        Neighbours of a core row, itself counted.

    Examples
    --------
    >>> density_groups(np.array([[0.0], [1], [2], [9]]), 1.0, 3)[0].tolist()
    [0, 0, 0, -1]
    """
    from graticule.learn.clustering._density_kernels import (
        core_rows,
        join_within,
        merge_parents,
        root_of,
    )

    tiles, size = tiled(rows), len(rows)
    held = (tiles.values, tiles.rows, tiles.centres, tiles.radii, eps)
    count, core = len(tiles.values), np.zeros(size, bool)
    pairs = np.concatenate(
        map_ranges(lambda a, b: core_rows(*held, min_samples, core, a, b), count)
    )
    parents, *rest = map_ranges(lambda a, b: join_within(*held, core, a, b), count)
    for part in rest:
        merge_parents(parents, part)
    found = np.full(size, NOISE)
    found[core] = [root_of(parents, row) for row in np.flatnonzero(core)]
    # a row at the border of several groups goes to the one that comes first in the rows
    border, neighbour = pairs[core[pairs[:, 1]]].T
    first = np.full(size, size)
    np.minimum.at(first, border, found[neighbour])
    found[first < size] = first[first < size]
    grouped = found >= 0
    found[grouped] = np.unique(found[grouped], return_inverse=True)[1]
    return found, core


def assign_within(rows: Array, core: Array, groups: Array, eps: float) -> Array:
    """Return the group of the first core row within eps of each row, else -1.

    Examples
    --------
    >>> core, groups = np.array([[0.0], [5.0]]), np.array([1, 0])
    >>> assign_within(np.array([[0.5], [3.0]]), core, groups, 1.0).tolist()
    [1, -1]
    """
    found = np.full(len(rows), NOISE, np.int32)
    if not len(core):
        return found
    centre = core.mean(axis=0)
    core, size = core - centre, max(1, _BLOCK // len(core))
    for start in range(0, len(rows), size):
        near = distances(rows[start : start + size] - centre, core) <= eps
        first = near.argmax(axis=1)
        told = np.where(near[np.arange(len(near)), first], groups[first], NOISE)
        found[start : start + size] = told
    return found
