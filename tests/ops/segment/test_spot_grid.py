"""segment.spot_grid: grids of known pitch and angle, with spots missing, shaken and dust."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.ops.segment.spot_grid import row_name


class Plate(NamedTuple):
    labels: np.ndarray
    truth: np.ndarray  # places of all nodes
    there: np.ndarray


def plate(
    seed: int,
    rows: int = 8,
    columns: int = 12,
    *,
    pitch: tuple[float, float] = (24.0, 30.0),
    angle: float = 3.0,
    missing: float = 0.1,
    shake: float = 0.6,
    dust: int = 0,
) -> Plate:
    """Return spots on a turned grid, numbered at random."""
    rng = np.random.default_rng(seed)
    theta = np.deg2rad(angle)
    down = pitch[0] * np.array([np.cos(theta), -np.sin(theta)])
    across = pitch[1] * np.array([np.sin(theta), np.cos(theta)])
    node = np.stack(np.mgrid[:rows, :columns], axis=-1).reshape(-1, 2)
    truth = node @ np.stack([down, across])
    truth += 25 - truth.min(axis=0)
    shape = np.ceil(truth.max(axis=0) + 25).astype(int)
    there = rng.random(len(node)) >= missing
    labels = np.zeros(shape, np.int32)
    y, x = np.mgrid[: shape[0], : shape[1]]
    numbers = rng.permutation(len(node)) + 1
    for number, place, is_there in zip(numbers, truth, there, strict=True):
        if is_there:
            at = place + rng.normal(0, shake, 2)
            labels[(y - at[0]) ** 2 + (x - at[1]) ** 2 <= 6**2] = number
    for number in range(dust):
        at = rng.integers(0, shape - 2)
        labels[at[0] : at[0] + 2, at[1] : at[1] + 2] = len(node) + 1 + number
    return Plate(labels, truth, there)


@pytest.mark.parametrize("seed", range(12))
def test_a_plate_is_found_with_what_is_missing(seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    pitch, angle = tuple(rng.uniform(20, 32, 2)), rng.uniform(-30, 30)
    made = plate(seed, pitch=pitch, angle=angle, dust=10)
    found = gt.segment.spot_grid(made.labels, rows=8, columns=12)
    grid = found.grid.iloc[0]
    assert grid["grid_pitch_y"] == pytest.approx(pitch[0], rel=0.01)
    assert grid["grid_pitch_x"] == pytest.approx(pitch[1], rel=0.01)
    assert grid["grid_angle"] == pytest.approx(angle, abs=0.3)
    np.testing.assert_allclose(found.spots[["y", "x"]], made.truth, atol=1)
    # dust may lie where a spot is missing
    wrong = found.spots["found"].to_numpy() != made.there
    assert wrong.sum() <= 3
    inside = found.spots["found"].to_numpy() & made.there
    at = np.rint(made.truth[inside]).astype(int)
    names = found.spots.loc[inside, "found_label"]
    assert (made.labels[tuple(at.T)] == names).mean() > 0.97


def test_without_dust_rows_and_columns_are_counted() -> None:
    made = plate(3, rows=6, columns=9, missing=0.15)
    found = gt.segment.spot_grid(made.labels)
    assert found.spots["name"].iloc[[0, 8, 9, -1]].tolist() == ["A1", "A9", "B1", "F9"]
    np.testing.assert_array_equal(found.spots["found"], made.there)
    grid = found.grid.iloc[0]
    assert grid["grid_missing"] == (~made.there).sum()
    assert grid["grid_apart"] == 0
    assert grid["grid_residual"] == pytest.approx(0.6 * np.sqrt(2), rel=0.25)
    sizes = gt.measure.regions(found.labels)["equivalent_diameter"]
    np.testing.assert_allclose(sizes, 12, atol=0.6)
    assert len(sizes) == 54, "missing spots are measured too"


def test_the_numbers_of_what_was_found_do_not_matter() -> None:
    made = plate(4, rows=5, columns=6)
    one = gt.segment.spot_grid(made.labels)
    two = gt.segment.spot_grid(np.where(made.labels > 0, 500 - made.labels, 0))
    np.testing.assert_array_equal(one.labels, two.labels)


def test_half_of_the_spots_missing() -> None:
    made = plate(5, missing=0.5, shake=0.3)
    found = gt.segment.spot_grid(made.labels, rows=8, columns=12)
    np.testing.assert_array_equal(found.spots["found"], made.there)


def test_units_and_a_given_diameter() -> None:
    made = plate(6, rows=4, columns=5, angle=0, pitch=(24, 30), missing=0, shake=0)
    image = as_image(made.labels, spacing={"y": "10 um", "x": "5 um"})
    image = image.assign_coords(x=("x", 100 + image.x.values, image.x.attrs))
    found = gt.segment.spot_grid(image, diameter="60 um")
    grid = found.grid
    assert grid["grid_pitch_y"].item() == pytest.approx(240)
    assert grid["grid_pitch_x"].item() == pytest.approx(150)
    assert grid.attrs["units"]["grid_pitch_x"] == "um"
    np.testing.assert_allclose(found.spots["x"], 100 + 5 * made.truth[:, 1])
    sizes = gt.measure.regions(found.labels)["equivalent_diameter"]
    np.testing.assert_allclose(sizes, 60, atol=4)


def test_no_grid_is_an_error() -> None:
    for labels in (np.zeros((9, 9), int), np.eye(9, dtype=int) * np.arange(1, 10)):
        with pytest.raises(ImageError, match="no regular grid"):
            gt.segment.spot_grid(labels)
    with pytest.raises(ImageError, match="dims y and x"):
        gt.segment.spot_grid(xr.DataArray(np.zeros((2, 9, 9), int), dims=("t", "y", "x")))


def test_rows_after_z() -> None:
    names = [row_name(number) for number in range(26 * 27)]
    assert len(set(names)) == len(names)
    assert names[25:28] == ["Z", "AA", "AB"]
    assert names[-1] == "ZZ"
