"""The sunquake recipes: any sampling, cubes, honest on noise that is not simple."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from graticule.bench.sunquake import NAMES, observed, p_of
from graticule.bench.sunquake_noise import seen_at, turned
from graticule.evaluate.empirical import false_discovery_rate
from graticule.evaluate.injection import Ripple
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.spec import Reference
from graticule.recipes import pipeline_path
from graticule.simulate.doppler import doppler_cube
from graticule.simulate.solar_noise import CADENCE, PIXEL, Noise
from graticule.simulate.time_distance import time_distance

RECIPE = Pipeline.load(pipeline_path("sunquake"))
CUBES = Pipeline.load(pipeline_path("sunquake_cube"))


def _p(image: xr.DataArray, surrogates: int, seed: int = 0) -> float:
    return p_of(Evaluation(RECIPE, {"image": image}), surrogates, seed)


def test_the_recipe_for_cubes_is_rings_and_then_the_other_one() -> None:
    one, other = RECIPE.normalised(), CUBES.normalised()
    rings = other["steps"].pop("image")
    assert rings["op"] == "transform.time_distance"
    assert other["steps"] == one["steps"]
    assert (other["checks"], other["report"]) == (one["checks"], one["report"])


@pytest.mark.parametrize("kind", ["fading", "tails", "ridges", "dropouts", "observed"])
def test_p_is_not_too_small_on_noise_that_is_not_simple(kind: Noise) -> None:
    """Of 25 p-values of 1/20 steps few are the smallest: 5 or more come once in 160 tries."""
    p = [_p(time_distance(noise=kind, seed=[5, number]), 19, number) for number in range(25)]
    assert np.count_nonzero(np.array(p) <= 0.05) < 5
    assert 0.3 < np.mean(p) < 0.75


def test_turned_real_images_are_no_detections(data_dir: Path) -> None:
    assert (data_dir / "sunquake_td").is_dir()
    images = {(name, ""): observed(name) for name in NAMES}
    images |= {(name, turn): it for name in NAMES for turn, it in turned(observed(name)).items()}
    p = np.array([_p(image, 399) for image in images.values()])
    found = false_discovery_rate(p, "benjamini-yekutieli") <= 0.05
    detected = [key for key, yes in zip(images, found, strict=True) if yes]
    assert all(turn == "" for _, turn in detected)
    assert p[0] <= 0.005
    assert p[1] <= 0.005
    assert p[2] > 0.05


def test_one_sun_at_three_samplings_has_one_arc() -> None:
    cube = doppler_cube(
        spacing=(0.25, 0.7), width=60, seed=1, ripple=Ripple(strength=3.0, t0=30, a=5)
    )
    found = []
    for frames, pixels in ((2, 1), (3, 1), (4, 2)):
        known = Evaluation(CUBES, {"cube": seen_at(cube, frames, pixels)})
        event = known.value(Reference("event")).iloc[0]
        found.append((event["t0"], event["a"]))
    assert p_of(known, 99, 0) == pytest.approx(0.01)
    t0, a = np.array(found).T
    np.testing.assert_allclose(t0, 30 * CADENCE, atol=0.5)
    np.testing.assert_allclose(a, 5 * CADENCE / PIXEL**0.5, rtol=0.05)


def test_an_image_of_another_size_and_sampling_runs_from_its_file(tmp_path: Path) -> None:
    ripple = Ripple(strength=2.5, t0=30, a=5)
    for name, hidden in (("quiet", None), ("loud", ripple)):
        image = time_distance(shape=(160, 87), spacing=(0.5, 0.4), seed=1, ripple=hidden)
        write(tmp_path / f"{name}.fits", image)
    run = RECIPE.with_values({"chance.n": 99}).run(tmp_path, tmp_path / "out")
    assert not run.failed
    rows = run.images.set_index("image")
    assert rows["detected"].to_dict() == {"loud": True, "quiet": False}
    assert rows.loc["loud", "a"] == pytest.approx(5 * CADENCE / PIXEL**0.5, rel=0.1)
    units = run.images.attrs["units"]
    assert (units["a"], units["t0"], units["d0"]) == ("min/Mm^(1/2)", "min", "Mm")
    assert np.isfinite(rows["baseline_statistic"]).all()
