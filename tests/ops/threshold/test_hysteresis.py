"""Hysteresis: scikit-image's, and one whose strict mask is opened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters, morphology

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError

IMAGES = hnp.arrays(np.int16, hnp.array_shapes(max_dims=3, max_side=9), elements=st.integers(0, 9))
run = gt.op("threshold.hysteresis")


@given(image=IMAGES, low=st.integers(0, 9), more=st.integers(0, 5))
def test_equals_scikit_image(image: Any, low: int, more: int) -> None:
    expected = filters.apply_hysteresis_threshold(image, low, low + more)
    np.testing.assert_array_equal(run(image, low=low, high=low + more), expected)


@pytest.mark.parametrize("picture", ["coins", "camera", "retina"])
def test_equals_scikit_image_on_photographs(picture: str) -> None:
    image = getattr(data, picture)()
    image = image[..., 1] if image.ndim == 3 else image
    low, high = np.quantile(image, [0.7, 0.9])
    expected = filters.apply_hysteresis_threshold(image, low, high)
    np.testing.assert_array_equal(run(image, low=low, high=high), expected)


@given(image=IMAGES, low=st.integers(0, 9))
def test_equal_thresholds_are_one_threshold(image: Any, low: int) -> None:
    np.testing.assert_array_equal(run(image, low=low, high=low), image > low)


def test_opening_leaves_out_what_is_thin_where_it_is_bright() -> None:
    image = data.coins()
    strict = morphology.opening(image > 160, morphology.disk(3))
    loose = image > 120
    expected = morphology.reconstruction(strict, loose, footprint=morphology.disk(1)) > 0
    found = run(image, low=120, high=160, opening=3)
    np.testing.assert_array_equal(found, expected)
    assert found.sum() < run(image, low=120, high=160).sum()


def test_noise_starts_no_object_when_the_strict_mask_is_opened() -> None:
    image = np.zeros((20, 20))
    image[3, 3] = 9
    image[10:15, 10:15] = 9
    found = run(image, low=4, high=8, opening=1)
    assert not found[3, 3]
    assert found[12, 12]


def test_corners_connect_where_they_are_told_to() -> None:
    image = np.array([[9, 0], [0, 5]])
    assert run(image, low=4, high=8).sum() == 1
    assert run(image, low=4, high=8, connectivity=2).sum() == 2


def test_nothing_outside_the_mask_and_no_way_through_it() -> None:
    image, mask = np.array([9, 5, 5, 5]), np.array([True, True, False, True])
    np.testing.assert_array_equal(run(image, mask, low=4, high=8), [True, True, False, False])


def test_along_other_dims_nothing_is_connected() -> None:
    stack = as_image(np.array([[9, 0], [5, 5]]), dims=("t", "x"))
    np.testing.assert_array_equal(run(stack, low=4, high=8).values, [[True, False], [False] * 2])


def test_the_loose_threshold_is_not_the_higher_one() -> None:
    with pytest.raises(ParameterError, match=r"low: must be at most high \(3\), not 5"):
        run(np.zeros((3, 3)), low=5, high=3)


def test_an_image_without_a_value_has_no_mask() -> None:
    with pytest.raises(ImageError, match="no value"):
        gt.threshold.hysteresis(np.full((4, 4), np.nan), low=0, high=1)
