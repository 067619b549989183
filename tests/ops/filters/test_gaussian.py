"""The Gaussian agrees with SciPy, leaves NaN out, and knows units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from graticule.core import as_image
from graticule.core.errors import ParameterError, UnitsError
from graticule.ops.filters.gaussian import gaussian

SHAPES = st.one_of(
    st.tuples(st.integers(1, 40)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
)


@settings(max_examples=80)
@given(
    shape=SHAPES,
    sigma=st.floats(0.0, 6.0),
    truncate=st.floats(1.0, 6.0),
    dtype=st.sampled_from([np.uint8, np.int16, np.float32, np.float64]),
    seed=st.integers(0, 2**16),
)
def test_agrees_with_scipy(
    shape: tuple[int, ...], sigma: float, truncate: float, dtype: type, seed: int
) -> None:
    image = (np.random.default_rng(seed).random(shape) * 100).astype(dtype)
    wanted = ndimage.gaussian_filter(
        image.astype(np.float64), sigma, truncate=truncate, mode="reflect"
    )
    found = gaussian(image, sigma=sigma, truncate=truncate)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-4)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**16), sigma=st.floats(0.5, 3.0))
def test_nan_has_no_weight(seed: int, sigma: float) -> None:
    rng = np.random.default_rng(seed)
    image = rng.random((15, 17))
    known = rng.random(image.shape) > 0.3
    found = gaussian(np.where(known, image, np.nan), sigma=sigma)
    weight = ndimage.gaussian_filter(known.astype(float), sigma)
    total = ndimage.gaussian_filter(np.where(known, image, 0.0), sigma)
    near = weight > 1e-4
    np.testing.assert_allclose(found[near], (total / np.where(near, weight, 1))[near], rtol=1e-3)
    assert np.isnan(gaussian(np.full((3, 4), np.nan), sigma=sigma)).all()


def test_a_constant_image_stays_as_it_is() -> None:
    np.testing.assert_allclose(gaussian(np.full((20, 30), 7.0), sigma=3), 7, rtol=1e-6)


def test_spacing_is_respected() -> None:
    values = np.random.default_rng(0).random((24, 20))
    image = as_image(values, spacing={"y": "100 nm", "x": "0.2 um"})
    found = gaussian(image, sigma="0.3 um")
    np.testing.assert_allclose(found.values, ndimage.gaussian_filter(values, [3.0, 1.5]), rtol=1e-5)
    assert found.x.identical(image.x)


def test_other_dims_are_not_mixed() -> None:
    values = np.random.default_rng(1).random((4, 12, 12))
    found = gaussian(as_image(values, dims=["t", "y", "x"]), sigma=1)
    for frame, smooth in zip(values, found.values, strict=True):
        np.testing.assert_allclose(smooth, ndimage.gaussian_filter(frame, 1), rtol=1e-5)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnitsError, match="no size in pixels"):
        gaussian(np.zeros((4, 4)), sigma="1 um")
    with pytest.raises(ParameterError, match="at most 1e"):
        gaussian(np.zeros((4, 4)), sigma=1e9)
