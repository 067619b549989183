"""The published method: its numbers on the published images (F1), and a loop of rolls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image

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


def test_of_too_few_columns_there_is_no_statistic() -> None:
    row = gt.detect.published_baseline(np.eye(60, 74), along="y", across="x").iloc[0]
    assert np.isnan([row["baseline_statistic"], row["baseline_flipped"]]).all()


def test_another_sampling_is_brought_to_that_of_the_method() -> None:
    """Linear interpolation is exact at every second sample of an image that is twice as fine."""
    coarse = np.random.default_rng(0).normal(size=(60, 80))
    grid = np.arange(0, 59.5, 0.5), np.arange(0, 79.5, 0.5)
    from scipy.ndimage import map_coordinates

    fine = map_coordinates(coarse, np.meshgrid(*grid, indexing="ij"), order=1)
    rows = [
        gt.detect.published_baseline(
            as_image(
                values,
                dims=("time", "distance"),
                spacing={"time": f"{45 / finer} s", "distance": f"{0.348 / finer} Mm"},
            )
        ).iloc[0]
        for values, finer in ((coarse, 1), (fine, 2))
    ]
    assert rows[1]["baseline_statistic"] == pytest.approx(rows[0]["baseline_statistic"], abs=1e-9)
