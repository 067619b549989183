"""Surrogates keep what they promise to keep, and lose the arc."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.stats import chisquare

from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.evaluate.surrogates import (
    Surrogate,
    flip,
    gaussian_noise,
    randomise_phase,
    randomise_time_phase,
    surrogate_maker,
)

DIMS = ("time", "distance")
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=24)


@given(shape=SHAPES, seed=st.integers(0, 2**32))
def test_without_taper_the_power_spectrum_is_kept_exactly(
    shape: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image = as_image(rng.normal(5, 2, size=shape), dims=DIMS)
    surrogate = randomise_phase(image, rng, taper=0.0)
    power = [np.abs(np.fft.fft2(i - i.mean())) for i in (image.values, surrogate.values)]
    np.testing.assert_allclose(power[0], power[1], atol=1e-9)
    np.testing.assert_allclose(surrogate.mean(), image.mean())


def test_with_taper_the_power_of_stationary_noise_is_kept() -> None:
    rng = np.random.default_rng(0)
    image = as_image(rng.normal(size=(200, 150)), dims=DIMS)
    made = [float(randomise_phase(image, rng, taper=0.2).var()) for _ in range(5)]
    np.testing.assert_allclose(np.mean(made), float(image.var()), rtol=0.05)


def test_nan_stays_where_it_is_and_units_are_kept() -> None:
    values = np.random.default_rng(0).normal(size=(20, 15)).astype(np.float32)
    values[3, 4] = np.nan
    image = as_image(values, dims=DIMS, spacing={"time": "45 s"}, units="m/s")
    for make in (randomise_phase, randomise_time_phase, gaussian_noise):
        surrogate = make(image, np.random.default_rng(1))
        assert surrogate.dtype == np.float32
        assert surrogate.attrs["units"] == "m/s"
        np.testing.assert_array_equal(np.isnan(surrogate), np.isnan(image))


@given(shape=SHAPES, seed=st.integers(0, 2**32))
def test_other_phases_in_time_keep_what_places_have_to_do_with_one_another(
    shape: tuple[int, int], seed: int
) -> None:
    """Up to the direction of time: a frequency may be the complex conjugate."""
    rng = np.random.default_rng(seed)
    image = as_image(rng.normal(5, 2, size=shape), dims=DIMS)
    made = randomise_time_phase(image, rng, taper=0.0)
    first, other = (np.fft.rfft(i.values - image.values.mean(), axis=0) for i in (image, made))
    first, other = (w[:, :, None] * w[:, None, :].conj() for w in (first, other))
    np.testing.assert_allclose(other.real, first.real, atol=1e-8)
    np.testing.assert_allclose(np.abs(other.imag), np.abs(first.imag), atol=1e-8)


def test_phases_in_time_know_time_by_its_name() -> None:
    image = as_image(np.random.default_rng(0).normal(size=(16, 12)), dims=DIMS)
    rng = np.random.default_rng
    turned = randomise_time_phase(image.T, rng(1))
    xr.testing.assert_allclose(turned.T, randomise_time_phase(image, rng(1)))
    with pytest.raises(ImageError, match="t1"):
        randomise_time_phase(image, rng(1), along="t1")


def test_p_from_phases_in_time_is_uniform_where_waves_stand_and_places_differ() -> None:
    """Noise that runs both ways at once from its first place, stronger in some places."""
    rng = np.random.default_rng(0)
    place = np.arange(20)
    waves = np.array([np.cos(k * place) * np.exp(-place / 15) for k in (0.2, 0.5, 1.1)])
    ranks = []
    for _ in range(300):
        drawn = ndimage.gaussian_filter1d(rng.normal(size=(64, 3)), 1.5, axis=0, mode="wrap")
        image = as_image(drawn @ waves, dims=DIMS)
        made = [image, *(randomise_time_phase(image, rng, taper=0.0) for _ in range(9))]
        largest = [float(np.abs(i.values[:-5, 0] * i.values[5:, 12]).max()) for i in made]
        ranks.append(sum(value > largest[0] for value in largest))
    assert chisquare(np.bincount(ranks, minlength=10)).pvalue > 0.001


@pytest.mark.parametrize("shape", [(48, 60), (45, 61)])
def test_gaussian_noise_has_the_spectrum_smoothed_and_amplitudes_of_its_own(
    shape: tuple[int, int],
) -> None:
    rng = np.random.default_rng(0)
    image = as_image(ndimage.gaussian_filter(rng.normal(size=shape), (1, 2)), dims=DIMS)
    wanted = np.abs(np.fft.fft2(image.values - float(image.mean()))) ** 2
    wanted = ndimage.uniform_filter(wanted, 3, mode="wrap")
    made = [gaussian_noise(image, rng, taper=0.0) - float(image.mean()) for _ in range(400)]
    power = np.array([np.abs(np.fft.fft2(each.values)) ** 2 for each in made]) / wanted
    means = power.mean(axis=0)
    assert abs(means.mean() - 1) < 0.02
    assert np.abs(means - 1).max() < 0.5
    # the power of Gaussian noise is spread as widely as it is high
    assert abs(power.std(axis=0).mean() - 1) < 0.1


def test_flips_turn_values_and_leave_coordinates() -> None:
    image = as_image(np.arange(12.0).reshape(4, 3), dims=DIMS, spacing={"time": "45 s"})
    for dim, axis in (("time", 0), ("distance", 1)):
        turned = flip(image, dim)
        np.testing.assert_array_equal(turned, np.flip(image.values, axis))
        xr.testing.assert_identical(flip(turned, dim), image)


@pytest.mark.parametrize("kind", ["phase", "phase_time", "gaussian"])
def test_a_numbered_surrogate_depends_on_its_number_alone(kind: Surrogate) -> None:
    image = as_image(np.random.default_rng(0).normal(size=(16, 16)), dims=DIMS)
    options = {"along": "time", "across": "distance", "taper": 0.1}
    one, other = (surrogate_maker(image, kind, seed=s, **options) for s in (3, 4))
    xr.testing.assert_identical(one(7), one(7))
    assert not np.allclose(one(7), one(8))
    assert not np.allclose(one(7), other(7))
