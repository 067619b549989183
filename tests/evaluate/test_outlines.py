"""Distances of outlines: equal to brute force over all pairs of samples, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist

from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.evaluate.outlines import centreline_dice, outline_distances

MASKS = st.one_of(hnp.arrays(bool, (7, 8)), hnp.arrays(bool, (3, 4, 5)))
PAIRS = MASKS.flatmap(lambda m: st.tuples(st.just(m), hnp.arrays(bool, m.shape)))
NO, SOME = np.zeros((5, 5), bool), np.eye(5, dtype=bool)


def outline(mask):
    """Return the positions of the samples of a mask with a face neighbour outside it."""
    padded = np.pad(mask, 1)
    inner = (slice(1, -1),) * mask.ndim
    buried = mask.copy()
    for axis in range(mask.ndim):
        for step in (1, -1):
            buried &= np.roll(padded, step, axis=axis)[inner]
    return np.argwhere(mask & ~buried)


@settings(deadline=None)
@given(PAIRS, st.lists(st.floats(0.1, 5), min_size=3, max_size=3), st.floats(0, 4))
def test_equals_all_pairs(pair, spacing, tolerance):
    mask, truth = pair
    assume(mask.any() and truth.any())
    steps = spacing[: mask.ndim]
    ours, true = (outline(m) * steps for m in (mask, truth))
    between = cdist(ours, true)
    there, back = between.min(axis=1), between.min(axis=0)
    found = outline_distances(mask, truth, spacing=steps)
    near = {"abs": 1e-9, "rel": 1e-9}
    assert found.hausdorff == pytest.approx(max(there.max(), back.max()), **near)
    assert found.hd95 == pytest.approx(
        max(np.percentile(there, 95), np.percentile(back, 95)), **near
    )
    assert found.average == pytest.approx(np.concatenate([there, back]).mean(), **near)
    both = np.concatenate([there, back])
    if not np.isclose(both, tolerance).any():
        assert found.dice(tolerance) == pytest.approx((both <= tolerance).mean(), **near)


@settings(deadline=None)
@given(PAIRS)
def test_answer_and_truth_change_places(pair):
    there, back = outline_distances(*pair), outline_distances(*pair[::-1])
    assert there.hd95 == back.hd95
    assert there.average == pytest.approx(back.average)
    assert outline_distances(pair[0], pair[0]).hausdorff == 0


def test_a_shifted_ball_is_as_far_as_it_was_shifted():
    z, y, x = np.mgrid[:24, :24, :24]
    ball = (z - 12) ** 2 + (y - 12) ** 2 + (x - 12) ** 2 <= 49
    found = outline_distances(np.roll(ball, 3, axis=2), ball, spacing=(1, 1, 0.5))
    assert found.hausdorff == pytest.approx(1.5)
    assert found.dice(1.5) == 1
    assert 0 < found.dice(0.7) < 1


def test_empty_masks_follow_the_table():
    for answer, truth, far, dice in [
        (SOME, NO, math.inf, 0), (NO, SOME, math.inf, 0), (NO, NO, 0, 1)
    ]:  # fmt: skip
        found = outline_distances(answer, truth)
        assert [found.hausdorff, found.hd95, found.average] == [far] * 3
        assert found.dice(100.0) == dice
        assert centreline_dice(answer, truth) == dice


def test_spacing_comes_from_the_axes():
    mask = as_image(SOME, spacing={"y": "2 um", "x": "500 nm"})
    found = outline_distances(mask, np.roll(SOME, 1, axis=1))
    plain = outline_distances(SOME, np.roll(SOME, 1, axis=1), spacing=(2, 0.5))
    assert found.unit == "um"
    assert found.average == pytest.approx(plain.average)
    assert outline_distances(SOME, SOME).unit == "px"
    with pytest.raises(UnitsError, match="um, px"):
        outline_distances(as_image(SOME, spacing={"y": "2 um"}), SOME)
    with pytest.raises(ParameterError, match="2 positive numbers"):
        outline_distances(SOME, SOME, spacing=(1,))
    with pytest.raises(ParameterError, match="tolerance"):
        found.dice(-1)


def test_centrelines_forgive_width_and_not_gaps():
    rng = np.random.default_rng(0)
    truth = np.zeros((60, 60), bool)
    path = 30 + np.cumsum(rng.integers(-1, 2, 60))
    for x, y in enumerate(path):
        truth[y - 2 : y + 3, x] = True
    thin = truth & np.roll(truth, 1, axis=0) & np.roll(truth, -1, axis=0)
    gap = truth.copy()
    gap[:, 20:40] = False
    assert centreline_dice(truth, truth) == 1
    assert centreline_dice(thin, truth) > 0.95 > 0.85 > centreline_dice(gap, truth)
    volume = np.zeros((9, 9, 30), bool)
    volume[3:6, 3:6] = True
    half = volume.copy()
    half[..., 15:] = False
    assert centreline_dice(volume, volume) == 1
    assert 0.5 < centreline_dice(half, volume) < 0.8
    with pytest.raises(ImageError, match="two or three"):
        centreline_dice(np.ones(5, bool), np.ones(5, bool))


def test_dims_go_by_name():
    mask = xr.DataArray(SOME & (np.arange(5) > 1), dims=("y", "x"))
    assert outline_distances(mask, mask.transpose()).hausdorff == 0


@pytest.mark.parametrize("across", [1, 2, 3, 4])
def test_tubes_of_any_width_have_a_centreline(across):
    truth = np.zeros((12, 12, 30), bool)
    truth[2 : 2 + across, 2 : 2 + across, 2:28] = True
    truth[8, 8, 2:28] = True
    assert centreline_dice(truth, truth) == 1
    missed = truth.copy()
    missed[:8] = False  # the wide one
    assert centreline_dice(missed, truth) < 0.8
    alone = truth.copy()
    alone[8] = False
    assert centreline_dice(alone, alone) == 1


@pytest.mark.parametrize("spacing", [2, "ab", (1, "x"), (1, np.nan)])
def test_a_spacing_that_cannot_be_is_said(spacing):
    with pytest.raises(ParameterError, match="2 positive numbers"):
        outline_distances(SOME, SOME, spacing=spacing)
