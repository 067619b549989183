"""The array of the microarray recipe: grid, missing spots and ratios are the true ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.pipeline import Pipeline
from graticule.recipes import make_example, pipeline_path
from graticule.recipes.microarray.example import microarray


def test_spots_and_ratios_are_the_true_ones(tmp_path: Path) -> None:
    images = make_example("microarray", tmp_path / "images")
    run = Pipeline.load(pipeline_path("microarray")).run(images, tmp_path / "out")
    assert not run.failed, run.failed
    made, spots = microarray(), run.tables["objects"]
    np.testing.assert_array_equal(spots["found"], made.there)
    np.testing.assert_allclose(spots[["y", "x"]], 10 * made.places, atol=2)
    np.testing.assert_array_equal(spots["log_ratio"].notna(), made.there)
    away = (spots["log_ratio"] - made.log_ratio)[made.there]
    assert away.abs().max() < 0.06
    assert away.abs().median() < 0.01
    names = spots["name"].tolist()
    assert (names[0], names[19], names[20], names[-1]) == ("A1", "A20", "B1", "L20")
