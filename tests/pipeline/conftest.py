"""Small studies of real and made images, and pipelines that exercise every scope."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import skimage

from graticule.io import write
from graticule.pipeline import Pipeline

COINS = Path(os.path.dirname(skimage.__file__)) / "data" / "coins.png"

OBJECTS = """
graticule: 1
name: objects
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  inner:  {op: segment.clear_border}
  table:  {op: measure.regions, input: inner, intensity: image}
outputs: [table, inner]
"""


@pytest.fixture
def objects() -> Pipeline:
    """A pipeline with a neighbourhood, a stitched op and reductions."""
    return Pipeline.loads(OBJECTS)


@pytest.fixture
def coins() -> Path:
    """A real photograph, in every installation of scikit-image."""
    return COINS


@pytest.fixture
def study_folder(tmp_path: Path) -> Path:
    """Five small images of bright discs."""
    folder = tmp_path / "study"
    folder.mkdir()
    y, x = np.mgrid[:48, :56]
    for number in range(5):
        rng = np.random.default_rng(number)
        image = rng.normal(10, 1, (48, 56))
        for _ in range(4):
            cy, cx, r = rng.uniform(8, 40), rng.uniform(8, 48), rng.uniform(2, 5)
            image[(y - cy) ** 2 + (x - cx) ** 2 < r**2] += 30
        write(folder / f"disc-{number}.npy", image.astype(np.float32))
    return folder
