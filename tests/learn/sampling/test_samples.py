"""Samples: what is chosen depends on places and seed, and keeps the rare."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.learn.sampling.class_quotas import class_quotas, weights
from graticule.learn.sampling.samples import choose_samples, match_labels
from graticule.learn.splits.fold import Masks, everywhere
from graticule.learn.splits.splits import by_image

SPARSE = hnp.arrays(np.int8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
                    elements=st.integers(-1, 2))  # fmt: skip


def chosen(labels, image=None, where=None, **options):
    options = {"most": None, "seed": 0, **options}
    values = xr.DataArray(labels, dims=("y", "x"))
    image = xr.zeros_like(values, dtype=np.float32) if image is None else image
    return choose_samples(
        match_labels(image, values, where), lambda v: v.astype(np.int16), 3, **options
    )


@settings(deadline=None)  # the first call compiles
@given(SPARSE)
def test_without_a_limit_all_labelled_samples_are_chosen(labels):
    found = chosen(labels)
    np.testing.assert_array_equal(found.index[0], np.flatnonzero(labels >= 0))
    np.testing.assert_array_equal(found.codes, labels.ravel()[found.index[0]])


@settings(deadline=None)
@given(SPARSE, st.integers(3, 60), st.integers(0, 5), st.booleans())
def test_what_is_chosen_is_a_part_of_it(labels, most, seed, balance):
    found = chosen(labels, most=most, seed=seed, balance=balance)
    assert len(found.codes) <= most
    assert (np.diff(found.index[0]) > 0).all()
    np.testing.assert_array_equal(found.codes, labels.ravel()[found.index[0]])
    np.testing.assert_array_equal(found.counts, [(labels == n).sum() for n in range(3)])
    taken = np.bincount(found.codes, minlength=3)
    assert (taken[found.counts > 0] > 0).all()
    assert taken.sum() >= min(most - 3, found.counts.sum())


def test_chunks_do_not_matter():
    labels = np.random.default_rng(0).integers(-1, 3, (90, 70)).astype(np.int8)
    image = xr.DataArray(np.zeros((90, 70), np.float32), dims=("y", "x"))
    whole = chosen(labels, most=500)
    values = xr.DataArray(labels, dims=("y", "x"))
    for chunks in ({"y": 7, "x": 13}, {"y": 90, "x": 1}):
        pairs = match_labels(image.chunk(chunks), values.chunk(chunks))
        tiled = choose_samples(pairs, lambda v: v.astype(np.int16), 3, most=500, seed=0)
        np.testing.assert_array_equal(tiled.index[0], whole.index[0])


def test_slabs_do_not_matter(monkeypatch):
    labels = np.random.default_rng(0).integers(-1, 3, (90, 70)).astype(np.int8)
    whole = chosen(labels, most=500)
    monkeypatch.setattr("graticule.learn.data.labels._SAMPLES", 300)
    np.testing.assert_array_equal(chosen(labels, most=500).index[0], whole.index[0])


def test_many_samples_are_drawn_evenly():
    labels = np.zeros((2000, 1000), np.int8)
    found = chosen(labels, most=20_000)
    rows, columns = np.divmod(found.index[0], 1000)
    assert len(rows) == 20_000
    for place, size in ((rows, 2000), (columns, 1000)):
        share = np.histogram(place, 10, (0, size))[0] / 20_000
        np.testing.assert_allclose(share, 0.1, atol=0.012)  # about 5 widths of the binomial


def test_another_seed_chooses_others():
    labels = np.zeros((50, 50), np.int8)
    one, other = chosen(labels, most=100), chosen(labels, most=100, seed=1)
    assert len(np.intersect1d(one.index[0], other.index[0])) < 20


def test_images_draw_apart():
    labels = xr.DataArray(np.zeros((50, 50), np.int8), dims=("y", "x"))
    image = labels.astype(np.float32)
    pairs = match_labels([image, image], [labels, labels])
    found = choose_samples(pairs, lambda v: v.astype(np.int16), 3, most=200, seed=0)
    assert len(np.intersect1d(*found.index)) < 30


def test_a_rare_class_keeps_all():
    labels = np.zeros((100, 100), np.int8)
    labels[0, :7] = 1
    for balance in (True, False):
        found = chosen(labels, most=500, balance=balance)
        assert (found.codes == 1).sum() == 7


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=6),
    st.integers(6, 3000),
    st.booleans(),
    st.booleans(),
)
def test_shares_are_within_what_there_is(counts, most, balance, weighed):
    counts = np.array(counts)
    taken = class_quotas(counts, most, balance, weighed=weighed)
    assert (taken <= counts).all()
    assert (taken[counts > 0] > 0).all()
    assert taken.sum() <= most
    if counts.sum() >= most and balance:
        assert taken.sum() >= most - len(counts)


def test_weights_make_classes_equal_or_what_they_were():
    labels = np.zeros((100, 100), np.int8)
    labels[:2] = 1
    found = chosen(labels, most=300)
    balanced, true = (weights(found.codes, found.counts, balance) for balance in (True, False))
    sums = [np.bincount(found.codes, w if w is not None else None)[:2] for w in (balanced, true)]
    assert sums[0][0] == pytest.approx(sums[0][1])
    assert sums[1][0] / sums[1][1] == pytest.approx(9800 / 200)


def test_missing_samples_and_masked_ones_are_left_out():
    labels = np.array([[0, 1, 2, 0]], np.int8)
    image = xr.DataArray(np.array([[np.nan, 1, 1, np.inf]], np.float32), dims=("y", "x"))
    assert chosen(labels, image).index[0].tolist() == [1, 2]
    where = xr.DataArray([[True, False, True, True]], dims=("y", "x"))
    assert chosen(labels, image, where).index[0].tolist() == [2]


@given(SPARSE, st.integers(0, 2**32 - 1))
def test_missing_samples_are_left_out_wherever_they_are(labels, seed):
    values = np.random.default_rng(seed).choice([1, np.nan], labels.shape).astype(np.float32)
    image = xr.DataArray(values, dims=("y", "x"))
    wanted = np.flatnonzero((labels >= 0) & np.isfinite(values))
    assert chosen(labels, image).index[0].tolist() == wanted.tolist()


def test_of_an_image_no_more_is_read_than_lies_under_labels():
    read = []

    def block(block_info):
        read.append(tuple(a for a, _ in block_info[None]["array-location"]))
        return np.ones((32, 32), np.float32)

    lazy = da.map_blocks(block, chunks=((32,) * 8, (32,) * 8), dtype=np.float32)
    read.clear()
    labels = np.full((256, 256), -1, np.int8)
    labels[40:50, 100:120], labels[200, 33] = 1, 2
    found = chosen(labels, xr.DataArray(lazy, dims=("y", "x")))
    assert found.codes.size == 201
    assert set(read) == {(32, 96), (192, 32)}


def test_none_in_a_sequence_of_masks_is_nothing_of_that_image():
    labels = xr.DataArray(np.array([[0, 1, 2]], np.int8), dims=("y", "x"))
    image = xr.zeros_like(labels, dtype=np.float32)
    some = labels > 1

    def taken(where):
        pairs = match_labels([image, image], [labels, labels], where)
        found = choose_samples(pairs, lambda v: v.astype(np.int16), 3, most=None, seed=0)
        return [index.tolist() for index in found.index]

    assert taken(None) == [[0, 1, 2], [0, 1, 2]]
    assert taken([None, some]) == [[], [2]]
    assert taken(Masks([lambda: some, None])) == [[2], []]
    assert taken([everywhere(image), None]) == [[0, 1, 2], []]
    assert taken(by_image([image, image], folds=2, seed=0)[0].train) in (
        [[0, 1, 2], []], [[], [0, 1, 2]],
    )  # fmt: skip


def test_a_sample_is_missing_if_one_channel_is():
    labels = np.array([[0, 1]], np.int8)
    values = np.array([[[1, 1], [np.nan, 1]]], np.float32)
    image = xr.DataArray(values, dims=("y", "c", "x"))
    assert chosen(labels, image).index[0].tolist() == [1]


def test_what_does_not_go_together_is_refused():
    image = np.zeros((4, 5), np.float32)
    with pytest.raises(ImageError, match="one label image"):
        match_labels([image, image], [image])
    with pytest.raises(ImageError, match="image's sizes"):
        match_labels(image, np.zeros((5, 4)))
    with pytest.raises(ImageError, match="give its train"):
        match_labels([image, image], [image, image], by_image([as_image(image)] * 2, folds=2)[0])
    with pytest.raises(ImageError, match="mask of bools"):
        list(match_labels(image, image, np.zeros((4, 5)))[0].where().dims)
    with pytest.raises(ParameterError, match="at least one for each"):
        chosen(np.zeros((4, 5), np.int8), most=2)


def test_a_colour_picture_without_names_of_axes_is_told_how_to_get_them():
    with pytest.raises(ImageError, match="if it is a colour picture, name its axes"):
        match_labels(np.zeros((8, 9, 3)), np.zeros((8, 9), int))


def test_the_name_of_a_file_is_no_image():
    for names in (("a.tif", np.zeros((8, 9), int)), (np.zeros((8, 9)), "a.png")):
        with pytest.raises(ImageError, match=r"not the name of a file \(open it"):
            match_labels(*names)


def test_where_no_sample_may_be_used_it_is_said():
    labels = np.array([[1, 2], [1, 2]])
    values = xr.DataArray(np.full((2, 2), np.nan), dims=("y", "x"))
    with pytest.raises(ImageError, match="of 3 classes none has labelled samples"):
        chosen(labels, values).require_two(["a", "b", "c"])
