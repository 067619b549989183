"""Edits of objects: what a box of a plane of labels becomes. Nothing else of it is looked at.

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
from graticule.web.object_index import ObjectIndex
from graticule.web.strokes import Bounds, Stroke, bounds_of, covered_by, path_of

Kind = Literal["merge", "cut", "seeds", "delete", "add", "brush", "erase"]
_CRUMB = 4
"""Samples below which what a line cuts off is a part of the line."""


@dataclass(frozen=True)
class ObjectEdit:
    """What is done to objects on a plane.

    Attributes
    ----------
    kind : str
        ``merge``: the objects get the number of the first. ``cut``: a line parts each object that
        it goes through. ``seeds``: the object under the points is parted between them, at its
        neck if it has one. ``delete``: the objects are taken away. ``add``: what the polygon of
        the points holds and is no object becomes one. ``brush``: what the stroke covers is given
        to the object under its first point. ``erase``: it is taken from that object, or from all
        if it begins on none.
    labels : sequence of int
        Objects to merge or delete, by number.
    points : sequence of (float, float)
        Rows and columns in samples; objects to merge or delete are those that a line along them
        meets, too.
    radius : float
        Of the brush.
    at : mapping
        An index for each further dim.
    """

    kind: Kind
    labels: Sequence[int] = ()
    points: Sequence[tuple[float, float]] = ()
    radius: float = 0.0
    at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What an edit makes of a box of a plane."""

    box: Bounds
    before: Array
    after: Array


def changed(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    """Return what an edit makes of a plane.

    Parameters
    ----------
    edit : ObjectEdit
        What is done.
    plane : ndarray
        Labels; not changed.
    index : ObjectIndex
        Where its objects lie.

    Raises
    ------
    RequestError
        If there is nothing that it can be done to, in words.
    """
    return _EDITS[edit.kind](edit, plane, index)


def _cut_out(plane: Array, box: Bounds) -> Array:
    return np.array(plane[slice(*box[0]), slice(*box[1])])


def _sizes(plane: Array) -> tuple[int, int]:
    return plane.shape[0], plane.shape[1]


def _met(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> list[int]:
    """Return the objects that an edit names and those its line meets, in this order."""
    for label in edit.labels:
        if not index.holds(label):
            raise RequestError(f"there is no object {label} any more")
    under = plane[tuple(path_of(edit.points, _sizes(plane)).T)].tolist() if edit.points else []
    return [label for label in dict.fromkeys([*edit.labels, *under]) if label]


def _first_under(edit: ObjectEdit, plane: Array) -> int:
    """Return the object under the first point; 0 where there is none."""
    under = path_of(edit.points[:1], _sizes(plane))
    return int(plane[tuple(under[0])]) if len(under) else 0


def _merge(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    objects = _met(edit, plane, index)
    if len(objects) < 2:
        raise RequestError(
            "two objects or more are merged", hint="draw a line across them, or Shift-click them"
        )
    box = index.box_of(objects[1:])
    before = _cut_out(plane, box)
    return Change(
        box, before, np.where(np.isin(before, objects[1:]), before.dtype.type(objects[0]), before)
    )


def _delete(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    objects = _met(edit, plane, index)
    if not objects:
        raise RequestError("there is no object here to delete")
    box = index.box_of(objects)
    before = _cut_out(plane, box)
    return Change(box, before, np.where(np.isin(before, objects), before.dtype.type(0), before))


def _cut(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    line = path_of(edit.points, _sizes(plane))
    objects = [label for label in dict.fromkeys(plane[tuple(line.T)].tolist()) if label]
    if not objects:
        raise RequestError("the line meets no object", hint="draw it through what is to be cut")
    box = index.box_of(objects)
    before = _cut_out(plane, box)
    after, barrier = before.copy(), np.zeros(before.shape, bool)
    within = line - np.array([box[0][0], box[1][0]])
    inside = np.all((within >= 0) & (within < before.shape), axis=1)
    barrier[tuple(within[inside].T)] = True
    top = index.top
    for label in objects:
        (rows, columns) = index.box_of([label])
        part = (
            slice(rows[0] - box[0][0], rows[1] - box[0][0]),
            slice(columns[0] - box[1][0], columns[1] - box[1][0]),
        )
        mask = before[part] == label
        for parts in _parted(mask, barrier[part]):
            top = _number(after[part], parts, label, top)
    if top == index.top:
        raise RequestError(
            f"the line does not part the object {objects[0]}" if len(objects) == 1
            else "the line parts none of the objects that it meets",
            hint="draw it from outside of the object to outside of it",
        )  # fmt: skip
    return Change(box, before, after)


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


def _seeds(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    from graticule.core.registry import get_op

    label = _first_under(edit, plane) if edit.points else 0
    if not label:
        raise RequestError("there is no object under the first seed")
    box = index.box_of([label])
    before = _cut_out(plane, box)
    mask, markers = before == label, np.zeros(before.shape, np.int32)
    for number, point in enumerate(edit.points, 1):
        under = path_of([point], _sizes(plane))
        if not len(under) or plane[tuple(under[0])] != label:
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
    _number(after, np.where(mask, flood[1:-1, 1:-1], 0), label, index.top)
    return Change(box, before, after)


def _add(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    if len(edit.points) < 3:
        raise RequestError("an outline has three points or more")
    stroke = Stroke(1, 0, edit.points, shape="fill")
    box = bounds_of(stroke, _sizes(plane))
    before = _cut_out(plane, box)
    free = covered_by(stroke, box) & (before == 0)
    if not free.any():
        raise RequestError(
            "there is no free place within the outline",
            hint="a new object takes nothing from others: delete or erase these first",
        )
    return Change(box, before, np.where(free, before.dtype.type(index.top + 1), before))


def _brush(edit: ObjectEdit, plane: Array, index: ObjectIndex) -> Change:
    stroke = Stroke(1, edit.radius, edit.points)
    box = bounds_of(stroke, _sizes(plane))
    label, is_eraser = _first_under(edit, plane), edit.kind == "erase"
    if not label and not is_eraser:
        raise RequestError(
            "a stroke of the brush begins on the object that it adds to",
            hint="to draw a new object, take Add",
        )
    before = _cut_out(plane, box)
    covered = covered_by(stroke, box)
    if is_eraser and label:
        covered &= before == label
    return Change(
        box, before, np.where(covered, before.dtype.type(0 if is_eraser else label), before)
    )


_EDITS: dict[Kind, Callable[[ObjectEdit, Array, ObjectIndex], Change]] = {
    "merge": _merge, "cut": _cut, "seeds": _seeds, "delete": _delete, "add": _add,
    "brush": _brush, "erase": _brush,
}  # fmt: skip
