"""P-values from surrogates and false discoveries over a study."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from graticule.core.errors import CheckError
from graticule.evaluate.empirical import benjamini_hochberg, empirical_p, false_discovery_rate

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


@given(k=st.integers(0, 50), rest=st.integers(0, 50))
def test_p_counts_and_its_interval_is_that_of_scipy(k: int, rest: int) -> None:
    if k + rest == 0:
        return
    result = empirical_p(1.0, [2.0] * k + [0.0] * rest)
    interval = stats.binomtest(k, k + rest).proportion_ci(method="exact")
    assert result.p == (1 + k) / (1 + k + rest)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high))
    assert result.smallest <= result.p


def test_p_is_uniform_where_value_and_null_are_alike() -> None:
    rng = np.random.default_rng(0)
    p = [empirical_p(rng.normal(), rng.normal(size=19)).p for _ in range(4000)]
    counts = np.bincount(np.rint(np.array(p) * 20).astype(int), minlength=21)[1:]
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize(("value", "null"), [(1.0, []), (np.nan, [1.0]), (1.0, [np.inf])])
def test_no_p_value_out_of_nothing(value: float, null: list[float]) -> None:
    with pytest.raises(CheckError):
        empirical_p(value, null)


@given(P_VALUES)
def test_q_is_that_of_scipy(p: list[float]) -> None:
    expected = stats.false_discovery_control(p)
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-12)


@given(P_VALUES, st.floats(0.01, 0.5))
def test_discoveries_are_those_of_the_step_up_rule(p: list[float], level: float) -> None:
    ordered = np.sort(p)
    passing = np.flatnonzero(ordered * len(p) / np.arange(1, len(p) + 1) <= level)
    count = passing[-1] + 1 if passing.size else 0
    assert (benjamini_hochberg(p) <= level).sum() == count


def test_missing_p_values_stay_missing() -> None:
    q = benjamini_hochberg([0.01, np.nan, 0.02])
    assert np.isnan(q[1])
    np.testing.assert_allclose(q[[0, 2]], benjamini_hochberg([0.01, 0.02]))
    with pytest.raises(CheckError, match="between 0 and 1"):
        benjamini_hochberg([1.2])


@given(p=P_VALUES)
def test_both_corrections_are_those_of_scipy(p: list[float]) -> None:
    for ours, theirs in (("benjamini-hochberg", "bh"), ("benjamini-yekutieli", "by")):
        q = false_discovery_rate(p, ours)  # type: ignore[arg-type]
        np.testing.assert_allclose(q, stats.false_discovery_control(p, method=theirs), atol=1e-12)


def test_what_is_not_known_is_not_counted() -> None:
    q = false_discovery_rate([0.01, np.nan, 0.02], "benjamini-yekutieli")
    np.testing.assert_allclose(q, [0.03, np.nan, 0.03])
