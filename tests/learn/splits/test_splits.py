"""learn.splits: every sample is held out once, and nothing near it is learned from."""

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from graticule.core import as_image
from graticule.core.errors import CheckError, ParameterError
from graticule.learn.splits import splits
from graticule.learn.splits.blocks import assign_folds, grid_blocks

SHAPES = st.one_of(
    st.tuples(st.integers(8, 40), st.integers(8, 40)),
    st.tuples(st.integers(4, 12), st.integers(4, 12), st.integers(4, 12)),
)


def held_out(folds, shape):
    return sum(np.asarray(fold.test[0], dtype=int) for fold in folds) + np.zeros(shape, int)


@settings(deadline=None, max_examples=60)
@given(
    SHAPES, st.integers(2, 5), st.integers(0, 4), st.sampled_from([None, 2, 5]), st.integers(0, 3)
)
def test_no_sample_within_the_buffer_is_learned_from(shape, folds, buffer, size, seed):
    image = as_image(np.zeros(shape))
    try:
        found = splits.by_blocks(image, folds=folds, size=size, buffer=buffer, seed=seed)
    except CheckError:
        assume(False)
    np.testing.assert_array_equal(held_out(found, shape), 1)
    for fold in found:
        test, train = fold.test[0].values, fold.train[0].values
        near = ndimage.maximum_filter(test, size=2 * buffer + 1, mode="constant")
        assert not (near & train).any()
        if buffer == 0:
            np.testing.assert_array_equal(train, ~test)


def test_what_is_not_near_is_all_learned_from():
    image = as_image(np.zeros((30, 40)))
    for fold in splits.by_blocks(image, folds=4, size=10, buffer={"y": 1, "x": 3}):
        near = ndimage.maximum_filter(fold.test[0].values, size=(3, 7), mode="constant")
        np.testing.assert_array_equal(fold.train[0].values, ~near)
        assert fold.buffer == {"y": 1, "x": 3}


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 5), st.integers(0, 10), st.integers(2, 6))
def test_every_fold_gets_of_every_class_what_it_can(folds, seed, blocks):
    rng = np.random.default_rng(seed)
    codes = np.zeros((10 * folds, 10 * blocks), np.int16)
    corners = [(y, x) for y in range(folds) for x in range(blocks)]
    for at in rng.permutation(len(corners))[:folds]:  # as many blocks with the rare class as folds
        y, x = corners[at]
        codes[10 * y + 4, 10 * x + 4] = 1
    labels = xr.DataArray(codes, dims=("y", "x"))
    for fold in splits.by_blocks(labels, folds=folds, size=10, labels=labels, seed=seed):
        assert codes[fold.test[0].values].sum() == 1


def test_a_cut_is_laid_so_that_all_parts_have_all_classes():
    codes = np.zeros((40, 40), np.int16)
    codes[:, :20] = 1  # quarters and columns would lack a class
    labels = xr.DataArray(codes, dims=("y", "x"))
    for fold in splits.by_blocks(labels, folds=4, labels=labels):
        assert set(np.unique(codes[fold.test[0].values])) == {0, 1}
        assert set(np.unique(codes[fold.train[0].values])) == {0, 1}


def test_unlabelled_samples_are_no_class():
    codes = np.full((20, 20), -1, np.int8)
    codes[2, 2] = codes[2, 17] = 0
    codes[17, 2] = codes[17, 17] = 1
    labels = xr.DataArray(codes, dims=("y", "x"))
    for fold in splits.by_blocks(labels, folds=2, labels=labels):
        assert set(codes[fold.test[0].values]) == {-1, 0, 1}


def test_channels_are_no_place():
    image = xr.DataArray(np.zeros((3, 20, 30)), dims=("c", "y", "x"))
    fold = splits.by_blocks(image, folds=2)[0]
    assert fold.test[0].dims == ("y", "x")


def test_the_same_seed_gives_the_same_split():
    image = as_image(np.zeros((40, 50)))
    a, b = (splits.by_blocks(image, folds=3, size=6, seed=7) for _ in range(2))
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one.test[0], other.test[0])
    c = splits.by_blocks(image, folds=3, size=6, seed=8)
    assert any((x.test[0] != y.test[0]).any() for x, y in zip(a, c, strict=True))


def test_several_images_are_cut_together():
    images = [as_image(np.zeros((20, 20))), as_image(np.zeros((20, 30)))]
    found = splits.by_blocks(images, folds=2, buffer=2)
    for number in range(2):
        total = sum(fold.test[number].values.astype(int) for fold in found)
        np.testing.assert_array_equal(total, 1)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 12), st.integers(2, 5), st.integers(0, 9))
def test_every_image_is_held_out_once(count, folds, seed):
    images = [as_image(np.zeros((3, 4))) for _ in range(count)]
    found = splits.by_image(images, folds, seed=seed)
    assert sorted(n for fold in found for n in fold.test.images) == list(range(count))
    sizes = [len(fold.test.images) for fold in found]
    assert max(sizes) - min(sizes) <= 1
    for fold in found:
        assert set(fold.train.images) | set(fold.test.images) == set(range(count))
        assert not set(fold.train.images) & set(fold.test.images)


def test_no_group_is_on_both_sides():
    images = [as_image(np.zeros((3, 4))) for _ in range(9)]
    groups = list("abcabcabc")
    for fold in splits.by_group(images, groups, 3):
        assert not {groups[n] for n in fold.train.images} & {groups[n] for n in fold.test.images}


def test_images_with_a_rare_class_are_shared_out():
    images = [as_image(np.zeros((3, 4))) for _ in range(6)]
    labels = [xr.DataArray(np.zeros((3, 4), np.int8), dims=("y", "x")) for _ in images]
    labels[0][0, 0] = labels[1][0, 0] = labels[2][0, 0] = 1
    for fold in splits.by_image(images, 3, labels=labels):
        assert len({0, 1, 2} & set(fold.test.images)) == 1


def test_halves_touch():
    first, second = splits.naive_halves(as_image(np.zeros((5, 9))))
    np.testing.assert_array_equal(first.train[0], second.test[0])
    np.testing.assert_array_equal(first.train[0], ~first.test[0])


def test_samples_are_held_out_once():
    found = splits.by_samples(as_image(np.zeros((9, 9))), 3)
    np.testing.assert_array_equal(held_out(found, (9, 9)), 1)


def test_masks_are_made_when_asked_for():
    image = xr.DataArray(np.broadcast_to(np.float32(0), (10**6, 10**6)), dims=("y", "x"))
    assert splits.by_image([image, image], 2)[0].test.images in ((0,), (1,))


def test_a_buffer_that_leaves_nothing_is_refused():
    with pytest.raises(CheckError, match="leaves no sample to learn from"):
        splits.by_blocks(as_image(np.zeros((20, 20))), folds=4, buffer=30)


def test_too_few_units_are_refused():
    with pytest.raises(CheckError, match="split by blocks where there is one image"):
        splits.by_image([as_image(np.zeros((4, 4)))])
    with pytest.raises(CheckError, match="4 folds need as many blocks"):
        splits.by_blocks(as_image(np.zeros((20, 20))), folds=4, size=15)
    with pytest.raises(ParameterError, match="2 or more"):
        splits.by_blocks(as_image(np.zeros((20, 20))), folds=1)


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(1, 12))
def test_blocks_hold_every_sample_once(shape, size):
    sizes = dict(zip("zyx", shape, strict=False))
    cuts = grid_blocks([sizes], size)
    assert sum(cut.samples for cut in cuts) == math.prod(shape)


def test_shares_are_even():
    weights = np.ones((12, 1))
    assert np.bincount(assign_folds(weights, 4, 0)).tolist() == [3, 3, 3, 3]


def strokes(shape, *places):
    """Class codes with a 3 x 3 stroke of a class at each place (class, y, x)."""
    codes = np.full(shape, -1, np.int16)
    for value, y, x in places:
        codes[y : y + 3, x : x + 3] = value
    return as_image(codes)


def test_strokes_in_one_corner_are_shared_out():
    # no grid of the image serves four folds: all strokes lie in the upper left quarter
    codes = strokes(
        (100, 100), *((v, y + 5 * v, x) for v in (0, 1) for y in (2, 30) for x in (2, 30))
    )
    found = splits.by_blocks(as_image(np.zeros((100, 100))), folds=4, buffer=4, labels=codes)
    np.testing.assert_array_equal(held_out(found, (100, 100)), 1)
    assert len(found) == 4
    for fold in found:
        assert (codes.values[fold.test[0].values] >= 0).any()
        assert set(codes.values[fold.train[0].values]) >= {0, 1}


def test_strokes_for_two_folds_give_two():
    codes = strokes((60, 60), (0, 2, 2), (1, 8, 2), (0, 2, 50), (1, 8, 50))
    found = splits.by_blocks(as_image(np.zeros((60, 60))), folds=4, buffer=12, labels=codes)
    assert [fold.name for fold in found] == ["blocks 1 of 2", "blocks 2 of 2"]


@pytest.mark.parametrize("size", [None, 30])
def test_strokes_that_lie_too_close_together_are_refused_with_the_way_out(size):
    codes = strokes((60, 60), (0, 20, 20), (1, 26, 20))
    image = as_image(np.zeros((60, 60)))
    with pytest.raises(CheckError, match=r"no label lies|fewer than two classes") as caught:
        splits.by_blocks(image, folds=2, size=size, buffer=12, labels=codes)
    assert "draw strokes of every class in other parts" in str(caught.value)
