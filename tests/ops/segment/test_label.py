"""segment.label: the partition of scikit-image, numbered by first appearance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import measure

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.segment import _runs
from graticule.pipeline.tiles import run_tiled

DIMS = ("t", "z", "y", "x")
MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=1, max_dims=3, max_side=12))


def first_appearances(labels: Any) -> list[int]:
    found, index = np.unique(labels[labels > 0], return_index=True)
    return list(found[np.argsort(index)])


@given(mask=MASKS, data=st.data())
def test_equals_scikit_image(mask: Any, data: st.DataObject) -> None:
    connectivity = data.draw(st.integers(1, mask.ndim))
    labels = gt.op("segment.label")(mask, connectivity=connectivity)
    np.testing.assert_array_equal(labels, measure.label(mask, connectivity=connectivity))
    assert labels.dtype == np.int32
    assert first_appearances(labels) == list(range(1, labels.max(initial=0) + 1))


@pytest.mark.parametrize("shape", [(90, 61), (64, 640), (17, 23, 40), (300, 1), (1, 999)])
@pytest.mark.parametrize("density", [0.02, 0.4, 0.6, 0.98])
def test_equals_scikit_image_in_many_parts(
    shape: tuple[int, ...], density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_runs, "_LEAST", 1)
    mask = np.random.default_rng(len(shape)).random(shape) < density
    for connectivity in range(1, mask.ndim + 1):
        labels = gt.op("segment.label")(mask, connectivity=connectivity)
        np.testing.assert_array_equal(labels, measure.label(mask, connectivity=connectivity))


@pytest.mark.parametrize("width", [1, 63, 64, 65, 127, 128, 200])
def test_ends_of_rows_within_and_at_words(width: int) -> None:
    mask = np.random.default_rng(width).random((41, width)) < 0.5
    for value in (True, False):
        for connectivity in (1, 2):
            parts = _runs.parts_of(mask, range(2), connectivity, value=value)
            wanted = measure.label(mask == value, connectivity=connectivity)
            np.testing.assert_array_equal(parts.labelled(), wanted)


@given(mask=MASKS, data=st.data())
def test_parts_know_their_size_their_border_and_what_meets_them(
    mask: Any, data: st.DataObject
) -> None:
    value = data.draw(st.booleans())
    labels = measure.label(mask == value, connectivity=1)
    parts = _runs.parts_of(mask, range(mask.ndim), 1, value=value)
    np.testing.assert_array_equal(parts.labelled(), labels)
    np.testing.assert_array_equal(parts.sizes()[1:], np.bincount(labels.ravel())[1:])
    seeds = data.draw(hnp.arrays(bool, mask.shape))
    axes = data.draw(st.sets(st.integers(0, mask.ndim - 1), min_size=1))
    ends = np.zeros(mask.shape, bool)
    for axis in axes:
        np.moveaxis(ends, axis, 0)[[0, -1]] = True
    for met, marks in ((parts.met_by(seeds), seeds), (parts.at_border(list(axes)), ends)):
        wanted = set(np.unique(labels[marks])) - {0}
        assert set(np.flatnonzero(met)) == wanted


@settings(max_examples=8)
@given(mask=hnp.arrays(bool, (3, 4, 5, 6)), connectivity=st.integers(1, 3), data=st.data())
def test_other_dims_are_not_joined_in_tiles_either(
    mask: Any, connectivity: int, data: st.DataObject
) -> None:
    image = as_image(mask, dims=DIMS)
    whole = gt.op("segment.label")(image, connectivity=connectivity)
    expected, count = np.zeros(mask.shape, int), 0
    for index, part in enumerate(mask):
        found = measure.label(part, connectivity=connectivity)
        expected[index] = np.where(found > 0, found + count, 0)
        count += found.max()
    np.testing.assert_array_equal(whole, expected)
    tile = {dim: data.draw(st.integers(1, 4)) for dim in DIMS}
    tiled = run_tiled("segment.label", [image], {"connectivity": connectivity}, tile=tile)
    np.testing.assert_array_equal(tiled, whole)


def test_dims_may_come_in_any_order() -> None:
    mask = np.random.default_rng(1).random((6, 3, 7)) > 0.5
    image = as_image(mask, dims=("y", "t", "x"))
    labels = gt.op("segment.label")(image)
    assert labels.dims == image.dims
    assert first_appearances(labels.values) == list(range(1, int(labels.max()) + 1))
    for index in range(3):
        ours, theirs = labels.values[:, index], measure.label(mask[:, index], connectivity=1)
        assert len(np.unique(np.stack([ours, theirs]).reshape(2, -1), axis=1).T) == len(
            np.unique(theirs)
        )


def test_more_connectivity_than_dims_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"segment.label: connectivity: .*at most 2"):
        gt.op("segment.label")(np.ones((3, 3), bool), connectivity=3)


def test_grey_values_are_no_mask() -> None:
    with pytest.raises(ImageError, match="mask of bools"):
        gt.op("segment.label")(np.ones((3, 3)))
