"""Labels: what values mean, for whole sets of label images."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.core.errors import ImageError
from graticule.learn.data.labels import (
    Class,
    classes_of,
    decode_labels,
    encode_labels,
    label_values,
)

LABELS = hnp.arrays(
    st.sampled_from([np.uint8, np.int32, np.uint16]),
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=8),
    elements=st.integers(0, 9),
)


def image(values):
    return xr.DataArray(values, dims=("z", "y", "x")[-values.ndim :])


@given(LABELS)
def test_values_of_codes_are_the_labels(values):
    drawn = set(np.unique(values).tolist()) - {0}
    if len(drawn) < 2:
        return
    classes, kind = classes_of([image(values)])
    assert kind == "classes"
    found = encode_labels(values, classes, kind)
    assert set(np.unique(found)) - {-1} == set(range(len(drawn)))
    np.testing.assert_array_equal(np.where(found < 0, 0, decode_labels(found, classes)), values)


@given(LABELS, st.integers(1, 4))
def test_chunks_do_not_matter(values, size):
    whole = image(values)
    np.testing.assert_array_equal(label_values(whole.chunk(size)), np.unique(values))


def test_masks_are_dense():
    for mask in (image(np.eye(3, dtype=bool)), image(255 * np.eye(3, dtype=np.uint8))):
        classes, kind = classes_of([mask])
        assert kind == "mask"
        assert [each.value for each in classes] == [0, 1]
        np.testing.assert_array_equal(encode_labels(mask.values, classes, kind), np.eye(3))


def test_the_kind_is_that_of_the_whole_set():
    one, two = image(np.array([[0, 1]])), image(np.array([[0, 2]]))
    assert classes_of([one])[1] == "mask"
    assert classes_of([one, two])[1] == "classes"
    assert classes_of([one, two], "mask")[1] == "mask"


def test_huge_values_are_told_apart():
    values = np.array([[0, 70_000, 3_000_000]])
    classes, kind = classes_of([image(values)])
    assert encode_labels(values, classes, kind).tolist() == [[-1, 0, 1]]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.zeros((2, 2), int), "at least two classes"),
        (np.full((2, 2), 3), "at least two classes"),
        (np.array([[0, -1]]), "must be 0"),
        (np.array([[0.0, 1.0]]), "must be integers"),
        (np.arange(1000).reshape(10, 100), "at most 255"),
        (np.array([[0, 2**40, 1]]), "at most 2147483647"),
    ],
)
def test_what_is_no_labels_is_refused(values, what):
    with pytest.raises(ImageError, match=what):
        classes_of([image(values)])


def test_masks_need_both():
    with pytest.raises(ImageError, match="none of them has object"):
        classes_of([image(np.zeros((2, 2), bool))])


def test_a_label_of_no_class_is_refused():
    classes = (Class(1, "1"), Class(3, "3"))
    for stray in (2, 9, 70_000):
        with pytest.raises(ImageError, match=f"label {stray} is of no class"):
            encode_labels(np.array([1, 3, stray]), classes, "classes")


@pytest.mark.parametrize("dtype", [">i4", ">u8", "<u2"])
def test_bytes_of_labels_may_be_in_either_order(dtype):
    labels = xr.DataArray(np.array([[0, 700, 3]]).astype(dtype), dims=("y", "x"))
    assert label_values(labels).tolist() == [0, 3, 700]
    classes, kind = classes_of([labels])
    assert encode_labels(labels.values, classes, kind).tolist() == [[-1, 1, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_largest_value_of_a_type_may_be_a_class(dtype):
    last = np.iinfo(dtype).max
    labels = np.array([[0, 1, last]], dtype)
    classes, kind = classes_of([xr.DataArray(labels, dims=("y", "x"))])
    assert encode_labels(labels, classes, kind).tolist() == [[-1, 0, 1]]
