"""Edits of objects: what a box of labels becomes. Nothing else of them is looked at.

Numbers of objects that are not edited stay. A new object has the number after the largest that
there ever was, so that no number means two things; an object that is left without a sample is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.typing import Array
from graticule.web.object_index import Box, ObjectIndex
from graticule.web.strokes import Bounds, Shape, Stroke, bounds_of, covered_by, path_of

Kind = Literal["merge", "cut", "seeds", "delete", "add", "brush", "erase"]
_CRUMB = 4
"""Samples below which what a line cuts off is a part of the line."""


@dataclass(frozen=True)
class ObjectEdit:
    """What is done to objects on a plane, or to whole objects that are met there.

    Attributes
    ----------
    kind : str
        Of whole objects, on all slices of a volume: ``merge``: they get the number of the first.
        ``delete``: they are taken away.

        Of the plane: ``cut``: a line parts each object that it goes through. ``seeds``: the
        object under the points is parted between them, at its neck if it has one. ``add``: what
        the polygon of the points holds and is no object becomes one. ``brush``: what the stroke
        covers is given to the object under its first point. ``erase``: it is taken from that
        object, or from all if it begins on none.
    labels : sequence of int
        Objects to merge or delete, by number.
    points : sequence of (float, float)
        Rows and columns in samples; objects to merge or delete are those that a line along them
        meets, too.
    radius : float
        Of the brush.
    at : mapping
        An index for each further dim.
    plane, stretch
        The dims that are rows and columns, and how long a sample is along them, as of a `Stroke`.
    """

    kind: Kind
    labels: Sequence[int] = ()
    points: Sequence[tuple[float, float]] = ()
    radius: float = 0.0
    at: Mapping[str, int] = field(default_factory=dict)
    plane: tuple[str, str] = ("y", "x")
    stretch: tuple[float, float] = (1.0, 1.0)

    def stroke(self, shape: Shape) -> Stroke:
        """Return what is drawn, as a stroke on the plane."""
        return Stroke(1, self.radius, self.points, shape=shape, stretch=self.stretch)


@dataclass(frozen=True)
class Change:
    """What an edit makes of a box of a volume."""

    box: Box
    before: Array
    after: Array


@dataclass(frozen=True)
class Section:
    """A plane through a volume of labels, on which an edit is drawn.

    Attributes
    ----------
    volume : ndarray
        Labels along z, rows and columns; of a picture one z.
    index : ObjectIndex
        Where the objects lie.
    axes : (int, int)
        Those of the volume that are rows and columns of the plane.
    at : int
        Where along the third axis it lies.
    """

    volume: Array
    index: ObjectIndex
    axes: tuple[int, int] = (1, 2)
    at: int = 0

    @property
    def _across(self) -> int:
        return 3 - sum(self.axes)

    @property
    def plane(self) -> Array:
        """Its labels in rows and columns; what is put there is in the volume."""
        place: list[int | slice] = [slice(None)] * 3
        place[self._across] = self.at
        return self._turned(self.volume[tuple(place)])

    @property
    def sizes(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return self.volume.shape[self.axes[0]], self.volume.shape[self.axes[1]]

    def _turned(self, plane: Array) -> Array:
        return plane if self.axes[0] < self.axes[1] else plane.T

    def box_of(self, labels: Iterable[int]) -> Bounds:
        """Return the rows and columns that hold some objects."""
        box = self.index.box_of(labels)
        return box[self.axes[0]], box[self.axes[1]]

    def cut_out(self, box: Bounds) -> Array:
        """Return a copy of a part of the plane."""
        return np.array(self.plane[slice(*box[0]), slice(*box[1])])

    def change(self, box: Bounds, before: Array, after: Array) -> Change:
        """Return a change of a part of the plane as one of the volume."""
        bounds = [(self.at, self.at + 1)] * 3
        bounds[self.axes[0]], bounds[self.axes[1]] = box
        before, after = (
            np.expand_dims(self._turned(each), self._across) for each in (before, after)
        )
        return Change((bounds[0], bounds[1], bounds[2]), before, after)

    def renumbered(self, labels: Sequence[int], number: int) -> Change:
        """Return the change by which whole objects get a number."""
        box = self.index.box_of(labels)
        before = np.array(self.volume[tuple(slice(*each) for each in box)])
        after = np.where(np.isin(before, labels), before.dtype.type(number), before)
        return Change(box, before, after)


def changed(edit: ObjectEdit, section: Section) -> Change:
    """Return what an edit makes of labels, which are not changed.

    Raises
    ------
    RequestError
        If there is nothing that it can be done to, in words.
    """
    return _EDITS[edit.kind](edit, section)


def _met(edit: ObjectEdit, section: Section) -> list[int]:
    """Return the objects that an edit names and those its line meets, in this order."""
    for label in edit.labels:
        if not section.index.holds(label):
            raise RequestError(f"there is no object {label} any more")
    line = path_of(edit.points, section.sizes) if edit.points else None
    under = [] if line is None else section.plane[tuple(line.T)].tolist()
    return [label for label in dict.fromkeys([*edit.labels, *under]) if label]


def _first_under(edit: ObjectEdit, section: Section) -> int:
    """Return the object under the first point; 0 where there is none."""
    under = path_of(edit.points[:1], section.sizes)
    return int(section.plane[tuple(under[0])]) if len(under) else 0


def _merge(edit: ObjectEdit, section: Section) -> Change:
    objects = _met(edit, section)
    if len(objects) < 2:
        raise RequestError(
            "two objects or more are merged", hint="draw a line across them, or Shift-click them"
        )
    return section.renumbered(objects[1:], objects[0])


def _delete(edit: ObjectEdit, section: Section) -> Change:
    objects = _met(edit, section)
    if not objects:
        raise RequestError("there is no object here to delete")
    return section.renumbered(objects, 0)


def _cut(edit: ObjectEdit, section: Section) -> Change:
    line = path_of(edit.points, section.sizes)
    objects = [label for label in dict.fromkeys(section.plane[tuple(line.T)].tolist()) if label]
    if not objects:
        raise RequestError("the line meets no object", hint="draw it through what is to be cut")
    box = section.box_of(objects)
    before = section.cut_out(box)
    after, barrier = before.copy(), np.zeros(before.shape, bool)
    within = line - np.array([box[0][0], box[1][0]])
    inside = np.all((within >= 0) & (within < before.shape), axis=1)
    barrier[tuple(within[inside].T)] = True
    top = section.index.top
    for label in objects:
        (rows, columns) = section.box_of([label])
        part = (
            slice(rows[0] - box[0][0], rows[1] - box[0][0]),
            slice(columns[0] - box[1][0], columns[1] - box[1][0]),
        )
        mask = before[part] == label
        for parts in _parted(mask, barrier[part]):
            top = _number(after[part], parts, label, top)
    if top == section.index.top:
        raise RequestError(
            f"the line does not part the object {objects[0]}" if len(objects) == 1
            else "the line parts none of the objects that it meets",
            hint="draw it from outside of the object to outside of it",
        )  # fmt: skip
    return section.change(box, before, after)


def _parted(mask: Array, barrier: Array) -> Iterable[Array]:
    """Give for each connected piece of a mask that a barrier parts its parts, numbered from 1."""
    from scipy import ndimage

    corners = np.ones((3, 3), bool)
    pieces, count = ndimage.label(mask, corners)
    for piece in np.unique(pieces[barrier & mask]):
        within = pieces == piece
        parts, count = ndimage.label(within & ~barrier, corners)
        sizes = np.bincount(parts.reshape(-1), minlength=count + 1)[1:]
        whole = 1 + np.flatnonzero(sizes >= _CRUMB)
        if len(whole) < 2:
            whole = 1 + np.arange(count)
        if len(whole) < 2:
            continue
        renumbered = np.zeros(count + 1, parts.dtype)
        renumbered[whole] = 1 + np.arange(len(whole))
        parts = renumbered[parts]
        nearest = ndimage.distance_transform_edt(
            parts == 0, return_distances=False, return_indices=True
        )
        yield np.where(within, parts[tuple(nearest)], 0)


def _number(labels: Array, parts: Array, label: int, top: int) -> int:
    """Let the largest part keep the number, and the others have new ones; return the last given."""
    sizes = np.bincount(parts.reshape(-1))[1:]
    largest = 1 + int(np.argmax(sizes))
    for part in range(1, len(sizes) + 1):
        if part != largest and sizes[part - 1]:
            top += 1
            labels[parts == part] = top
    return top


def _seeds(edit: ObjectEdit, section: Section) -> Change:
    from graticule.core.registry import get_op

    label = _first_under(edit, section) if edit.points else 0
    if not label:
        raise RequestError("there is no object under the first seed")
    box = section.box_of([label])
    before = section.cut_out(box)
    mask, markers = before == label, np.zeros(before.shape, np.int32)
    for number, point in enumerate(edit.points, 1):
        under = path_of([point], section.sizes)
        if not len(under) or section.plane[tuple(under[0])] != label:
            raise RequestError(
                f"seed {number} is not on the object {label}",
                hint="all seeds are on one object, one in each part of it",
            )
        markers[tuple(under[0] - np.array([box[0][0], box[1][0]]))] = number
    if len(np.unique(markers)) < 3:
        raise RequestError("an object is split between two seeds or more, at different places")
    # The border of the box is no border of the object, but what is beyond it is none of it.
    room, marks = np.pad(mask, 1), np.pad(markers, 1)
    depth = get_op("segment.distance")(room)
    # No deeper than the seeds are: floods then meet at a neck, and without one half-way.
    level = np.minimum(depth, depth[marks > 0].min())
    flood = get_op("segment.watershed")(-level, marks, room, connectivity=2)
    after = before.copy()
    _number(after, np.where(mask, flood[1:-1, 1:-1], 0), label, section.index.top)
    return section.change(box, before, after)


def _add(edit: ObjectEdit, section: Section) -> Change:
    if len(edit.points) < 3:
        raise RequestError("an outline has three points or more")
    stroke = edit.stroke("polygon")
    box = bounds_of(stroke, section.sizes)
    before = section.cut_out(box)
    free = covered_by(stroke, box) & (before == 0)
    if not free.any():
        raise RequestError(
            "there is no free place within the outline",
            hint="a new object takes nothing from others: delete or erase these first",
        )
    number = before.dtype.type(section.index.top + 1)
    return section.change(box, before, np.where(free, number, before))


def _brush(edit: ObjectEdit, section: Section) -> Change:
    stroke = edit.stroke("line")
    box = bounds_of(stroke, section.sizes)
    label, is_eraser = _first_under(edit, section), edit.kind == "erase"
    if not label and not is_eraser:
        raise RequestError(
            "a stroke of the brush begins on the object that it adds to",
            hint="to draw a new object, take Add",
        )
    before = section.cut_out(box)
    covered = covered_by(stroke, box)
    if is_eraser and label:
        covered &= before == label
    number = before.dtype.type(0 if is_eraser else label)
    return section.change(box, before, np.where(covered, number, before))


_EDITS: dict[Kind, Callable[[ObjectEdit, Section], Change]] = {
    "merge": _merge, "cut": _cut, "seeds": _seeds, "delete": _delete, "add": _add,
    "brush": _brush, "erase": _brush,
}  # fmt: skip
