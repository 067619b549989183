"""Recipe cortex: neither place without a scale nor grey alone finds what both find together."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.metrics import adjusted_rand_score

import graticule as gt
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path
from graticule.recipes.cortex.example import simulated_cortex


@pytest.mark.parametrize("seed", [0, 7])
def test_scaled_features_find_the_parts(seed: int) -> None:
    values, truth = simulated_cortex(seed)
    smooth = gt.op("filters.gaussian")(values, sigma=1.5)
    tissue = gt.op("segment.fill_holes")(gt.op("threshold.otsu")(smooth))
    steps = Pipeline.load(pipeline_path("cortex")).steps
    agreement: dict[str, Any] = {}
    for name in ("trap", "grey", "parts"):
        labels = gt.op("segment.kmeans")(smooth, tissue, **steps[name].params).labels
        agreement[name] = adjusted_rand_score(truth[tissue], labels[tissue])
    assert agreement["trap"] < 0.35
    assert agreement["grey"] < 0.5
    assert agreement["parts"] > 0.85
