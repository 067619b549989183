"""Reconstruction, small parts, new numbers, joins, growth and skeletons, against scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data as pictures
from skimage import measure, morphology, segmentation

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.pipeline.tiles import run_tiled

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=10)
MASKS = hnp.arrays(bool, SHAPES)
LABELS = hnp.arrays(np.int32, SHAPES, elements=st.sampled_from([0, 0, 0, 3, 1, 70]))


def same_partition(one: Any, other: Any) -> bool:
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).shape[1]
    return bool(pairs == len(np.unique(one)) == len(np.unique(other)))


@given(MASKS, st.data())
def test_reconstruction_equals_scikit_image(mask: Any, data: st.DataObject) -> None:
    connectivity = data.draw(st.integers(1, mask.ndim))
    marker = data.draw(hnp.arrays(np.bool_, mask.shape))
    bits, seed = mask.astype(int), (marker & mask).astype(int)
    footprint = ndimage.generate_binary_structure(mask.ndim, connectivity)
    expected = morphology.reconstruction(seed, bits, "dilation", footprint)
    found = gt.op("segment.reconstruction")(mask, marker, connectivity=connectivity)
    np.testing.assert_array_equal(found, expected.astype(bool))


@given(MASKS, st.integers(0, 9), st.data())
def test_small_parts_go_as_in_scikit_image(mask: Any, least: int, data: st.DataObject) -> None:
    connectivity = data.draw(st.integers(1, mask.ndim))
    params = {"min_size": least, "connectivity": connectivity}
    for value, name in ((True, "objects"), (False, "holes")):
        parts = measure.label(mask == value, connectivity=connectivity)
        small = (np.bincount(parts.ravel()) < least)[parts] & (parts > 0)
        found = gt.op(f"segment.remove_small_{name}")(mask, **params)
        np.testing.assert_array_equal(found, np.where(small, not value, mask))


def test_small_parts_are_found_by_volume_and_in_each_time() -> None:
    mask = np.random.default_rng(1).random((3, 12, 13)) > 0.6
    image = as_image(mask, dims=("t", "y", "x"), spacing={"y": "0.5 um", "x": "2 um"})
    found = gt.op("segment.remove_small_objects")(image, min_size="4 um2")
    for index in range(3):
        alone = gt.op("segment.remove_small_objects")(mask[index], min_size=4)
        np.testing.assert_array_equal(found[index], alone)


@given(LABELS, st.sampled_from([1, 2**20, 2**31]))
def test_relabel_goes_by_first_appearance(labels: Any, factor: int) -> None:
    found = gt.op("segment.relabel")(labels.astype(np.int64) * factor)
    assert same_partition(found, labels)
    np.testing.assert_array_equal(found == 0, labels == 0)
    values, first = np.unique(found[found > 0], return_index=True)
    assert list(values) == list(range(1, len(values) + 1))
    assert (np.diff(first) > 0).all()
    np.testing.assert_array_equal(gt.op("segment.relabel")(found), found)


@given(LABELS, st.integers(0, 2**16))
def test_join_is_the_partition_of_scikit_image(labels: Any, seed: int) -> None:
    others = np.random.default_rng(seed).integers(0, 4, labels.shape)
    found = gt.op("segment.join")(labels, others)
    expected = segmentation.join_segmentations(labels, others)
    assert same_partition(found, expected)
    np.testing.assert_array_equal(found == 0, (labels == 0) & (others == 0))
    np.testing.assert_array_equal(found, gt.op("segment.relabel")(found))


def test_many_labels_and_pairs_of_any_size_are_told_apart() -> None:
    labels, others = np.random.default_rng(0).integers(0, 2**63, (2, 20_000))
    labels[::7], others[::5] = labels[-7], 2**40
    labels[3:6], others[4:7] = 0, 0
    pairs = np.stack([labels, others], axis=1)
    for found, keys in (
        (gt.op("segment.relabel")(labels), labels[:, None]),
        (gt.op("segment.join")(labels, others), pairs),
    ):
        _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))[index.ravel()]  # by first appearance
        background = ~keys.any(axis=1)
        after = order > order[background][0]
        np.testing.assert_array_equal(found, np.where(background, 0, order + 1 - after))


def test_join_of_other_dims_is_refused() -> None:
    flat = as_image(np.ones((3, 3), int), dims=("t", "x"))
    with pytest.raises(ImageError, match="same dims"):
        gt.op("segment.join")(as_image(np.ones((3, 3), int)), flat)


@given(LABELS, st.sampled_from([0, 1, 1.5, 2, 3, 4.5]), st.data())
def test_labels_grow_to_the_nearest(labels: Any, distance: float, data: st.DataObject) -> None:
    image = as_image(labels)
    found = gt.op("segment.expand_labels")(image, distance=distance)
    far = {
        number: ndimage.distance_transform_edt(labels != number)
        for number in np.unique(labels[labels > 0])
    }
    best, expected = np.full(labels.shape, np.inf), np.zeros_like(labels)
    for number, away in far.items():  # in rising order, so that the lowest wins a tie
        closer = (away < best) & (away <= distance)
        best[closer], expected[closer] = away[closer], number
    np.testing.assert_array_equal(found, expected)
    tile = {str(dim): data.draw(st.integers(2, 9)) for dim in image.dims}
    tiled = run_tiled("segment.expand_labels", [image], {"distance": distance}, tile=tile)
    np.testing.assert_array_equal(tiled, found)


def test_growth_on_coins_is_that_of_scikit_image_but_for_ties() -> None:
    coins = pictures.coins()
    labels = measure.label(coins > 150, connectivity=1).astype(np.int32)
    found = gt.op("segment.expand_labels")(labels, distance=6)
    expected = segmentation.expand_labels(labels, 6)
    np.testing.assert_array_equal(found > 0, expected > 0)
    assert (found == expected).mean() > 0.99


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=12)))
def test_skeleton_equals_scikit_image(mask: Any) -> None:
    found = gt.op("segment.skeleton")(mask)
    expected = morphology.skeletonize(mask).astype(bool)
    objects = measure.label(mask, connectivity=mask.ndim)
    kept = np.isin(objects, np.unique(objects[expected]))
    np.testing.assert_array_equal(found & kept, expected)
    assert not (found & ~mask).any()
    assert set(np.unique(objects[found])) == set(np.unique(objects)) - {0}


@pytest.mark.parametrize(("width", "length"), [(2, 8), (4, 9), (2, 2), (6, 6)])
def test_a_tube_of_even_width_has_a_skeleton(width: int, length: int) -> None:
    mask = np.zeros((width + 4, width + 4, length + 4), bool)
    mask[2:-2, 2:-2, 2:-2] = True
    found = gt.op("segment.skeleton")(mask)
    assert 0 < found.sum() <= length
    assert measure.label(found, connectivity=3).max() == 1


def test_skeleton_of_the_horse_has_its_connection() -> None:
    horse = ~pictures.horse()
    thin = gt.op("segment.skeleton")(horse)
    assert (thin <= horse).all()
    assert measure.euler_number(thin) == measure.euler_number(horse)
    line = gt.op("segment.skeleton")(np.array([0, 1, 1, 1, 0, 1], bool))
    assert list(line.astype(int)) == [0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize("largest", [np.uint64(2**64 - 1), np.int64(2**63 - 1), np.uint8(255)])
def test_the_largest_labels_grow_as_they_are(largest: Any) -> None:
    labels = np.zeros((2, 6), largest.dtype)
    labels[0, 1], labels[0, 5] = largest, largest - 1
    found = gt.op("segment.expand_labels")(labels, distance=1)
    assert found.dtype == labels.dtype
    a, b = int(largest), int(largest) - 1
    assert found.tolist() == [[a, a, a, 0, b, b], [0, a, 0, 0, 0, b]]
