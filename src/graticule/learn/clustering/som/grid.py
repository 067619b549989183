"""Where the units of a map are, and which are neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from graticule.core.typing import Array

Topology: TypeAlias = Literal["rectangular", "hexagonal"]

_ROW = 1.5 / 3**0.5
"""Distance of the rows of a hexagonal grid whose neighbours are 1 apart."""


@dataclass(frozen=True)
class Grid:
    """A grid of units.

    Attributes
    ----------
    x, y : int
        Units along both axes; unit ``(i, j)`` has the number ``i * y + j``.
    topology : {"rectangular", "hexagonal"}
        Units of a rectangular grid have 8 neighbours, those of a hexagonal one 6.

    Examples
    --------
    >>> grid = Grid(3, 2)
    >>> grid.size, grid.positions[3].tolist()
    (6, [1.0, 1.0])
    """

    x: int
    y: int
    topology: Topology = "rectangular"

    @property
    def size(self) -> int:
        """How many units there are."""
        return self.x * self.y

    @property
    def positions(self) -> Array:
        """Where each unit is, (units, 2); neighbours along an axis are 1 apart.

        As `minisom.MiniSom.get_euclidean_coordinates`: every second row of a hexagonal grid,
        counted from the last but one, is moved by half a unit.

        Examples
        --------
        >>> Grid(2, 2, "hexagonal").positions.round(3).tolist()
        [[0.0, 0.0], [-0.5, 0.866], [1.0, 0.0], [0.5, 0.866]]
        """
        i, j = np.divmod(np.arange(self.size), self.y)
        place = np.stack([i, j], axis=1).astype(np.float64)
        if self.topology == "hexagonal":
            place[(self.y - 1 - j) % 2 == 0, 0] -= 0.5
            place[:, 1] *= _ROW
        return place

    @property
    def neighbours(self) -> tuple[Array, Array]:
        """Pairs of neighbouring units, each twice: the unit, and its neighbour."""
        place = self.positions
        reach = 1.5 if self.topology == "rectangular" else 1.01
        apart = np.linalg.norm(place[:, None] - place[None], axis=2)
        unit, neighbour = np.nonzero((apart > 0) & (apart < reach))
        return unit, neighbour

    def are_neighbours(self, one: Array, other: Array) -> Array:
        """Return whether pairs of units are neighbours."""
        place = self.positions
        apart = np.linalg.norm(place[one] - place[other], axis=-1)
        near: Array = (apart > 0) & (apart < (1.5 if self.topology == "rectangular" else 1.01))
        return near
