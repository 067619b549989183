"""What somebody drew in QuPath is what a model learns from."""

from __future__ import annotations

import json

import numpy as np
import pytest

import graticule as gt
from graticule.core.errors import GraticuleError
from graticule.learn.document.document import load
from graticule.training.loading import load_images

DOCUMENT = """
graticule: 1
name: drawn
inputs: {labels: {dataset: "class:Tumor,Stroma"}}
classes: {1: Tumor, 2: Stroma}
split: {by: image, folds: 2}
methods:
  forest: {features: {sigmas: [1]}, estimator: forest}
train: forest
"""


def _area(x0, y0, x1, y1, name):
    ring = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    properties = {"objectType": "annotation", "classification": {"name": name}}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@pytest.fixture
def study(tmp_path):
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    drawn = {"a": [_area(1, 2, 4, 6, "Stroma"), _area(5, 5, 9, 8, "Tumor")],
             "b": [_area(0, 0, 3, 3, "Stroma"), _area(6, 6, 7, 7, "Other")]}  # fmt: skip
    for name, features in drawn.items():
        image = np.random.default_rng(0).normal(size=(12, 15)).astype(np.float32)
        gt.write(tmp_path / "images" / f"{name}.tif", image)
        held = {"type": "FeatureCollection", "features": features}
        (tmp_path / "labels" / f"{name}.geojson").write_text(json.dumps(held))
    (tmp_path / "drawn.yaml").write_text(DOCUMENT)
    return tmp_path


def test_classes_have_the_same_values_in_every_image(study):
    loaded = load_images(load(study / "drawn.yaml"), study / "images", study / "labels")
    assert [(each.value, each.name) for each in loaded.data.classes] == [
        (1, "Tumor"), (2, "Stroma")]  # fmt: skip
    a, b = (each.values for each in loaded.data.labels)
    assert a.shape == b.shape == (12, 15)
    np.testing.assert_array_equal(np.bincount(a.ravel()), [180 - 24, 12, 12])
    np.testing.assert_array_equal(np.bincount(b.ravel()), [180 - 9, 0, 9])


def test_outlines_of_another_image_are_refused_by_name(study):
    held = {"type": "FeatureCollection", "features": [_area(100, 100, 120, 110, "Tumor")]}
    (study / "labels" / "b.geojson").write_text(json.dumps(held))
    with pytest.raises(GraticuleError, match=r"b\.geojson.*outside of an image of 12 x 15"):
        load_images(load(study / "drawn.yaml"), study / "images", study / "labels")
