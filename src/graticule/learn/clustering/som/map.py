"""A fitted map: where rows fall on it, and how well it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.learn.clustering.centroids import nearest_centroid
from graticule.learn.clustering.som.grid import Grid

_BLOCK = 1 << 21


@dataclass(frozen=True)
class SelfOrganisingMap:
    """A grid of units with their weights.

    Attributes
    ----------
    grid : Grid
        Where the units are.
    weights : ndarray
        (x, y, features); ``weights[..., k]`` is the component plane of the k-th feature.

    Examples
    --------
    >>> grid = Grid(2, 2)
    >>> found = SelfOrganisingMap(grid, np.array([[[0.0], [1]], [[5], [6]]]))
    >>> found.winners(np.array([[0.9], [5.2]])).tolist()
    [1, 2]
    >>> round(found.quantisation_error(np.array([[0.9], [5.2]])), 3)
    0.15
    """

    grid: Grid
    weights: Array

    @property
    def units(self) -> Array:
        """The weights as (units, features)."""
        return self.weights.reshape(self.grid.size, -1)

    def winners(self, rows: Array) -> Array:
        """Return the number of the unit nearest to each row."""
        return nearest_centroid(rows, self.units)

    def coordinates(self, rows: Array) -> Array:
        """Return where on the grid each row falls, (rows, 2)."""
        placed: Array = self.grid.positions[self.winners(rows)]
        return placed

    def hits(self, rows: Array) -> Array:
        """Return how many rows fall on each unit, (x, y)."""
        counts = np.bincount(self.winners(rows), minlength=self.grid.size)
        return counts.reshape(self.grid.x, self.grid.y)

    @property
    def distance_map(self) -> Array:
        """Mean distance of the weights of a unit to those of its neighbours, (x, y).

        The U-matrix of Ultsch; in units of the features, unlike that of minisom, which is divided
        by its largest value.
        """
        unit, neighbour = self.grid.neighbours
        apart = np.linalg.norm(self.units[unit] - self.units[neighbour], axis=1)
        total = np.bincount(unit, apart, self.grid.size)
        mean = total / np.bincount(unit, minlength=self.grid.size)
        return mean.reshape(self.grid.x, self.grid.y)

    def quantisation_error(self, rows: Array) -> float:
        """Return the mean distance of rows to the nearest unit."""
        return float(np.linalg.norm(rows - self.units[self.winners(rows)], axis=1).mean())

    def topographic_error(self, rows: Array) -> float:
        """Return the share of rows whose two nearest units are no neighbours."""
        centre = self.units.mean(axis=0)
        units = self.units - centre
        halves = (units**2).sum(axis=1) / 2
        size, wrong = max(1, _BLOCK // len(units)), 0
        for start in range(0, len(rows), size):
            apart = halves - (rows[start : start + size] - centre) @ units.T
            first = apart.argmin(axis=1)
            apart[np.arange(len(apart)), first] = np.inf
            wrong += int((~self.grid.are_neighbours(first, apart.argmin(axis=1))).sum())
        return wrong / len(rows)
