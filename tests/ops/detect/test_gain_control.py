"""detect.gain_control: one height everywhere, whatever the amplitude was."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import graticule as gt
from graticule.core import as_image

DIMS = ("time", "distance")


def _noise(seed: int = 0, shape: tuple[int, int] = (90, 70)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_it_is_the_formula() -> None:
    values = _noise()
    mean_square = gaussian_filter(values**2, (5, 9), mode="reflect")
    expected = values / np.sqrt(mean_square + 0.01 * np.mean(values**2))
    result = gt.detect.gain_control(as_image(values, dims=DIMS), time=5, distance=9)
    np.testing.assert_allclose(result, expected, rtol=1e-4)


@given(factor=st.floats(1e-6, 1e6))
def test_the_unit_of_the_image_does_not_matter(factor: float) -> None:
    image = as_image(_noise(), dims=DIMS)
    plain, scaled = (gt.detect.gain_control(image * by) for by in (1.0, factor))
    np.testing.assert_allclose(scaled, plain, rtol=1e-4, atol=1e-5)


def test_a_burst_and_an_amplitude_that_falls_are_brought_to_one_height() -> None:
    falling = np.exp(-np.arange(70) / 60)
    burst = 1 + 4 * np.exp(-0.5 * ((np.arange(90) - 45) / 15) ** 2)
    image = as_image(_noise() * falling * burst[:, None], dims=DIMS)
    even = gt.detect.gain_control(image).values
    frames, columns = even.std(axis=1), even.std(axis=0)
    assert frames.max() / frames.min() < 2
    assert columns[:10].mean() / columns[-10:].mean() < 1.3


def test_windows_have_units_and_missing_samples_are_not_counted() -> None:
    values = _noise()
    spacing = {"time": "0.5 min", "distance": "2 Mm"}
    image = as_image(values, dims=DIMS, spacing=spacing)
    with_units = gt.detect.gain_control(image, time="2.5 min", distance="18 Mm")
    in_samples = gt.detect.gain_control(image, time=5, distance=9)
    np.testing.assert_array_equal(with_units, in_samples)
    image[20:40, 30:50] = np.nan
    kept, zero = (gt.detect.gain_control(image, missing=way) for way in ("keep", "zero"))
    np.testing.assert_array_equal(np.isnan(kept), np.isnan(image))
    np.testing.assert_array_equal(zero, kept.fillna(0))
    edge = kept.values[15:45, 25:30]
    assert 0.8 < edge.std() < 1.2
