"""radiography.signal_to_noise: the noise that was put in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

import graticule as gt
from graticule.core import as_image

SNR = gt.op("radiography.signal_to_noise")
METHODS = ("median", "immerkaer")
MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])


def test_the_mean_of_two_dims_is_immerkaers():
    image = np.random.default_rng(0).normal(9, 3, (40, 50))
    response = ndimage.convolve(image, MASK)[1:-1, 1:-1]
    expected = np.sqrt(np.pi / 2) * np.abs(response).mean() / 6
    found = SNR(image, method="immerkaer")
    assert found["noise"][0] == pytest.approx(expected, rel=1e-12)
    assert found["signal"][0] == pytest.approx(image.mean(), rel=1e-12)
    assert found["snr"][0] == pytest.approx(image.mean() / expected, rel=1e-12)


def test_the_median_is_that_of_numpy_within_its_bin():
    image = np.random.default_rng(1).normal(9, 3, (60, 50))
    response = ndimage.convolve(image, MASK)[1:-1, 1:-1]
    expected = 1.482602 * np.median(np.abs(response)) / 6
    assert SNR(image)["noise"][0] == pytest.approx(expected, rel=4e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(20_000,), (150, 160), (30, 31, 32)])
def test_the_noise_of_a_gradient(method, shape):
    rng = np.random.default_rng(2)
    gradient = sum(np.meshgrid(*(np.linspace(0, 500, n) for n in shape), indexing="ij"))
    found = SNR(gradient + rng.normal(0, 2.5, shape), method=method)
    assert found["noise"][0] == pytest.approx(2.5, rel=0.05)


def test_edges_are_no_noise_for_the_median():
    picture = data.camera().astype(float)
    quiet = SNR(picture)["noise"][0]
    noisy = SNR(picture + np.random.default_rng(3).normal(0, 20, picture.shape))
    assert noisy["noise"][0] == pytest.approx(np.hypot(quiet, 20), rel=0.05)
    squares = np.kron(np.indices((20, 20)).sum(0) % 2, np.ones((12, 12))) * 100
    squares = squares + np.random.default_rng(4).normal(0, 1, squares.shape)
    assert SNR(squares)["noise"][0] == pytest.approx(1, abs=0.1)
    assert SNR(squares, method="immerkaer")["noise"][0] > 1.15


def test_only_what_is_known_and_inside_counts():
    rng = np.random.default_rng(5)
    image = rng.normal(10, 1, (80, 90))
    image[:, 45:] = rng.normal(100, 7, (80, 45))
    inside = np.zeros(image.shape, bool)
    inside[:, :45] = True
    holed = image.copy()
    holed[::9, ::7] = np.nan
    found = SNR(holed, inside)
    assert found["signal"][0] == pytest.approx(10, abs=0.1)
    assert found["noise"][0] == pytest.approx(1, rel=0.1)


def test_scale_and_offset():
    image = np.random.default_rng(6).normal(50, 4, (40, 40))
    one, two = SNR(image), SNR(8 * image)
    assert two["noise"][0] == pytest.approx(8 * one["noise"][0], rel=1e-12)
    assert two["snr"][0] == pytest.approx(one["snr"][0], rel=1e-12)
    assert SNR(image + 64)["noise"][0] == pytest.approx(one["noise"][0], rel=5e-3)


def test_what_cannot_be_said():
    nothing = SNR(np.full((9, 9), np.nan))
    assert nothing.isna().all(axis=None)
    constant = SNR(np.full((9, 9), 3.0))
    assert (constant["signal"][0], constant["noise"][0]) == (3.0, 0.0)
    assert np.isinf(constant["snr"][0])
    small = SNR(np.array([[1.0, 2.0]]))
    assert small["signal"][0] == 1.5
    assert np.isnan(small["noise"][0])


def test_units():
    image = as_image(np.random.default_rng(7).normal(9, 1, (9, 9)), units="count")
    assert SNR(image).attrs["units"] == {"signal": "count", "noise": "count"}
