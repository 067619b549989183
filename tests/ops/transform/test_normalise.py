"""transform.normalise: mean and deviation, or percentiles, of the whole image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core.errors import ImageError, ParameterError

IMAGES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=9),
    elements=st.floats(-1000, 1000, width=16),
)
RUN = gt.op("transform.normalise")


@settings(deadline=None)
@given(IMAGES)
def test_it_is_numpys_mean_and_deviation(image):
    wide = image.astype(np.float64)
    expected = (wide - wide.mean()) / (wide.std() + 1e-6)
    np.testing.assert_allclose(RUN(image), expected, rtol=1e-5, atol=1e-5)


@settings(deadline=None)
@given(st.integers(0, 99), st.floats(0, 40), st.floats(60, 100))
def test_as_many_values_are_below_and_above_as_it_says(seed, low, high):
    image = np.random.default_rng(seed).normal(size=(70, 80))
    found = RUN(image, method="percentiles", low=low, high=high, eps=0)
    sample = 150 / image.size
    assert (found < 0).mean() * 100 == pytest.approx(low, abs=sample)
    assert (found <= 1).mean() * 100 == pytest.approx(high, abs=sample)
    slope, offset = np.polyfit(image.ravel(), found.ravel(), 1)
    np.testing.assert_allclose(found, slope * image + offset, atol=1e-4)


def test_percentiles_of_whole_numbers_are_numpys():
    image = np.random.default_rng(0).integers(0, 256, (90, 90)).astype(np.uint8)
    lowest, highest = np.percentile(image, [1, 99.8])
    expected = (image - lowest) / (highest - lowest + 1e-6)
    np.testing.assert_allclose(RUN(image, method="percentiles"), expected, atol=1e-4)


@settings(deadline=None)
@given(IMAGES.filter(lambda image: image.std() > 1), st.floats(0.5, 4), st.floats(-50, 50))
def test_brightness_and_contrast_change_nothing(image, gain, offset):
    lowest, highest = np.percentile(image, [1, 99.8])
    wide = highest - lowest > np.ptp(image) / 100  # else rounding of the product is the width
    for method in ("mean_deviation", *(["percentiles"] if wide else [])):
        one, other = (RUN(each, method=method, eps=0) for each in (image, image * gain + offset))
        np.testing.assert_allclose(one, other, atol=2e-2)


def test_what_is_missing_stays_and_does_not_count():
    image = np.array([[1.0, np.nan, 3.0], [np.inf, 1.0, 3.0]])
    found = RUN(image, eps=0)
    np.testing.assert_array_equal(found, [[-1, np.nan, 1], [np.inf, -1, 1]])


def test_a_constant_image_is_zero_and_nothing_finite_is_an_error():
    for method in ("mean_deviation", "percentiles"):
        for eps in (0, 1e-6):
            assert not RUN(np.full((3, 3), 7), method=method, eps=eps).any()
    with pytest.raises(ImageError, match="no finite value"):
        RUN(np.full((2, 2), np.nan))
    with pytest.raises(ParameterError, match="less than high"):
        RUN(np.eye(3), low=50, high=50)


@settings(deadline=None)
@given(IMAGES, st.floats(0, 49), st.floats(51, 100), st.sampled_from([0, 1e9, -1e9]))
def test_percentiles_are_numpys(image, low, high, offset):
    image = image.astype(np.float64) + offset
    lowest, highest = np.percentile(image, [low, high])
    found = RUN(image, method="percentiles", low=low, high=high, eps=1)
    expected = (image - lowest) / (highest - lowest + 1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("hot", [1e6, -1e6, 1e30])
def test_a_hot_pixel_does_not_change_the_scale_of_the_others(hot):
    image = np.random.default_rng(0).random((100, 100)).astype(np.float32)
    image[3, 4] = hot
    found = RUN(image, method="percentiles", low=1, high=99, eps=0)
    np.testing.assert_allclose(np.percentile(found, [1, 50, 99]), [0, 0.5, 1], atol=0.01)
