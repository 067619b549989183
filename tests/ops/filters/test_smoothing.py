"""Mean, bilateral, non-local means and total variation, against SciPy, scikit-image and sums."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, morphology, restoration

import graticule as gt
from graticule.core import as_image

CAMERA = data.camera()[180:260, 200:290].astype(np.float64)
NOISY = CAMERA + np.random.default_rng(0).normal(0, 12, CAMERA.shape)
SHAPES = st.one_of(
    st.tuples(st.integers(1, 20)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
)
SETTINGS: dict[str, dict[str, Any]] = {
    "mean": {"radius": 1},
    "bilateral": {"sigma_value": 30},
    "non_local_means": {"strength": 9, "search": 3},
    "total_variation": {"weight": 12, "iterations": 60},
}


@given(SHAPES, st.integers(0, 5), st.integers(0, 2**16))
def test_the_mean_of_a_box_equals_scipy(shape: tuple[int, ...], radius: int, seed: int) -> None:
    image = np.random.default_rng(seed).normal(size=shape)
    found = gt.op("filters.mean")(image, radius=radius)
    wanted = ndimage.uniform_filter(image, 2 * radius + 1, mode="reflect")
    np.testing.assert_allclose(found, wanted, atol=2e-6)


@pytest.mark.parametrize("shape", ["ball", "diamond"])
@pytest.mark.parametrize("radius", [1, 3, 7])
def test_the_mean_of_other_windows_equals_a_convolution(shape: str, radius: int) -> None:
    window = (morphology.disk if shape == "ball" else morphology.diamond)(radius).astype(float)
    wanted = ndimage.convolve(NOISY, window / window.sum(), mode="reflect")
    found = gt.op("filters.mean")(NOISY, radius=radius, shape=shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-5)
    holes = NOISY.copy()
    holes[np.random.default_rng(1).random(holes.shape) < 0.3] = np.nan
    known = ndimage.convolve((~np.isnan(holes)).astype(float), window, mode="reflect")
    total = ndimage.convolve(np.nan_to_num(holes), window, mode="reflect")
    some = known > 0.5
    found = gt.op("filters.mean")(holes, radius=radius, shape=shape)
    np.testing.assert_allclose(found[some], (total / known.clip(1))[some], rtol=1e-6, atol=1e-5)
    assert np.isnan(found[~some]).all()


def _brute_bilateral(image: Any, sigma: float, sigma_value: float) -> Any:
    reach = int(3 * sigma + 0.5)
    padded = np.pad(image, reach, mode="symmetric")
    total, weight = np.zeros(image.shape), np.zeros(image.shape)
    for shift in itertools.product(range(-reach, reach + 1), repeat=image.ndim):
        apart = sum(s**2 for s in shift) / sigma**2
        if apart <= 9 * (1 + 1e-9):
            here = tuple(
                slice(reach + s, reach + s + n) for s, n in zip(shift, image.shape, strict=True)
            )
            step = padded[here] - image
            share = np.exp(-0.5 * apart - 0.5 * (step / sigma_value) ** 2)
            total += share * padded[here]
            weight += share
    return total / weight


@settings(max_examples=25)
@given(SHAPES, st.floats(0.5, 2), st.floats(0.3, 9), st.integers(0, 2**16))
def test_bilateral_equals_its_definition(
    shape: tuple[int, ...], sigma: float, sigma_value: float, seed: int
) -> None:
    image = np.random.default_rng(seed).normal(size=shape).astype(np.float32).astype(float)
    found = gt.op("filters.bilateral")(image, sigma=sigma, sigma_value=sigma_value)
    np.testing.assert_allclose(found, _brute_bilateral(image, sigma, sigma_value), atol=2e-6)


def test_bilateral_of_any_value_is_a_gaussian_of_a_ball() -> None:
    found = gt.op("filters.bilateral")(NOISY, sigma=1, sigma_value=1e6)
    wanted = ndimage.gaussian_filter(NOISY, 1, truncate=3)
    np.testing.assert_allclose(found, wanted, atol=2.0)


@pytest.mark.parametrize("noise", [0.0, 12.0])
def test_non_local_means_is_as_good_as_scikit_image(noise: float) -> None:
    params: Any = {"strength": 9, "noise": noise, "patch": 2, "search": 5}
    found = gt.op("filters.non_local_means")(NOISY, **params)
    theirs = restoration.denoise_nl_means(
        NOISY, patch_size=5, patch_distance=5, h=9, sigma=noise, fast_mode=False
    )
    assert np.abs(found - CAMERA).mean() < 1.05 * np.abs(theirs - CAMERA).mean()


def test_non_local_means_equals_its_definition_in_three_dims() -> None:
    image = np.random.default_rng(3).normal(size=(5, 6, 7))
    padded = np.pad(image, 3, mode="symmetric")
    wanted = np.empty_like(image)
    for place in itertools.product(*map(range, image.shape)):
        z, y, x = (p + 3 for p in place)
        own = padded[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2]
        total = weight = 0.0
        for c, b, a in itertools.product(range(-2, 3), repeat=3):
            other = padded[z + c - 1 : z + c + 2, y + b - 1 : y + b + 2, x + a - 1 : x + a + 2]
            share = np.exp(-max(((own - other) ** 2).mean() - 2 * 0.25, 0))
            total += share * padded[z + c, y + b, x + a]
            weight += share
        wanted[place] = total / weight
    run = gt.op("filters.non_local_means")
    found = run(image, strength=1, noise=0.5, patch=1, search=2)
    np.testing.assert_allclose(found, wanted, atol=2e-6)


def _energy(found: Any, image: Any, weight: float) -> float:
    slopes = [np.diff(found, axis=axis, append=found.take([-1], axis)) for axis in range(2)]
    return float(0.5 * ((found - image) ** 2).sum() + weight * np.hypot(*slopes).sum())


@pytest.mark.parametrize("weight", [3.0, 12.0, 30.0])
def test_total_variation_reaches_the_minimum(weight: float) -> None:
    long = restoration.denoise_tv_chambolle(NOISY / 255, weight / 255, eps=0, max_num_iter=3000)
    least = _energy(long * 255, NOISY, weight)
    found = gt.op("filters.total_variation")(NOISY, weight=weight).astype(float)
    assert least * 0.999 < _energy(found, NOISY, weight) < least * 1.01
    more = gt.op("filters.total_variation")(NOISY, weight=weight, iterations=2000)
    np.testing.assert_allclose(more, long * 255, atol=0.5)


def test_total_variation_of_a_step_is_known() -> None:
    image = np.repeat([0.0, 10.0], 50)
    found = gt.op("filters.total_variation")(image, weight=20, iterations=5000)
    np.testing.assert_allclose(found, np.repeat([0.4, 9.6], 50), atol=2e-3)


@pytest.mark.parametrize("name", SETTINGS)
def test_noise_is_less_and_the_mean_stays(name: str) -> None:
    smooth = gt.op(f"filters.{name}")(NOISY, **SETTINGS[name])
    assert np.abs(smooth - CAMERA).mean() < 0.9 * np.abs(NOISY - CAMERA).mean()
    assert smooth.mean() == pytest.approx(NOISY.mean(), rel=0.01)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_constant_stays_as_it_is(name: str) -> None:
    flat = gt.op(f"filters.{name}")(np.full((9, 11), 7.0), **SETTINGS[name])
    np.testing.assert_allclose(flat, 7, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("hole", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["bilateral", "non_local_means", "total_variation"])
def test_what_is_not_finite_stays_and_has_no_say(name: str, hole: float) -> None:
    image = NOISY.astype(np.float32)
    image[30, 40] = hole
    found = gt.op(f"filters.{name}")(image, **SETTINGS[name])
    assert np.argwhere(~np.isfinite(found)).tolist() == [[30, 40]]
    np.testing.assert_array_equal(found[30, 40], image[30, 40])
    whole = gt.op(f"filters.{name}")(NOISY, **SETTINGS[name])
    assert np.abs(found - whole)[np.isfinite(found)].max() < 30


@pytest.mark.parametrize("name", SETTINGS)
def test_along_coarser_spacing_less_is_mixed(name: str) -> None:
    image = as_image(NOISY, spacing={"y": "8 um", "x": "1 um"})
    lengths = {"mean": {"radius": "2 um"}, "bilateral": {"sigma": "1 um"}}
    lengths["non_local_means"] = {"patch": "1 um", "search": "3 um"}
    found = gt.op(f"filters.{name}")(image, **{**SETTINGS[name], **lengths.get(name, {})})
    rough = [np.abs(np.diff(found.values, axis=axis)).mean() for axis in range(2)]
    assert rough[0] > rough[1]
