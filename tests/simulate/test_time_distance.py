"""The simulator: its noise, its ripples, and what the detector makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.evaluate.empirical import empirical_p
from graticule.evaluate.injection import Ripple
from graticule.evaluate.surrogates import randomise_phase
from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.spec import Reference
from graticule.recipes import pipeline_path
from graticule.simulate.time_distance import random_ripple, time_distance

RECIPE = Pipeline.load(pipeline_path("sunquake"))


def _statistic(even: xr.DataArray) -> float:
    found = Evaluation(RECIPE, {"even": even}).value(Reference("event", "statistic"))
    return float(found)


def _even(image: xr.DataArray) -> xr.DataArray:
    even: xr.DataArray = Evaluation(RECIPE, {"image": image}).value(Reference("even"))
    return even


def test_a_seed_gives_one_image_and_another_seed_another() -> None:
    assert time_distance(seed=4).identical(time_distance(seed=4))
    assert not np.allclose(time_distance(seed=4), time_distance(seed=5))


def test_noise_is_drawn_out_along_the_distance_and_strongest_at_the_origin() -> None:
    images = np.stack([time_distance(seed=s).values for s in range(30)])
    spread = images.std(axis=(0, 1))
    assert spread[0] / spread[-1] == pytest.approx(3, rel=0.1)
    scaled = images / spread
    neighbours = (scaled[:, :, 25:-3] * scaled[:, :, 28:]).mean()
    later = (scaled[:, :-3] * scaled[:, 3:]).mean()
    assert neighbours > 0.6 > 0.2 > later


def test_noise_runs_outwards_as_much_as_inwards() -> None:
    power = np.zeros((120, 100))
    for seed in range(60):
        image = time_distance(seed=seed).values[:, 40:]
        shaded = np.hanning(120)[:, None] * np.hanning(60)[None, :] * image
        power += np.abs(np.fft.fft2(shaded, s=(120, 100))) ** 2
    outward, inward = power[8:40, -29:-1].sum(), power[8:40, 2:30].sum()
    assert outward / inward == pytest.approx(1, abs=0.1)


def test_a_ripple_has_its_strength_in_sigma_of_its_column() -> None:
    ripple = Ripple(strength=2.0, t0=10)
    added = time_distance(seed=1, ripple=ripple) - time_distance(seed=1)
    near = 1 + 2 * np.exp(-np.arange(100) / 15)
    largest = np.abs(added).max("time").values / near
    assert largest.max() == pytest.approx(2, rel=0.05)
    assert largest[:18].max() == 0


def test_random_ripples_stay_inside_the_image() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        ripple = random_ripple(rng)
        assert 0 < ripple.t0 < ripple.t0 + ripple.a * np.sqrt(90) < 120


@pytest.mark.parametrize(
    "name", ["TD_20110730-M9_3_zscored", "TD_clear_relative", "TD_none_relative"]
)
def test_real_ripples_are_found_and_none_where_there_is_none(data_dir: Path, name: str) -> None:
    values = np.load(data_dir / "sunquake_td" / f"{name}.npy")
    spacing = {"time": "0.75 min", "distance": "0.348 Mm"}
    even = _even(as_image(values, dims=("time", "distance"), spacing=spacing))
    rng = np.random.default_rng(0)
    p = empirical_p(_statistic(even), [_statistic(randomise_phase(even, rng)) for _ in range(99)]).p
    assert p > 0.05 if "none" in name else p <= 0.01


def test_ripples_are_found_far_more_often_than_by_the_baseline() -> None:
    rng = np.random.default_rng(0)
    quiet = [time_distance(seed=[0, n]) for n in range(60)]
    loud = [time_distance(seed=[1, n], ripple=random_ripple(rng)) for n in range(60)]

    def area(statistic: object) -> float:
        low, high = ([statistic(i) for i in images] for images in (quiet, loud))  # type: ignore[operator]
        return float(np.mean(np.array(high)[:, None] > np.array(low)[None, :]))

    ours = area(lambda image: _statistic(_even(image)))
    theirs = area(lambda image: gt.detect.published_baseline(image)["baseline_statistic"].iloc[0])
    assert ours > 0.85
    assert ours > theirs + 0.1
