"""Recipe shale: the skin is there pixel by pixel, and gone with the guard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import graticule as gt
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path
from graticule.recipes.shale.example import simulated_shale


def found_by(image: Any) -> dict[str, Any]:
    """Return the three labellings of the recipe, with its own parameters."""
    steps = Pipeline.load(pipeline_path("shale")).steps
    superpixels = gt.op("segment.etps")(image, **steps["superpixels"].params)
    means = gt.op("segment.region_means")(superpixels, image)
    return {
        "pixels": gt.op("threshold.multi_otsu")(image, **steps["pixels"].params),
        "coarse": gt.op("threshold.multi_otsu")(means, **steps["coarse"].params),
        "phases": gt.op("threshold.edge_guard")(image, **steps["phases"].params),
    }


@pytest.mark.parametrize("seed", [0, 5])
def test_the_guard_takes_the_skin_away(seed: int) -> None:
    image, truth = simulated_shale(seed)
    near = [ndimage.binary_dilation(truth == phase, iterations=3) for phase in (1, 3)]
    grey = ndimage.binary_dilation(truth == 2, iterations=6)
    border = near[0] & near[1] & ~grey
    found = found_by(image)
    skin = {name: float((labels[border] == 2).mean()) for name, labels in found.items()}
    right = {name: float((labels == truth).mean()) for name, labels in found.items()}
    excess = {name: (labels == 2).mean() - (truth == 2).mean() for name, labels in found.items()}
    assert skin["pixels"] > 0.35
    assert skin["phases"] < 0.01 < skin["coarse"] < skin["pixels"]
    assert right["pixels"] < right["coarse"] < right["phases"]
    assert right["phases"] > 0.98
    assert excess["pixels"] > 0.03
    assert abs(excess["phases"]) < 0.006


def test_superpixels_leave_no_specks() -> None:
    image, _ = simulated_shale()
    found = found_by(image)
    pieces = {name: ndimage.label(labels == 2)[1] for name, labels in found.items()}
    assert pieces["coarse"] < 0.3 * pieces["pixels"]


def test_the_real_slice_has_less_of_the_middle_phase_beside_grains(data_dir: Any) -> None:
    from skimage.io import imread

    image = imread(data_dir / "qbi" / "shale-slice.tiff").astype(np.float32)
    found = found_by(image)
    grains = ndimage.binary_opening(found["pixels"] == 1, iterations=4)
    bright = ndimage.binary_opening(found["pixels"] == 3, iterations=2)
    between = ndimage.binary_dilation(grains, iterations=7) & ndimage.binary_dilation(
        bright, iterations=3
    )
    grey = {name: float((labels[between] == 2).mean()) for name, labels in found.items()}
    assert grey["phases"] < 0.8 * grey["pixels"], grey
