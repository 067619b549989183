"""Outlines along the edges of pixels: labels come back to the bit, and rings are sound."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.path import Path as Polygon
from scipy import ndimage

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.memory import process_bytes
from graticule.core.settings import memory_limited
from graticule.io.outlines import Shape, fill, trace
from graticule.io.outlines.trace import signed_area

LABELS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=9),
                    elements=st.integers(0, 3))  # fmt: skip
LAW = settings(deadline=None)  # the first call compiles


def _edges(ring):
    return zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True)


@LAW
@given(LABELS)
def test_labels_come_back_to_the_bit(labels):
    outlines = trace(labels)
    for groups in ([each.polygons for each in outlines], [[each.rings] for each in outlines]):
        shapes = [
            Shape(each.label, group, each.plane)
            for each, group in zip(outlines, groups, strict=True)
        ]
        found = fill(shapes, labels.shape, labels.dtype)
        np.testing.assert_array_equal(found.labels, labels)
        assert found.overlaps == 0


@LAW
@given(LABELS)
def test_areas_and_boxes_are_those_of_the_pixels(labels):
    planes = labels if labels.ndim == 3 else labels[None]
    for each in trace(labels):
        inside = planes[each.plane] == each.label
        y, x = np.nonzero(inside)
        assert each.area == inside.sum()
        assert each.box == (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)


@LAW
@given(LABELS)
def test_rings_pass_no_corner_twice_and_holes_run_the_other_way(labels):
    for each in trace(labels):
        for outer, *holes in each.polygons:
            assert signed_area(outer) > 0
            assert all(signed_area(hole) < 0 for hole in holes)
        for ring in each.rings:
            assert len(np.unique(ring, axis=0)) == len(ring)
            steps = [(x0 == x1, y0 == y1) for (x0, y0), (x1, y1) in _edges(ring)]
            assert all(one != other for one, other in itertools.pairwise(steps))
            assert all(sum(step) == 1 for step in steps)


@LAW
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
                  elements=st.integers(0, 1)))  # fmt: skip
def test_polygons_and_holes_are_as_many_as_scipy_counts(mask):
    parts, count = ndimage.label(mask)
    assert sum(len(each.polygons) for each in trace(mask)) == count
    largest = parts == 1 + np.argmax(np.bincount(parts[parts > 0])[1:]) if count else parts > 0
    _, background = ndimage.label(np.pad(~largest, 1, constant_values=True))
    assert sum(len(each.rings) - 1 for each in trace(largest)) == background - 1


@LAW
@given(st.integers(0, 2**32 - 1), st.integers(3, 9))
def test_what_is_within_is_as_matplotlib_says(seed, corners):
    ring = np.random.default_rng(seed).uniform(-3, 23, (corners, 2))
    found = fill([Shape(1, [[ring]])], (20, 20)).labels
    y, x = np.mgrid[:20, :20] + 0.5
    points = np.column_stack([x.ravel(), y.ravel()])
    closed = np.vstack([ring, ring[:1]])
    np.testing.assert_array_equal(found.ravel() == 1, Polygon(closed).contains_points(points))


def test_the_last_of_two_objects_has_what_both_hold():
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2]])
    found = fill([Shape(1, [[square]]), Shape(2, [[square + 1]])], (3, 3))
    assert found.labels.tolist() == [[1, 1, 0], [1, 2, 2], [0, 2, 2]]
    assert found.overlaps == 1


@pytest.mark.parametrize("point", [np.nan, np.inf, 1e300])
def test_a_point_that_is_no_place_is_refused(point):
    ring = np.array([[0, 0], [2, 0], [point, 2]])
    with pytest.raises(FormatError, match="no place"):
        fill([Shape(1, [[ring]])], (3, 3))


def test_an_outline_that_crosses_too_often_is_refused():
    zigzag = np.array([(at, 0 if at % 2 else 2_000_000) for at in range(30_000)], float)
    with (
        memory_limited(process_bytes() + 10**8),
        pytest.raises(UnsafeFileError, match="an outline would take"),
    ):
        fill([Shape(1, [[zigzag]])], (2_000_000, 1), np.uint8)


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (np.zeros((2, 2)), "whole numbers"),
        (np.zeros(3, int), "2 or 3 dims"),
        (np.full((2, 2), -1), "from 0"),
        (np.full((2, 2), 2**31), "from 0"),
    ],
)
def test_what_are_no_labels_is_refused(labels, what):
    with pytest.raises(FormatError, match=what):
        trace(labels)
