"""From merged numbers to the columns of a table with units."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.core.units import unit_power
from graticule.ops._axes import Named
from graticule.ops.measure._merge import OBJECT, Columns, Keys, Partial, combined
from graticule.ops.measure._sums import rules

# Columns of the sums for the products of two axes (z, y, x), row by row.
_PRODUCTS = np.array([[4, 7, 8], [7, 5, 9], [8, 9, 6]])
SIZE = {1: "length", 2: "area", 3: "volume"}


class Measured:
    """All objects of an image, and what every group of properties needs of them.

    Parameters
    ----------
    partial : Partial
        What all blocks gave.
    """

    def __init__(self, partial: Partial) -> None:
        self.partial = partial
        self.layout = partial.layout
        self.dims = partial.layout.space
        parts = partial.tables["objects"]
        self.objects: Columns = combined(parts, OBJECT, rules(self.layout, parts[0]))
        self.steps, self.unit = partial.axes.steps(self.dims)

    @cached_property
    def keys(self) -> Keys:
        """Where each object's row is."""
        return Keys(self.objects)

    def added(self, name: str, columns: Sequence[str]) -> dict[str, Array]:
        """Return the sums of columns of a table, with a row for every object."""
        adding = dict.fromkeys(columns, np.add.reduceat)
        with np.errstate(over="ignore", invalid="ignore"):  # sums beyond a float are infinite
            merged = combined(self.partial.tables[name], OBJECT, adding)
        return {column: self.keys.placed(merged, column) for column in columns}

    def power(self, number: int) -> str:
        """Return the unit of lengths to a power."""
        return unit_power(self.unit, number)

    @cached_property
    def directions(self) -> Array:
        """Directions of the dims in space, one a row."""
        if self.unit == "px":
            return np.eye(len(self.dims))
        return self.partial.axes.directions(self.dims)

    @property
    def basis(self) -> Array:
        """The way from a sample to the next along each dim, one a row."""
        return np.asarray(self.steps[:, None] * self.directions)

    @property
    def pixels(self) -> Array:
        """Samples of each object."""
        count: Array = self.objects["sums"][:, 0]
        return count

    @cached_property
    def sizes(self) -> Array:
        """Length, area or volume of each object."""
        return np.asarray(self.pixels * np.prod(np.diag(self.basis)))

    @cached_property
    def _moments(self) -> tuple[Array, Array]:
        """Mean position and covariance of positions of each object, in samples.

        The sums are moved to the first corner of each object while they are whole numbers, so
        nothing is lost to rounding however far out the object lies.
        """
        first = 3 - len(self.dims)
        sums, number = self.objects["sums"], self.pixels
        corner, last = self.objects["low"][:, first:], self.objects["high"][:, first:]
        most = (last - corner + 1).max(axis=1, initial=1).astype(float) ** 2
        if (number * most >= 2.0**63).any():
            raise ImageError("an object is too large for its moments to be exact in 64 bits")
        linear = sums[:, 1 + first : 4]
        moved = np.empty((len(number), len(self.dims), len(self.dims)))
        mean = (linear - number[:, None] * corner) / number[:, None]
        for i, j in itertools.combinations_with_replacement(range(len(self.dims)), 2):
            lean = corner[:, i] * linear[:, j] + corner[:, j] * linear[:, i]
            product = sums[:, _PRODUCTS[first + i, first + j]]
            central = product - lean + number * corner[:, i] * corner[:, j]
            moved[:, i, j] = moved[:, j, i] = central / number - mean[:, i] * mean[:, j]
        return corner + mean, moved

    @property
    def middles(self) -> Array:
        """Mean position of each object along the dims, in samples."""
        return self._moments[0]

    @cached_property
    def covariances(self) -> Array:
        """Covariance of the positions of samples along the dims, in squared lengths."""
        return np.asarray(self._moments[1] * np.multiply.outer(self.steps, self.steps))

    def base(self) -> Named:
        """Return what every table has: label, frame, size, place and bounding box."""
        columns: dict[str, tuple[Any, str]] = {"label": (self.objects["label"], "")}
        columns |= self.partial.axes.frame_columns(self.layout.frames, self.objects["frame"])
        columns["pixels"] = self.pixels, ""
        columns[SIZE[len(self.dims)]] = self.sizes, self.power(len(self.dims))
        for axis, dim in enumerate(self.dims):
            columns[f"centroid_{dim}"] = self.partial.axes.positions(dim, self.middles[:, axis])
        for axis, dim in enumerate(self.dims, start=3 - len(self.dims)):
            columns[f"{dim}_start"] = self.objects["low"][:, axis], ""
            columns[f"{dim}_stop"] = self.objects["high"][:, axis] + 1, ""
        return columns
