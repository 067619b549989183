"""Channels: one taken, or all combined to grey."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color, data

from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.transform.grey import grey
from graticule.ops.transform.select import select


def test_grey_is_the_luminance_of_scikit_image() -> None:
    image = as_image(data.astronaut()[::4, ::4], dims=["y", "x", "c"], spacing={"y": "1 um"})
    found = grey(image)
    np.testing.assert_allclose(found.values / 255, color.rgb2gray(image.values), atol=1e-6)
    assert found.dims == ("y", "x")
    assert found.y.attrs["units"] == "um"


def test_opacity_is_left_out_and_other_channels_are_averaged() -> None:
    values = np.random.default_rng(0).random((4, 5, 4)).astype(np.float32)
    image = as_image(values, dims=["y", "x", "c"])
    np.testing.assert_allclose(grey(image), grey(image.isel(c=slice(0, 3))), rtol=1e-6)
    two = image.isel(c=slice(0, 2))
    np.testing.assert_allclose(grey(two), values[..., :2].mean(-1), rtol=1e-6)
    np.testing.assert_allclose(grey(two, weights=(0, 2)), 2 * values[..., 1], rtol=1e-6)


def test_one_sample_is_taken_and_the_dim_goes() -> None:
    image = as_image(np.arange(24).reshape(2, 3, 4), dims=["c", "y", "x"])
    for index in (-2, -1, 0, 1):
        assert select(image, index=index).identical(image.isel(c=index, drop=True))


def test_what_is_not_there_is_refused() -> None:
    image = as_image(np.zeros((3, 4, 2)), dims=["y", "x", "c"])
    with pytest.raises(ImageError, match="0 to 1; there is no 2"):
        select(image, index=2)
    with pytest.raises(ImageError, match="must have the dim t"):
        select(image, dim="t")
    with pytest.raises(ParameterError, match="without channels"):
        grey(np.zeros((3, 4)), weights=(1, 1))
    with pytest.raises(ParameterError, match="3 weights for 2 channels"):
        grey(image, weights=(1, 1, 1))


def test_what_is_grey_already_keeps_its_values() -> None:
    image = np.arange(12, dtype=np.uint16).reshape(3, 4)
    found = grey(image)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image)
