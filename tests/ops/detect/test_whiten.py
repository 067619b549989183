"""detect.noise_spectrum and detect.whiten: flat noise, and no signal in the noise."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.evaluate.injection import Ripple
from graticule.simulate.time_distance import time_distance

DIMS = ("time", "distance")


def _scaled(seed: int, ripple: Ripple | None = None) -> xr.DataArray:
    return gt.transform.zscore(time_distance(seed=seed, ripple=ripple), dim="time")


def test_noise_becomes_white_in_distance() -> None:
    before, after = [], []
    for seed in range(8):
        image = _scaled(seed)
        white = gt.detect.whiten(image, gt.detect.noise_spectrum(image))
        for found, into in ((image.values, before), (white.values, after)):
            inner = found[12:-12, 10:-10]
            into.append(np.corrcoef(inner[:, :-1].ravel(), inner[:, 1:].ravel())[0, 1])
    assert np.mean(before) > 0.8
    assert abs(np.mean(after)) < 0.1


def test_a_wave_running_out_is_not_in_the_spectrum_of_the_flipped_image() -> None:
    time, distance = np.arange(128)[:, None], np.arange(128)[None, :]
    outward = np.cos(2 * np.pi * (24 * time - 10 * distance) / 128)
    image = as_image(outward, dims=DIMS)
    flip, itself = (
        gt.detect.noise_spectrum(image, using=using)["spectrum"] for using in ("flip", "itself")
    )
    assert itself[24, -10] > 1e3 * flip[24, -10]


def test_two_flips_change_nothing() -> None:
    image = _scaled(3)
    flipped = image.copy(data=image.values[::-1])
    one = gt.detect.noise_spectrum(image, using="itself")["spectrum"]
    other = gt.detect.noise_spectrum(flipped, using="flip")["spectrum"]
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_band_is_a_quarter_at_its_periods() -> None:
    rng = np.random.default_rng(0)
    image = as_image(rng.normal(size=(400, 200)), dims=DIMS)
    flat = {"spectrum": np.ones((400, 200)), "taper": 0.0}
    white = gt.detect.whiten(image, flat, shortest=4, longest=10).values
    power = (np.abs(np.fft.rfft(white, axis=0)) ** 2).mean(axis=1)
    frequency = np.fft.rfftfreq(400)
    middle = power[np.abs(frequency - 0.175).argmin()]
    for edge in (0.1, 0.25):
        near = power[np.abs(frequency - edge) < 0.004].mean()
        assert near / middle == pytest.approx(0.25**2, rel=0.35)


def test_nan_stays_where_it_is_and_constants_become_zero() -> None:
    image = np.random.default_rng(0).normal(size=(40, 30))
    image[5, 7] = np.nan
    given = as_image(image, dims=DIMS)
    white = gt.detect.whiten(given, gt.detect.noise_spectrum(given)).values
    assert np.isnan(white[5, 7])
    assert np.isnan(white).sum() == 1
    constant = as_image(np.zeros((40, 30)), dims=DIMS)
    assert (gt.detect.whiten(constant, gt.detect.noise_spectrum(constant)) == 0).all()


def test_models_of_another_size_and_half_a_band_are_refused() -> None:
    image = _scaled(0)
    model = gt.detect.noise_spectrum(image.isel(time=slice(0, 50)))
    with pytest.raises(ImageError, match="120 x 100"):
        gt.detect.whiten(image, model)
    with pytest.raises(ImageError, match="longer longest"):
        gt.detect.whiten(image, gt.detect.noise_spectrum(image), shortest="3 min")


def test_of_both_the_spectrum_is_the_mean_and_knows_no_direction() -> None:
    image = as_image(np.random.default_rng(0).normal(size=(32, 24)), dims=("time", "distance"))
    made = {
        way: gt.detect.noise_spectrum(image, using=way)["spectrum"]
        for way in ("flip", "itself", "both")
    }
    np.testing.assert_allclose(made["both"], (made["flip"] + made["itself"]) / 2)
    turned = gt.detect.noise_spectrum(image[::-1].assign_coords(image.coords), using="both")
    assert turned["spectrum"].sum() == pytest.approx(made["both"].sum())


def test_waves_that_are_too_fine_are_left_out() -> None:
    """A dead distance and a wrong sample are fine waves alone; next to nothing of them is left."""
    spacing = {"time": "0.75 min", "distance": "0.348 Mm"}
    distance = np.arange(100) * 0.348
    fine, coarse = (np.cos(2 * np.pi * distance / length) for length in (1.0, 5.0))
    rows = np.random.default_rng(0).normal(size=(2, 120, 1))
    image = as_image(rows[0] * fine + rows[1] * coarse, dims=("time", "distance"), spacing=spacing)
    model = gt.detect.noise_spectrum(image, using="both")
    flat = {**model, "spectrum": np.ones_like(model["spectrum"])}
    kept = gt.detect.whiten(image, flat, finest="1.7 Mm").values
    power = np.abs(np.fft.rfft(kept[:, 10:90] * np.hanning(80), axis=1)).mean(axis=0)
    wavenumber = np.fft.rfftfreq(80, 0.348)
    assert power[wavenumber > 0.8].max() < 0.01 * power[wavenumber < 0.4].max()
