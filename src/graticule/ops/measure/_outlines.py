"""Where the borders of objects lie: the middles of the faces that part a sample from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from graticule.core import BlockInfo, Image, Table, filtered_dims
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._merge import Columns, Partial
from graticule.ops.measure._objects import Objects, objects_of


class Outlines(NamedTuple):
    """The border points of all objects, object by object.

    Attributes
    ----------
    frame, label : ndarray
        Of each object.
    start : ndarray
        Index of each object's first point.
    owner : ndarray
        Which object a point is of.
    place : ndarray
        Points along the two dims, in the unit of lengths, from the first sample on.
    steps : ndarray
        Distance between samples along the two dims.
    unit : str
        Of lengths.
    partial : Partial
        What the blocks told.
    """

    frame: Array
    label: Array
    start: Array
    owner: Array
    place: Array
    steps: Array
    unit: str
    partial: Partial

    def base(self) -> Named:
        """Return the columns that say which object a row is of, and how many points it has."""
        columns: dict[str, tuple[Any, str]] = {"label": (self.label, "")}
        columns |= self.partial.axes.frame_columns(self.partial.layout.frames, self.frame)
        columns["points"] = np.bincount(self.owner, minlength=len(self.label)), ""
        return columns

    def centres(self, middles: Array) -> Named:
        """Return the columns of places, in the coordinates of their dims."""
        return {
            f"centre_{dim}": self.partial.axes.positions(dim, middles[:, axis] / self.steps[axis])
            for axis, dim in enumerate(self.partial.layout.space)
        }

    def sums(self, values: Array) -> Array:
        """Return the sum over the points of each object."""
        return np.asarray(np.add.reduceat(values, self.start, axis=0))


def halo_of_outlines(labels: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return how far a block must see beyond its own samples: one."""
    return dict.fromkeys(filtered_dims(labels), 1)


def map_outlines(labels: Image, *, block: BlockInfo, **_: Any) -> Partial:
    """Return the border points of a block."""
    from graticule.ops._axes import Axes

    objects = objects_of(labels, None, block)
    if len(objects.layout.space) != 2:
        raise ImageError(
            f"outlines are fitted in two dims; the labels have {', '.join(objects.layout.space)}",
            hint="take one plane with transform.select first",
        )
    return Partial(objects.layout, Axes.of(labels, block), {"points": _points(objects)})


def _points(objects: Objects) -> tuple[Columns, ...]:
    """Return the faces that own samples share with the next ones, in half samples."""
    own = [range(*part.indices(size)) for part, size in
           zip(objects.own[2:], objects.ranks.shape[2:], strict=True)]  # fmt: skip
    shift = objects.first[1:] - [part.start for part in own]
    parts = []
    for number, frame in zip(objects.frames, objects.ranks[:, 0], strict=True):
        for axis in (0, 1):
            ends = [part.stop for part in own]
            ends[axis] = min(ends[axis], frame.shape[axis] - 1)
            one = tuple(slice(part.start, end) for part, end in zip(own, ends, strict=True))
            two = tuple(
                slice(part.start + (n == axis), part.stop + (n == axis))
                for n, part in enumerate(one)
            )
            here, there = frame[one], frame[two]
            at = np.argwhere(here != there)
            for side in (here, there):
                named = side[at[:, 0], at[:, 1]]
                kept = at[named > 0] + [part.start for part in one]
                place = 2 * (kept + shift)
                place[:, axis] += 1
                label = objects.labels_of(named[named > 0])
                frames = np.full(len(label), number, np.int64)
                parts.append({"frame": frames, "label": label, "y": place[:, 0], "x": place[:, 1]})
    return tuple(parts)


def outlines_of(merged: Partial) -> Outlines:
    """Return the border points of all objects, in an order that no tiling changes."""
    names = ("frame", "label", "y", "x")
    rows = [np.concatenate([part[name] for part in merged.tables["points"]]) for name in names]
    order = np.lexsort(rows[::-1])
    frame, label, y, x = (row[order] for row in rows)
    new = np.ones(len(label), bool)
    new[1:] = (frame[1:] != frame[:-1]) | (label[1:] != label[:-1])
    start = np.flatnonzero(new)
    steps, unit = merged.axes.steps(merged.layout.space)
    place = np.stack([y, x], axis=1) / 2 * steps
    return Outlines(
        frame[start], label[start], start, np.cumsum(new) - 1, place, steps, unit, merged
    )


def table_of_fits(columns: Named) -> Table:
    """Return a table with units."""
    import pandas as pd

    table: Table = pd.DataFrame({name: values for name, (values, _) in columns.items()}, copy=False)
    table.attrs["units"] = {name: unit for name, (_, unit) in columns.items() if unit}
    return table
