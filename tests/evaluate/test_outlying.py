"""What lies apart from the rest is named; of a study that holds nothing, as a rule nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.evaluate.outlying import LEAST, outlying


@pytest.mark.parametrize("count", [LEAST, 12, 20, 60, 300])
def test_of_normal_values_two_studies_in_a_hundred_at_most_name_any(count: int) -> None:
    rng = np.random.default_rng(count)
    alarms = [outlying(values).any() for values in rng.normal(size=(1000, count))]
    assert np.mean(alarms) <= 0.02


@pytest.mark.parametrize("side", [-1, 1])
def test_what_is_planted_far_away_is_named_and_nothing_else(side: int) -> None:
    values = np.random.default_rng(0).normal(size=40)
    values[7] = 12 * side
    assert np.flatnonzero(outlying(values)).tolist() == [7]
    assert outlying(values)[7] == side


def test_of_too_few_values_nothing_is_said() -> None:
    assert not outlying(np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 900.0])).any()
    assert outlying(np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 900.0]))[-1] == 1


def test_what_differs_by_less_than_matters_is_not_far() -> None:
    values = np.array([1.0] * 12 + [1.2])
    assert outlying(values)[-1] == 1
    assert not outlying(values, least_spread=0.1).any()


def test_what_is_not_finite_is_passed_over() -> None:
    values = np.array([np.nan, *[1.0] * 10, np.inf, 5.0])
    assert np.flatnonzero(outlying(values)).tolist() == [12]
