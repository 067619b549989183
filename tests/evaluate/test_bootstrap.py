"""Intervals: they cover what they should, and do not shrink with the number of samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from graticule.core.errors import CheckError, ParameterError
from graticule.evaluate.bootstrap import (
    block_size,
    blocks,
    bootstrap,
    bootstrap_sums,
    correlation_length,
)


def test_equals_scipy_with_many_draws():
    values = np.random.default_rng(1).gamma(2, size=25)
    found = bootstrap(values, n=20_000)
    peer = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.estimate == pytest.approx(values.mean())
    assert [found.low, found.high] == pytest.approx([peer.low, peer.high], abs=0.03)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for number in range(200):
        found = bootstrap(rng.normal(size=30), n=300, seed=number, confidence=0.9)
        hits += found.low <= 0 <= found.high
    assert 0.82 <= hits / 200 <= 0.96


def test_the_same_seed_gives_the_same_interval():
    values = [0.1, 0.5, 0.4, 0.9]
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
    assert bootstrap(values, seed=3, n=500) != bootstrap(values, seed=4, n=500)


def test_rows_of_counts_make_a_ratio():
    counts = np.array([[1, 2], [3, 4], [10, 10], [0, 0]])
    found = bootstrap(counts, lambda rows: rows[:, 0].sum() / max(rows[:, 1].sum(), 1))
    assert found.estimate == pytest.approx(14 / 16)
    assert found.low < 14 / 16 < found.high


def test_units_without_a_value_are_counted_and_one_unit_has_no_interval():
    found = bootstrap([0.5, math.nan, 0.7])
    assert (found.units, found.left_out) == (2, 1)
    alone = bootstrap([0.5])
    assert alone.estimate == 0.5
    assert math.isnan(alone.low)
    assert str(alone) == "0.5"
    assert str(found).startswith("0.6 (0.5")
    with pytest.raises(CheckError, match="no unit"):
        bootstrap([math.nan])
    with pytest.raises(CheckError, match="no unit"):
        bootstrap([])
    with pytest.raises(ParameterError, match="confidence"):
        bootstrap([1, 2], confidence=1)


def test_an_infinite_distance_makes_the_mean_infinite_and_no_warning():
    found = bootstrap([1.0, 2.0, 3.0, 4.0, math.inf])
    assert found.estimate == found.high == math.inf
    assert 1 <= found.low <= 4


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), st.integers(1, 50))
def test_blocks_hold_every_sample_once_and_none_is_narrow(shape, size):
    seen = np.zeros(shape, int)
    for block in blocks(tuple(shape), size):
        seen[block] += 1
        for part, length in zip(block, shape, strict=True):
            assert part.stop - part.start >= min(size, length)
    assert (seen == 1).all()


def test_the_length_follows_the_correlation():
    noise = np.random.default_rng(0).normal(size=(256, 256))
    # of noise smoothed with sigma s the correlation is exp(-r^2 / (4 s^2)): 1/e at 2 s
    for sigma in (3, 8):
        found = correlation_length(ndimage.gaussian_filter(noise, sigma, mode="wrap"))
        assert found == pytest.approx(2 * sigma, rel=0.15)
        assert block_size(ndimage.gaussian_filter(noise, sigma)) >= found
    assert correlation_length(np.ones((5, 5))) == 1
    assert correlation_length(np.zeros((0, 5))) == 1
    assert correlation_length(np.arange(100.0)) > 10


def test_blocks_of_a_correlated_image_give_a_wider_interval_than_samples_would():
    field = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 5)
    wrong = field > field.std()
    parts = [wrong[block].mean() for block in blocks(wrong.shape, block_size(wrong))]
    honest = bootstrap(parts, n=500)
    naive = bootstrap(wrong.ravel(), n=200)
    assert honest.high - honest.low > 4 * (naive.high - naive.low)


@pytest.mark.parametrize("of", [bootstrap, lambda v, **o: bootstrap_sums(v, np.sum, **o)])
def test_wrong_input_is_said(of):
    for wrong in ({"n": 0}, {"confidence": 0}, {"confidence": 1.5}, {"confidence": math.nan}):
        with pytest.raises(ParameterError, match="confidence between 0 and 1"):
            of([1, 2, 3], **wrong)
    for values in (3.0, ["a", "b"], [[1, 2], [3]]):
        with pytest.raises(CheckError, match="needs"):
            of(values)
