"""The recipe radiograph against the truth of its simulated example, and on a real projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import graticule as gt
from graticule.pipeline import Pipeline
from graticule.recipes import make_example, pipeline_path
from graticule.simulate.radiograph import radiograph

CORNERS = np.ones((3, 3))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    images = make_example("radiograph", tmp_path_factory.mktemp("radiograph") / "images")
    out = images.parent / "out"
    run = Pipeline.load(pipeline_path("radiograph")).run(images, out, cache=False)
    assert not run.failed, run.failed
    arrays = out / "arrays" / "sample"
    return {path.name.removesuffix(".ome.tif"): gt.read(path) for path in arrays.iterdir()}


def _truth():
    return radiograph(shape=(480, 480), seed=4)


def test_the_attenuation_is_right_within_the_noise_in_spots_too(outputs):
    truth = _truth()
    error = outputs["attenuation"].values + np.log(truth.transmission.values)
    spots = truth.spots.values
    assert abs(np.nanmedian(error)) < 0.01
    inside, outside = (np.nanmean(np.abs(error[place])) for place in (spots, ~spots))
    assert inside < 1.6 * outside
    assert outside < 0.05
    assert outputs["attenuation"].x.attrs["units"] == "um"


def test_spots_are_found_and_hardly_another_place(outputs):
    truth, found = _truth(), outputs["spots.mask"].values > 0
    spots, count = ndimage.label(truth.spots.values, CORNERS)
    answer, answers = ndimage.label(found, CORNERS)
    right = np.setdiff1d(answer[truth.spots.values | truth.dead.values], [0]).size
    assert np.setdiff1d(spots[found], [0]).size / count > 0.85
    assert right / answers > 0.97


def test_a_real_projection_given_its_path(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "neutron_spots" / "wood_raw"
    text = pipeline_path("radiograph").read_text(encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    text = text.replace("reference/open_beam.tif", "ob_0000.tif")
    mine.write_text(text.replace("reference/dark.tif", "dc_0000.tif"), encoding="utf-8")
    run = Pipeline.load(mine).run(folder / "wood_0000.tif", tmp_path / "out", cache=False)
    assert not run.failed, run.failed
    row = run.images.iloc[0]
    assert row["snr"] > 100
    assert 200 < row["objects_count"] < 1000
    # Growth rings of the wood are lines of the sample, and no spots.
    assert run.tables["objects"]["area"].max() < 60
