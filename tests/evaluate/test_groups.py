"""Groups of units: oracles of SciPy, and intervals that hold what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from graticule.core.errors import CheckError
from graticule.evaluate.groups import difference_of_units, holm, mean_of_units

units = st.lists(st.floats(-100, 100), min_size=2, max_size=7)


@given(units)
def test_the_interval_of_few_units_is_that_of_student(values: list[float]) -> None:
    found = mean_of_units(values)
    if np.std(values) > 1e-6:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        np.testing.assert_allclose([found.low, found.high], [low, high], rtol=1e-9, atol=1e-9)
    assert found.units == len(values)


@pytest.mark.parametrize("count", [8, 12, 30])
@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_hold_the_mean_as_often_as_they_say(count: int, skewed: bool) -> None:
    """400 groups; of skewed units Student's would hold it in 90 of 100."""
    rng = np.random.default_rng(count)
    draws = rng.lognormal(0, 0.7, (400, count)) if skewed else rng.normal(0, 1, (400, count))
    true = math.exp(0.245) if skewed else 0
    found = [mean_of_units(values, n=400, seed=1) for values in draws]
    held = np.mean([each.low < true < each.high for each in found])
    assert 0.9 <= held <= 0.98
    assert {each.interval for each in found} == {"bootstrap"}


def test_one_unit_says_nothing_of_units() -> None:
    found = mean_of_units([3.0, math.nan])
    assert (found.mean, found.units, found.interval) == (3, 1, "")
    assert math.isnan(found.low)
    with pytest.raises(CheckError, match="no unit"):
        mean_of_units([math.nan])
    assert mean_of_units([2.0] * 9).low == 2


@given(units, units)
def test_differences_are_those_of_welch(one: list[float], other: list[float]) -> None:
    if min(np.std(one), np.std(other)) < 1e-3:
        return
    found = difference_of_units(one, other)
    theirs = stats.ttest_ind(one, other, equal_var=False)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)
    ends = theirs.confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], ends, rtol=1e-6, atol=1e-9)
    assert np.sign(found.effect) == np.sign(found.difference)


def test_effects_hold_the_true_one() -> None:
    rng = np.random.default_rng(0)
    held = []
    for _ in range(300):
        found = difference_of_units(rng.normal(1, 1, 8), rng.normal(0, 1, 8))
        held.append(found.effect_low < 1 < found.effect_high)
    assert 0.91 <= np.mean(held) <= 0.98


def test_groups_without_spread_or_of_one_unit() -> None:
    assert difference_of_units([2, 2], [2, 2]).p == 1
    assert difference_of_units([3, 3], [2, 2]).effect == math.inf
    one = difference_of_units([3], [2, 4])
    assert one.difference == 0
    assert math.isnan(one.p)


def test_holm_is_that_of_the_textbook() -> None:
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04, 0.03]), [0.03, np.nan, 0.06, 0.06])
    assert holm([]).size == 0
    rng = np.random.default_rng(0)
    wrong = np.mean([(holm(rng.random(10)) < 0.05).any() for _ in range(2000)])
    assert wrong < 0.065
