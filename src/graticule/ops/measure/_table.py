"""From merged numbers to the columns of a table with units."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from graticule.core import directions_of, step_of
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.core.units import axis_scale, unit_power
from graticule.ops.measure._merge import OBJECT, Columns, Keys, Partial, combined
from graticule.ops.measure._sums import rules

Named: TypeAlias = Mapping[str, tuple[Any, str]]
"""Values and unit of each column."""

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
        self.steps, self.unit = scale_of(partial)

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
        axes = {dim: axis for dim in self.dims if (axis := self.partial.axis(dim)) is not None}
        return directions_of({} if self.unit == "px" else axes, self.dims)

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

    def positions(self, dim: str, samples: Array) -> tuple[Array, str]:
        """Return places along a dim in its coordinate, and their unit."""
        axis = self.partial.axis(dim)
        if axis is None:
            return samples, "px"
        step, unit = step_of(axis, dim)
        counted = "px" if step == 1 else ""
        return np.interp(samples, np.arange(axis.size), axis.values.astype(float)), unit or counted

    def base(self) -> Named:
        """Return what every table has: label, frame, size, place and bounding box."""
        columns: dict[str, tuple[Any, str]] = {"label": (self.objects["label"], "")}
        columns |= frame_columns(self.partial, self.objects["frame"])
        columns["pixels"] = self.pixels, ""
        columns[SIZE[len(self.dims)]] = self.sizes, self.power(len(self.dims))
        for axis, dim in enumerate(self.dims):
            columns[f"centroid_{dim}"] = self.positions(dim, self.middles[:, axis])
        for axis, dim in enumerate(self.dims, start=3 - len(self.dims)):
            columns[f"{dim}_start"] = self.objects["low"][:, axis], ""
            columns[f"{dim}_stop"] = self.objects["high"][:, axis] + 1, ""
        return columns


def frame_columns(partial: Partial, frames: Array) -> Named:
    """Return where frames lie along the dims that are not measured."""
    sizes = [partial.shape[dim] for dim in partial.layout.frames]
    places = np.unravel_index(frames, sizes) if sizes else ()
    columns = {}
    for dim, place in zip(partial.layout.frames, places, strict=True):
        axis = partial.axis(dim)
        unit = "" if axis is None else str(axis.attrs.get("units", ""))
        columns[dim] = (place if axis is None else axis.values[place]), unit
    return columns


def scale_of(partial: Partial) -> tuple[Array, str]:
    """Return the step along each dim in one common unit, or in pixels where there is none."""
    spacings = []
    for dim in partial.layout.space:
        axis = partial.axis(dim)
        spacings.append((1.0, "") if axis is None else step_of(axis, dim))
    units = {unit for _, unit in spacings}
    if units == {""}:
        counted = all(step == 1 for step, _ in spacings)
        return np.array([step for step, _ in spacings]), "px" if counted else ""
    scales = [axis_scale(unit) for _, unit in spacings]
    if len({base for _, base in scales}) > 1:
        return np.ones(len(spacings)), "px"
    last = scales[-1][0]
    steps = [step * scale / last for (step, _), (scale, _) in zip(spacings, scales, strict=True)]
    return np.array([float(f"{step:.12g}") for step in steps]), spacings[-1][1]
