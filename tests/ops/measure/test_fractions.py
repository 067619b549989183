"""measure.phase_fractions and measure.porosity: counts are exact, and the intervals honest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.pipeline.tiles import run_tiled
from graticule.testing.compare import difference

SEEDS = st.integers(0, 10**6)
fractions = gt.op("measure.phase_fractions")
porosity = gt.op("measure.porosity")


def structure(seed: int, shape: tuple[int, ...], sigma: float) -> Any:
    """Return a mask of a stationary random field: 30 % on average over many."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), sigma, mode="wrap")
    spread = (2 * sigma * np.sqrt(np.pi)) ** (-len(shape) / 2)
    return field / spread > 0.5244005


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_fractions_are_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    phases, mask = rng.integers(0, 4, (37, 41)), rng.random((37, 41)) > 0.3
    table = fractions(phases, mask)
    for row in table.itertuples():
        assert row.pixels == ((phases == row.phase) & mask).sum()
        assert row.fraction == pytest.approx(row.pixels / mask.sum())
        assert row.fraction_low < row.fraction < row.fraction_high
    assert table.fraction.sum() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(7, 60), st.integers(7, 60))
def test_tiles_change_nothing(seed: int, y: int, x: int) -> None:
    rng = np.random.default_rng(seed)
    phases = as_image(rng.integers(0, 3, (50, 44)))
    mask = as_image(rng.random((50, 44)) > 0.2)
    tile = {"y": y, "x": x}
    tiled = run_tiled("measure.phase_fractions", [phases, mask], tile=tile)
    assert difference(tiled, fractions(phases, mask)) == ""
    pores = phases.copy(data=phases.values == 1)
    labels = as_image(ndimage.label(pores)[0])
    tiled = run_tiled("measure.porosity", [pores, mask, labels], tile=tile)
    assert difference(tiled, porosity(pores, mask, labels)) == ""


@pytest.mark.parametrize(("shape", "sigma"), [((192, 192), 3), ((192, 192), 6), ((64, 64, 64), 2)])
def test_intervals_hold_the_truth_as_often_as_they_say(shape: Any, sigma: float) -> None:
    held, naive = [], []
    for seed in range(100):
        row = porosity(structure(seed, shape, sigma)).iloc[0]
        held.append(row.porosity_low <= 0.3 <= row.porosity_high)
        reach = 1.96 * np.sqrt(row.porosity * (1 - row.porosity) / np.prod(shape))
        naive.append(abs(row.porosity - 0.3) <= reach)
    assert np.mean(held) >= 0.87
    assert np.mean(naive) < 0.5  # an interval over samples is no interval


def test_intervals_narrow_with_the_image() -> None:
    wide = [porosity(structure(1, (side, side), 3)).iloc[0] for side in (96, 192, 384)]
    widths = [row.porosity_high - row.porosity_low for row in wide]
    assert widths[0] > widths[1] > widths[2]
    sure = porosity(structure(1, (96, 96), 3), confidence=0.5).iloc[0]
    assert sure.porosity_high - sure.porosity_low < widths[0]


def test_what_was_not_seen_may_still_be_there() -> None:
    none = porosity(np.zeros((64, 64), bool)).iloc[0]
    assert none.porosity == none.porosity_low == 0
    assert 0 < none.porosity_high < 0.3
    full = porosity(np.ones((64, 64), bool)).iloc[0]
    assert (full.porosity, full.porosity_high) == (1, 1)
    assert full.porosity_low == pytest.approx(1 - none.porosity_high)


def test_nothing_to_count_is_missing() -> None:
    row = porosity(np.ones((8, 8), bool), np.zeros((8, 8), bool)).iloc[0]
    assert np.isnan(row[["porosity", "porosity_low", "porosity_high"]].astype(float)).all()
    alone = porosity(np.ones((1, 1), bool)).iloc[0]
    assert alone.porosity == 1
    assert np.isnan(alone.porosity_low)


def test_open_pores_lead_out() -> None:
    pores = np.zeros((9, 9), bool)
    pores[0:2, 4] = pores[4:6, 4:6] = pores[7, 1] = True
    labels = ndimage.label(pores)[0]
    row = porosity(pores, None, labels).iloc[0]
    assert (row.open_porosity * 81, row.closed_porosity * 81) == pytest.approx((2, 5))
    sample = np.ones_like(pores)
    sample[4, 4] = False
    row = porosity(pores, sample, labels).iloc[0]
    assert (row.open_porosity * 80, row.closed_porosity * 80) == pytest.approx((5, 1))


def test_frames_have_rows_of_their_own() -> None:
    frames = np.stack([np.arange(64).reshape(8, 8) % (2 + t) for t in range(2)])
    image = as_image(frames, dims=("t", "y", "x"), spacing={"t": "3 s"})
    table = fractions(image)
    assert table.t.tolist() == [0, 0, 3, 3, 3]
    assert table.attrs["units"] == {"t": "s"}
    np.testing.assert_allclose(table.groupby("t").fraction.sum(), 1)


def test_objects_are_no_phases() -> None:
    with pytest.raises(ImageError, match=r"objects and not phases.*measure\.regions"):
        fractions(np.arange(400).reshape(20, 20))
    with pytest.raises(ImageError, match="the mask must have the dims"):
        fractions(np.ones((4, 4), int), as_image(np.ones((4, 4, 2), bool), dims=("y", "x", "c")))
