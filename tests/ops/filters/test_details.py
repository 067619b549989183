"""Difference of Gaussians, unsharp mask, tophat and reconstruction, against scikit-image."""

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

COINS = data.coins()[:120, :130]
GREY = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=9))


@pytest.mark.parametrize("high", [1.6, 4.0])
def test_difference_of_gaussians_equals_scikit_image(high: float) -> None:
    image = COINS.astype(np.float64)
    found = gt.op("filters.difference_of_gaussians")(image, sigma_high=high)
    wanted = filters.difference_of_gaussians(image, 1, high, mode="reflect")
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    turned = gt.op("filters.difference_of_gaussians")(image, sigma_low=high, sigma_high=1)
    np.testing.assert_array_equal(turned, -found)


def test_a_band_pass_gives_nothing_for_what_does_not_vary() -> None:
    flat = gt.op("filters.difference_of_gaussians")(np.full((20, 20), 7.0), sigma_high="3")
    np.testing.assert_allclose(flat, 0, atol=2e-6)


@pytest.mark.parametrize("amount", [0.0, 0.5, 3.0])
def test_unsharp_mask_equals_scikit_image(amount: float) -> None:
    image = COINS.astype(np.float64)
    found = gt.op("filters.unsharp_mask")(image, sigma=2, amount=amount)
    wanted = filters.unsharp_mask(image, 2, amount, preserve_range=True)
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_unsharp_mask_leaves_nan_as_it_is() -> None:
    image = COINS.astype(np.float32)
    image[7, 9] = np.nan
    found = gt.op("filters.unsharp_mask")(image)
    assert np.argwhere(np.isnan(found)).tolist() == [[7, 9]]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int32", "float32"])
@pytest.mark.parametrize("method", ["white", "black"])
def test_tophat_equals_scikit_image(method: str, dtype: str) -> None:
    image = (COINS > 90) if dtype == "bool" else COINS.astype(dtype)
    found = gt.op("filters.tophat")(image, radius=4, method=method)
    wanted = getattr(morphology, f"{method}_tophat")(image, morphology.disk(4), mode="ignore")
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, wanted)


@given(GREY, st.integers(0, 3))
def test_black_is_white_of_the_negative(image: Any, radius: int) -> None:
    white = gt.op("filters.tophat")(image, radius=radius)
    black = gt.op("filters.tophat")(255 - image, radius=radius, method="black")
    np.testing.assert_array_equal(white, black)
    assert (white <= image).all()


def test_a_difference_too_large_is_the_largest() -> None:
    image = np.array([-128, 127, -128], np.int8)
    assert gt.op("filters.tophat")(image).tolist() == [0, 127, 0]
    steep = np.array([-np.inf, np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(gt.op("filters.tophat")(steep), [0, 0, 0, np.nan])


@pytest.mark.parametrize("method", ["dilation", "erosion"])
@pytest.mark.parametrize("connectivity", [1, 2])
def test_reconstruction_equals_scikit_image(method: str, connectivity: int) -> None:
    image = COINS.astype(np.int16)
    marker = image - 30 if method == "dilation" else image + 30
    around = morphology.diamond(1) if connectivity == 1 else np.ones((3, 3))
    wanted = morphology.reconstruction(marker, image, method=method, footprint=around)
    run = gt.op("filters.reconstruction")
    found = run(image, marker, method=method, connectivity=connectivity)
    np.testing.assert_array_equal(found, wanted)


def test_reconstruction_does_not_mix_other_dims() -> None:
    values = np.random.default_rng(0).normal(size=(10, 11, 3))
    image = as_image(values, dims=("y", "x", "c"))
    found = gt.op("filters.reconstruction")(image, (image - 1).transpose("c", "x", "y"))
    assert found.dims == image.dims
    for c in range(3):
        one = gt.op("filters.reconstruction")(values[..., c], values[..., c] - 1)
        np.testing.assert_array_equal(found[..., c], one)


def test_what_cannot_be_reconstructed_is_refused() -> None:
    run = gt.op("filters.reconstruction")
    with pytest.raises(ImageError, match="cannot hold"):
        run(COINS, COINS - 0.5)
    with pytest.raises(ImageError, match="cannot hold"):
        run(COINS, COINS.astype(int) - 300)
    with pytest.raises(ParameterError, match="connectivity"):
        run(COINS, COINS, connectivity=3)
    with pytest.raises(ImageError, match="dims of the image"):
        run(COINS, as_image(COINS[0], dims=["x"]))
