"""The published method: its numbers on the published images (F1), and a loop of rolls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graticule as gt
from graticule.core.errors import ImageError

PUBLISHED = [
    ("TD_20110730-M9_3_zscored", 1.125, 0.746),
    ("TD_clear_relative", 0.598, 0.468),
]


@pytest.mark.parametrize(("name", "statistic", "flipped"), PUBLISHED)
def test_the_published_numbers(data_dir: Path, name: str, statistic: float, flipped: float) -> None:
    image = np.load(data_dir / "sunquake_td" / f"{name}.npy")
    row = gt.detect.published_baseline(image, along="y", across="x").iloc[0]
    assert row["baseline_statistic"] == pytest.approx(statistic, abs=0.01)
    assert row["baseline_flipped"] == pytest.approx(flipped, abs=0.01)


def test_it_is_a_loop_of_rolls() -> None:
    image = np.random.default_rng(0).normal(3, 2, size=(90, 80))
    scaled = (image - image.mean(axis=0)) / image.std(axis=0)
    rolled = [np.roll(scaled[:, c], -int(5 * np.sqrt(c))) for c in range(25, 75)]
    row = gt.detect.published_baseline(image, along="y", across="x").iloc[0]
    assert row["baseline_statistic"] == pytest.approx(np.mean(rolled, axis=0).max(), abs=1e-12)


def test_too_few_columns_are_refused() -> None:
    with pytest.raises(ImageError, match="needs 75"):
        gt.detect.published_baseline(np.ones((60, 74)), along="y", across="x")
