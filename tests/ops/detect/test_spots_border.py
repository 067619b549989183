"""detect.spots: what is found inside an image is found on its border, and lines stay ridges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core import Length, as_image
from graticule.ops.detect import _spots as parts
from graticule.ops.detect._spots_lines import line_levels

SPOTS = gt.op("detect.spots")


def _noise(seed, shape=(64, 64), counts=400):
    return np.random.default_rng(seed).poisson(counts, shape).astype(np.float32)


@pytest.mark.parametrize("method", ["adaptive", "reconstruction"])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("side", [np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]])
def test_ten_of_ten_on_each_side(method, size, side):
    image = _noise(1)
    edge = image[side].ravel() * 0
    for start in range(3, 60, 6):
        edge[start : start + size] = 300
    image[side] += edge.reshape(image[side].shape)
    found = SPOTS(image, method=method).mask[side].ravel()
    assert found[edge > 0].all()


@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_a_spot_fills_a_corner(corner):
    image = _noise(2)
    y, x = (np.s_[:2] if at == 0 else np.s_[-2:] for at in corner)
    image[y, x] += 300
    assert SPOTS(image).mask[y, x].all()


def test_the_same_spots_are_found_where_a_cut_makes_them_the_border():
    inside, border = [], []
    for seed in range(6):
        rng = np.random.default_rng([seed, 9])
        image = _noise(seed, (96, 96))
        places = [(y, x) for y in range(8, 88, 16) for x in range(8, 88, 16)]
        rows, columns = np.mgrid[:96, :96]
        for y, x in places:
            light = rng.uniform(60, 200)
            image += light * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 1.2)
        whole = SPOTS(image).mask
        for y, x in places:
            inside += [whole[y, x]] * 2
            border += [SPOTS(image[y:]).mask[0, x], SPOTS(image[:, : x + 1]).mask[y, x]]
    assert 0.3 < np.mean(inside) < 0.99
    assert abs(np.mean(border) - np.mean(inside)) <= 0.02


@pytest.mark.parametrize("row", [0, 20, 63])
def test_a_row_of_spots_is_no_ridge(row):
    image = _noise(3)
    runs = np.ones(64, bool)
    runs[::4] = runs[1::8] = False
    image[row, runs] += 1500
    mask = SPOTS(image).mask
    assert mask[row, runs].all()
    assert mask[row, ~runs].sum() <= 3


@pytest.mark.parametrize("row", [0, 20, 63])
def test_a_whole_line_is_one(row):
    image = _noise(4)
    image[row] += 600
    image[:, row] -= 200
    assert SPOTS(image).mask.sum() <= 14  # of 127; what is found grows along it


def test_noise_has_no_more_spots_on_the_border():
    masks = [SPOTS(_noise(seed, (12, 400), 100)).mask for seed in range(20)]
    border = sum(int(m[0].sum() + m[-1].sum()) for m in masks)
    assert border <= 16  # of 16,000 samples


@settings(max_examples=30)
@given(
    hnp.arrays(np.float32, (2, 1, 7, 11), elements=st.integers(0, 9)),
    st.sampled_from([(0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, -1)]),
    st.integers(1, 3),
)
def test_whole_lines_and_cut_ones_are_judged_alike(values, direction, half):
    fast, slow = (np.empty((3, *values.shape), np.float32) for _ in range(2))
    step = np.array(direction)
    line_levels(values, half, step, True, fast, 0, 14)
    line_levels(values, half, step, False, slow, 0, 14)
    np.testing.assert_array_equal(fast, slow)
    y, x = 3, 5
    line = np.sort([values[1, 0, y + t * step[1], x + t * step[2]] for t in range(-half, half + 1)])
    assert fast[1, 1, 0, y, x] == line[half]


def test_means_are_as_noisy_on_the_border_and_beside_holes():
    values = np.random.default_rng(5).normal(0, 1, (4000, 1, 5, 6))
    values[:, 0, 2, 3] = np.nan
    means = parts.binomial_mean(values, parts.even_noise(values))
    spread = means.std(axis=0)[0]
    known = ~np.isnan(values[0, 0])
    np.testing.assert_allclose(spread[known], 0.375, rtol=0.06)


@pytest.mark.parametrize("window", [0, 15])
def test_a_part_with_its_surroundings_is_as_the_whole(window):
    image = _noise(6, (120, 130))
    image[::7, ::5] += 150
    whole = SPOTS(image, window=window)
    params = {"method": "reconstruction", "radius": Length(3), "window": Length(window)}
    reach = SPOTS.scope.halo(as_image(image), params)
    part = SPOTS(image[: 30 + reach["y"], : 40 + reach["x"]], window=window)
    for found, expected in zip(part, whole, strict=True):
        np.testing.assert_array_equal(found[:30, :40], expected[:30, :40])


def test_a_real_row_of_spots(data_dir: Path):
    folder = data_dir / "neutron_spots"
    image = gt.read(folder / "spotprojection_0001.tif").values
    changed = np.abs(image - gt.read(folder / "spotcleaned_0001.tif").values) > 20
    assert changed.sum() == 58
    mask = SPOTS(image).mask
    assert mask[changed].mean() >= 0.95
    assert mask[image > 50].mean() > 0.95
