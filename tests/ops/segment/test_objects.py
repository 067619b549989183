"""Holes, border, size and outline of objects, against SciPy and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import measure, segmentation

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError, UnitsError

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=12)
MASKS = hnp.arrays(bool, SHAPES)
LABELS = MASKS.map(lambda mask: measure.label(mask, connectivity=1))


@given(MASKS)
def test_fill_holes_equals_scipy(mask: Any) -> None:
    np.testing.assert_array_equal(
        gt.op("segment.fill_holes")(mask), ndimage.binary_fill_holes(mask)
    )


def test_fill_holes_works_on_each_index_of_other_dims() -> None:
    mask = np.ones((3, 3, 3), bool)
    mask[:, 1, 1] = False
    image = as_image(mask, dims=("t", "y", "x"))
    assert gt.op("segment.fill_holes")(image).values.all()
    assert not gt.op("segment.fill_holes")(mask).all()


@given(LABELS, st.integers(0, 3))
def test_clear_border_equals_scikit_image(labels: Any, margin: int) -> None:
    if margin >= min(labels.shape):
        margin = 0
    expected = segmentation.clear_border(labels, buffer_size=margin)
    np.testing.assert_array_equal(gt.op("segment.clear_border")(labels, margin=margin), expected)


def test_a_margin_in_units_is_taken_axis_by_axis() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[2, 4], labels[4, 2] = 1, 2
    image = as_image(labels, spacing={"y": "1 um", "x": "2 um"})
    cleared = gt.op("segment.clear_border")(image, margin="3 um")
    assert set(np.unique(cleared)) == {0, 2}


@given(LABELS, st.integers(0, 9), st.integers(0, 9))
def test_filter_by_size_keeps_what_regionprops_measures(labels: Any, least: int, more: int) -> None:
    kept = gt.op("segment.filter_by_size")(labels, min_size=least, max_size=least + more)
    areas = np.bincount(labels.ravel())
    wanted = np.flatnonzero((areas >= least) & (areas <= least + more))
    np.testing.assert_array_equal(kept, np.where(np.isin(labels, wanted), labels, 0))


def test_a_size_in_units_is_the_same_number_of_pixels() -> None:
    labels = measure.label(np.random.default_rng(2).random((20, 20)) > 0.5, connectivity=1)
    image = as_image(labels, spacing={"y": "0.5 um", "x": "200 nm"})
    by_area = gt.op("segment.filter_by_size")(image, min_size="0.5 um2")
    np.testing.assert_array_equal(by_area, gt.op("segment.filter_by_size")(labels, min_size=5))
    with pytest.raises(UnitsError, match="does not fit the dims y, x"):
        gt.op("segment.filter_by_size")(image, min_size="0.5 um3")
    with pytest.raises(UnitsError, match="has no unit"):
        gt.op("segment.filter_by_size")(labels, min_size="0.5 um2")


def test_sizes_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ParameterError, match="max_size"):
        gt.op("segment.filter_by_size")(np.ones((3, 3), int), min_size=4, max_size=2)


@given(LABELS)
def test_outline_equals_the_inner_boundary_of_scikit_image(labels: Any) -> None:
    found = segmentation.find_boundaries(labels, connectivity=labels.ndim, mode="inner")
    np.testing.assert_array_equal(gt.op("segment.outline")(labels), np.where(found, labels, 0))


@given(LABELS, st.integers(0, 4))
def test_a_wider_outline_holds_the_narrower(labels: Any, width: int) -> None:
    narrow, wide = (gt.op("segment.outline")(labels, width=w) for w in (width, width + 1))
    assert ((narrow == 0) | (wide == labels)).all()
    assert ((wide == 0) | (wide == labels)).all()
