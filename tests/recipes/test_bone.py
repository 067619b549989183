"""The bone recipe against the truth of its simulated slices, and on the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from graticule.io import read
from graticule.pipeline import Pipeline
from graticule.recipes import pipeline_path
from graticule.recipes.bone.example import simulated_bone


def applied(colours: Any, **values: Any) -> Any:
    from graticule.core import as_image

    pipeline = Pipeline.load(pipeline_path("bone")).with_values(values)
    return pipeline.apply(as_image(colours, dims=("y", "x", "c")))


def coloured(grey: Any) -> Any:
    return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_hysteresis_finds_channels_and_no_noise(seed: int) -> None:
    grey, truth = simulated_bone(seed)
    channels, near = truth == 2, ndimage.binary_dilation(truth > 0)

    def judged(**values: Any) -> tuple[float, float, int]:
        result = applied(coloured(grey), **values)
        found = result["canaliculi"].values
        pores = found | ndimage.binary_dilation(result["lacunae"].values > 0, iterations=3)
        recall = (pores & channels).sum() / channels.sum()
        return recall, (found & near).sum() / found.sum(), len(result["objects"])

    both = judged()
    strict, loose = judged(**{"pores.low": 50}), judged(**{"pores.high": 18})
    assert both[2] == 12
    assert both[0] > 0.8
    assert both[1] > 0.95
    assert strict[0] < 0.3  # the channels are lost
    assert loose[1] < 0.85  # noise is called channels


def test_the_interval_holds_the_truth() -> None:
    grey, truth = simulated_bone(0)
    row = applied(coloured(grey))["porosity"].iloc[0]
    assert row.porosity == pytest.approx((truth > 0).mean(), abs=0.003)
    assert row.porosity_low < (truth > 0).mean() < row.porosity_high


def test_lacunae_of_a_real_slice(data_dir: Path) -> None:
    result = applied(read(data_dir / "qbi" / "bonegfiltslice.png").values)
    assert len(result["objects"]) == 11
    assert result["objects"].on_border.sum() == 1
    assert 0.006 < result["canaliculi"].values.mean() < 0.01
