"""Kernels: a linear model on a neighbourhood is a convolution, to the last digits."""

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage
from skimage import data

from graticule.core import as_image
from graticule.core.errors import RequestError
from graticule.learn import Features, PixelClassifier, PixelRegressor
from graticule.learn.explain.kernel import convolution_kernel


def window(size):
    return Features(kinds=(), sigmas=(), window=size)


def close(one, other, tolerance=1e-6):
    scale = float(np.nanmax(np.abs(other)))
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("estimator", ["linear", "logistic"])
def test_the_decision_is_the_convolution(size, estimator):
    image = data.brick()[:90, :110].astype(np.float32)
    labels = image > ndimage.gaussian_filter(image, 3)
    features = window(size) if size > 1 else Features(kinds=("value",), sigmas=())
    model = PixelClassifier(features, estimator).fit(image, labels)
    kernel = convolution_kernel(model)
    assert kernel.weights.shape == (size, size)
    plain = ndimage.convolve(image.astype(float), kernel.weights.values, mode="reflect")
    close(model.decision(image), plain + float(kernel.constant))
    close(kernel.convolved(image), plain + float(kernel.constant))


def test_a_filter_is_found_again():
    rng = np.random.default_rng(0)
    image = rng.normal(size=(60, 60)).astype(np.float32)
    true = rng.normal(size=(5, 3))
    target = ndimage.convolve(image.astype(float), true, mode="reflect") + 2
    model = PixelRegressor(window(5), "linear").fit(image, target)
    kernel = convolution_kernel(model)
    np.testing.assert_allclose(kernel.weights.values[:, 1:4], true, atol=1e-4)
    assert np.abs(kernel.weights.values[:, [0, 4]]).max() < 1e-4
    assert float(kernel.constant) == pytest.approx(2, abs=1e-4)
    close(model.decision(image), kernel.convolved(image))


def test_in_three_dims_with_channels_and_three_classes():
    rng = np.random.default_rng(0)
    image = xr.DataArray(rng.normal(size=(8, 9, 10, 2)).astype(np.float32), dims=(*"zyx", "c"))
    mixed = image.isel(c=0) - image.isel(c=1).shift(x=1, fill_value=0)
    labels = xr.DataArray(np.digitize(mixed, [-1, 1]) + 1, dims=tuple("zyx"))
    model = PixelClassifier(window(3), "logistic").fit(image, labels)
    kernel = convolution_kernel(model)
    assert kernel.weights.dims == ("class", "z", "y", "x", "c")
    assert kernel.weights.sizes["class"] == 3
    found = model.decision(image)
    close(found, kernel.convolved(image).transpose(*found.dims))
    assert len(kernel.figure().axes) == 3 * 2 + 1


def test_smooth_features_are_convolutions_too():
    image = data.coins()[:80, :90].astype(np.float32)
    features = Features(sigmas=(1, 2), kinds=("gaussian", "laplacian", "dog"))
    model = PixelClassifier(features, "linear").fit(image, image > 120)
    kernel = convolution_kernel(model)
    close(model.decision(image), kernel.convolved(image), 1e-4)  # features are float32


def test_missing_values_reach_as_far():
    image = np.random.default_rng(0).normal(size=(30, 30)).astype(np.float32)
    target = ndimage.uniform_filter(image, 3)
    model = PixelRegressor(window(3), "linear").fit(image, target)
    image[15, 10] = np.nan
    image[0, 0] = np.nan
    found = model.decision(image)
    np.testing.assert_array_equal(
        np.isnan(found), np.isnan(convolution_kernel(model).convolved(image))
    )


def test_the_kernel_as_a_picture():
    image = np.random.default_rng(0).normal(size=(30, 30)).astype(np.float32)
    model = PixelRegressor(window(5), "linear").fit(image, np.roll(image, 1, 0))
    figure = convolution_kernel(model).figure()
    assert figure.axes[0].images[0].get_array().shape == (5, 5)


def test_what_is_not_linear_is_refused():
    image = np.random.default_rng(0).normal(size=(30, 30)).astype(np.float32)
    labels = image > 0
    with pytest.raises(RequestError, match="estimator is not linear"):
        convolution_kernel(PixelClassifier(window(3), "tree").fit(image, labels))
    with pytest.raises(RequestError, match="not linear"):
        convolution_kernel(PixelRegressor(window(3), "neighbours").fit(image, image))
    bent = Features(sigmas=(1,), kinds=("gaussian", "gradient"))
    with pytest.raises(RequestError, match="feature gradient 1 px is not linear"):
        convolution_kernel(PixelClassifier(bent, "linear").fit(image, labels))
    placed = Features(sigmas=(1,), kinds=("gaussian",), position=1)
    with pytest.raises(RequestError, match="position"):
        convolution_kernel(PixelClassifier(placed, "linear").fit(image, labels))


def test_at_the_border_it_is_what_the_features_are():
    image = np.random.default_rng(0).normal(size=(20, 24)).astype(np.float32)
    target = np.roll(image, 1, axis=0) - image
    bank = Features(kinds=("gaussian",), sigmas=(1, 2), window=3, border="nearest")
    model = PixelRegressor(bank, "linear").fit(image, target)
    found = convolution_kernel(model).convolved(image)
    np.testing.assert_allclose(found, model.decision(image), atol=1e-4)


@pytest.mark.parametrize("drawn", [(1, 2), (1, 2, 3)])
def test_a_class_of_which_nothing_was_learned_never_wins(drawn):
    image = np.random.default_rng(0).normal(size=(20, 24)).astype(np.float32)
    labels = np.digitize(image, [-0.5, 0.5])[..., None] + 1
    labels = np.where(np.isin(labels, drawn), labels, 0)[..., 0].astype(np.uint8)
    model = PixelClassifier(Features(kinds=("gaussian",), sigmas=(1, 2)), "logistic")
    pictures, where = [as_image(image)] * 2, [as_image(labels > 0), None]
    model.fit(pictures, [labels, np.full_like(labels, 9)], where)
    found = convolution_kernel(model).convolved(image)
    decided = model.decision(image)
    assert found.dims == decided.dims
    assert np.isneginf(found[-1]).all()
    np.testing.assert_allclose(found[:-1], decided[:-1], atol=1e-3)
