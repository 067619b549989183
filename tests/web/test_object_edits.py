"""Edits of objects: what they do to a plane, against plain NumPy, wherever the objects lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from graticule.core.errors import RequestError
from graticule.web.object_edits import ObjectEdit, Section, changed
from graticule.web.object_index import ObjectIndex
from graticule.web.strokes import Stroke, covered_by, path_of

HIGH, WIDE = 24, 30
CORNERS = np.ones((3, 3), bool)
PLACE = st.tuples(st.integers(0, HIGH - 1), st.integers(0, WIDE - 1))
POINT = st.tuples(st.floats(-3, HIGH + 3), st.floats(-3, WIDE + 3))


@st.composite
def labels(draw: Any) -> np.ndarray[Any, Any]:
    """A plane of overlapping boxes, so that objects touch, are in pieces, and have gaps."""
    plane = np.zeros((HIGH, WIDE), np.int32)
    for label in range(1, draw(st.integers(1, 5)) + 1):
        (y0, x0), (y1, x1) = draw(PLACE), draw(PLACE)
        plane[min(y0, y1) : max(y0, y1) + 1, min(x0, x1) : max(x0, x1) + 1] = 2 * label
    return plane


def after(plane: np.ndarray[Any, Any], edit: ObjectEdit) -> np.ndarray[Any, Any]:
    """Return the plane after an edit; nothing outside of its box may have to change."""
    kept = plane.copy()
    volume = plane[None]
    change = changed(edit, Section(volume, ObjectIndex([volume])))
    np.testing.assert_array_equal(plane, kept)
    box = tuple(slice(*each) for each in change.box)
    np.testing.assert_array_equal(change.before, volume[box])
    kept[None][box] = change.after
    return kept


def done(plane: np.ndarray[Any, Any], edit: ObjectEdit) -> np.ndarray[Any, Any]:
    """Return the plane after an edit, as it was where that is refused."""
    try:
        return after(plane, edit)
    except RequestError:
        return plane


def under(plane: np.ndarray[Any, Any], points: list[tuple[float, float]]) -> list[int]:
    found = plane[tuple(path_of(points, plane.shape).T)].tolist()
    return [label for label in dict.fromkeys(found) if label]


@settings(deadline=None)
@given(st.lists(POINT, min_size=1, max_size=6))
def test_a_path_is_unbroken_and_near_to_its_line(points: list[tuple[float, float]]) -> None:
    cells = path_of([(y + 3, x + 3) for y, x in points], (HIGH + 7, WIDE + 7))
    assert (np.abs(np.diff(cells, axis=0)).sum(axis=1) == 1).all(), "steps go to neighbours"
    stroke = Stroke(1, 1.01, [(y + 3, x + 3) for y, x in points])
    near = covered_by(stroke, ((0, HIGH + 7), (0, WIDE + 7)))
    assert near[tuple(cells.T)].all()


@settings(deadline=None)
@given(labels(), st.lists(POINT, min_size=1, max_size=4))
def test_merged_objects_have_the_number_of_the_first(plane: Any, points: Any) -> None:
    objects = under(plane, points)
    if len(objects) < 2:
        with pytest.raises(RequestError, match="two objects or more"):
            after(plane, ObjectEdit("merge", points=points))
        return
    wanted = np.where(np.isin(plane, objects), objects[0], plane)
    np.testing.assert_array_equal(after(plane, ObjectEdit("merge", points=points)), wanted)
    named = ObjectEdit("merge", labels=objects)
    np.testing.assert_array_equal(after(plane, named), wanted)


@settings(deadline=None)
@given(labels(), st.lists(POINT, min_size=1, max_size=4))
def test_what_a_rubber_meets_is_gone_and_all_else_as_it_was(plane: Any, points: Any) -> None:
    objects = under(plane, points)
    wanted = np.where(np.isin(plane, objects), 0, plane)
    found = done(plane, ObjectEdit("delete", points=points))
    np.testing.assert_array_equal(found, wanted)


@settings(deadline=None, max_examples=200)
@given(labels(), st.lists(POINT, min_size=2, max_size=4))
def test_a_cut_parts_objects_and_loses_no_sample(plane: Any, points: Any) -> None:
    found = done(plane, ObjectEdit("cut", points=points))
    np.testing.assert_array_equal(found > 0, plane > 0)
    line = np.zeros(plane.shape, bool)
    line[tuple(path_of(points, plane.shape).T)] = True
    top = plane.max()
    for label in np.unique(plane[plane > 0]):
        of_it = plane == label
        parts = np.unique(found[of_it])
        assert label in parts, "one part keeps the number"
        assert (parts[parts != label] > top).all(), "the others have numbers that nothing had"
        sizes = {part: int((found == part).sum()) for part in parts}
        pieces, count = ndimage.label(of_it, CORNERS)
        for piece in range(1, count + 1):
            mine = pieces == piece
            if not (mine & line).any():
                assert len(np.unique(found[mine])) == 1, "what the line does not meet is not cut"
        bare, _ = ndimage.label(of_it & ~line, CORNERS)
        for part in np.unique(bare[bare > 0]):
            if (bare == part).sum() >= 4:
                assert len(np.unique(found[bare == part])) == 1, "and nothing else is"
        if count == 1 and len(parts) > 1:
            assert sizes[label] == max(sizes.values()), "the largest part keeps the number"
    added = np.unique(found[found > top])
    np.testing.assert_array_equal(added, top + 1 + np.arange(len(added)))
    for number in added:
        assert len(np.unique(plane[found == number])) == 1, "a part is of one object"


def test_a_cut_through_a_square_makes_two_of_it() -> None:
    plane = np.zeros((HIGH, WIDE), np.int32)
    plane[5:15, 5:20] = 3
    found = after(plane, ObjectEdit("cut", points=[(2, 9), (18, 9)]))
    assert set(np.unique(found)) == {0, 3, 4}
    assert (found[5:15, 10:20] == 3).all()
    assert (found[5:15, 5:9] == 4).all()
    with pytest.raises(RequestError, match="does not part the object 3"):
        after(plane, ObjectEdit("cut", points=[(2, 9), (10, 9)]))
    with pytest.raises(RequestError, match="meets no object"):
        after(plane, ObjectEdit("cut", points=[(0, 0), (0, 20)]))


def test_a_line_across_corners_does_not_let_an_object_through() -> None:
    plane = np.zeros((HIGH, WIDE), np.int32)
    plane[4:20, 4:20] = 1
    found = after(plane, ObjectEdit("cut", points=[(2, 2), (21, 21)]))
    assert len(np.unique(found)) == 3


@settings(deadline=None)
@given(labels(), st.lists(PLACE, min_size=2, max_size=4))
def test_seeds_part_an_object_each_with_its_own(plane: Any, places: Any) -> None:
    found = done(plane, ObjectEdit("seeds", points=places))
    np.testing.assert_array_equal(found > 0, plane > 0)
    objects = {int(plane[place]) for place in places}
    if len(objects) > 1 or objects == {0} or len(set(places)) < 2:
        np.testing.assert_array_equal(found, plane)
        return
    (label,) = objects
    np.testing.assert_array_equal(found[plane != label], plane[plane != label])
    seeds = {place: int(found[place]) for place in places}
    assert len(set(seeds.values())) == len(set(places)), "each seed is in another part"
    assert label in np.unique(found[plane == label])


def test_touching_discs_are_split_at_their_neck() -> None:
    y, x = np.mgrid[:40, :60]
    plane = ((np.hypot(y - 20, x - 18) < 12) | (np.hypot(y - 20, x - 38) < 12)).astype(np.int32)
    found = after(plane, ObjectEdit("seeds", points=[(20, 14), (21, 41)]))
    assert set(np.unique(found)) == {0, 1, 2}
    edges = np.flatnonzero((found[20, :-1] > 0) & (found[20, 1:] > 0) & (np.diff(found[20]) != 0))
    assert len(edges) == 1
    assert abs(edges[0] + 0.5 - 28) <= 1


def test_a_disc_without_a_neck_is_split_half_way() -> None:
    y, x = np.mgrid[:40, :60]
    plane = (np.hypot(y - 20, x - 30) < 18).astype(np.int32)
    found = after(plane, ObjectEdit("seeds", points=[(20, 30), (20, 40)]))
    edges = np.flatnonzero((found[20, :-1] > 0) & (found[20, 1:] > 0) & (np.diff(found[20]) != 0))
    assert len(edges) == 1
    assert abs(edges[0] + 0.5 - 35) <= 1


@settings(deadline=None)
@given(labels(), st.lists(POINT, min_size=1, max_size=5))
def test_an_added_object_takes_nothing_from_others(plane: Any, points: Any) -> None:
    found = done(plane, ObjectEdit("add", points=points))
    np.testing.assert_array_equal(found[plane > 0], plane[plane > 0])
    inside = covered_by(Stroke(1, 0, points, shape="polygon"), ((0, HIGH), (0, WIDE)))
    wanted = np.where(inside & (plane == 0), plane.max() + 1, plane)
    if len(points) >= 3:
        np.testing.assert_array_equal(found, wanted)
    else:
        np.testing.assert_array_equal(found, plane)


@settings(deadline=None)
@given(labels(), st.lists(POINT, min_size=1, max_size=4), st.floats(0.5, 5))
def test_brush_and_eraser_are_those_of_the_object_that_they_begin_on(
    plane: Any, points: Any, radius: float
) -> None:
    covered = covered_by(Stroke(1, radius, points), ((0, HIGH), (0, WIDE)))
    place = path_of(points[:1], plane.shape)
    label = int(plane[tuple(place[0])]) if len(place) else 0
    drawn = done(plane, ObjectEdit("brush", points=points, radius=radius))
    np.testing.assert_array_equal(drawn, np.where(covered & (label > 0), label, plane))
    erased = done(plane, ObjectEdit("erase", points=points, radius=radius))
    gone = covered & ((plane == label) | (label == 0))
    np.testing.assert_array_equal(erased, np.where(gone, 0, plane))


@settings(deadline=None, max_examples=50)
@given(
    labels(),
    st.lists(
        st.tuples(
            st.sampled_from(["merge", "cut", "delete", "add", "brush", "erase"]),
            st.lists(POINT, min_size=2, max_size=4),
        ),
        max_size=6,
    ),
)
def test_the_index_knows_all_objects_after_any_edits(plane: Any, edits: Any) -> None:
    index, given_numbers = ObjectIndex([plane[None]]), set(np.unique(plane).tolist())
    section = Section(plane[None], index)
    for kind, points in edits:
        try:
            change = changed(ObjectEdit(kind, points=points, radius=2), section)
        except RequestError:
            continue
        box = tuple(slice(*each) for each in change.box)
        fresh = set(np.unique(change.after).tolist()) - set(np.unique(plane).tolist())
        assert not fresh & given_numbers, "a number that was given is never given again"
        given_numbers |= fresh
        plane[None][box] = change.after
        index.replace(change.box, change.before, change.after)
        there = [int(label) for label in np.unique(plane) if label]
        assert index.count == len(there)
        assert [label for label in range(index.top + 1) if index.holds(label)] == there
        for label in there:
            _, (y0, y1), (x0, x1) = index.box_of([label])
            rows, columns = np.nonzero(plane == label)
            assert y0 <= rows.min() <= rows.max() < y1
            assert x0 <= columns.min() <= columns.max() < x1


AXES = {(1, 2): 0, (1, 0): 2, (0, 2): 1}
KINDS = ["merge", "cut", "seeds", "delete", "add", "brush", "erase"]


@settings(deadline=None)
@given(
    labels(), labels(), st.sampled_from(KINDS), st.lists(POINT, min_size=2, max_size=4),
    st.sampled_from([*AXES]),
)  # fmt: skip
def test_an_edit_in_any_slice_is_that_of_the_volume_turned(
    first: Any, second: Any, kind: Any, points: Any, axes: tuple[int, int]
) -> None:
    """What is drawn in rows and columns is the same wherever these lie in the volume."""
    edit = ObjectEdit(kind, points=points, radius=2)
    upright = np.stack([first, second, second])

    def edited(volume: Any, **how: Any) -> Any:
        section = Section(volume, ObjectIndex([volume]), **how)
        try:
            change = changed(edit, section)
        except RequestError as error:
            return str(error)
        found = volume.copy()
        found[tuple(slice(*each) for each in change.box)] = change.after
        return found

    turn = (AXES[axes], *axes)  # which axis of the turned volume is z, y and x
    turned = upright.transpose(np.argsort(turn))
    found, wanted = edited(turned, axes=axes, at=1), edited(upright, at=1)
    if isinstance(wanted, str):
        assert found == wanted
        return
    np.testing.assert_array_equal(found.transpose(turn), wanted)
    if kind not in ("merge", "delete"):
        np.testing.assert_array_equal(wanted[[0, 2]], upright[[0, 2]])


def test_numbers_beyond_all_room_are_refused() -> None:
    with pytest.raises(RequestError, match="number them anew first"):
        ObjectIndex([np.array([[[0, 2**30]]], np.int32)])
