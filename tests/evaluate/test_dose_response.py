"""Dose-response curves: the true one is found, and intervals hold it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy.optimize import curve_fit

from graticule.core.errors import CheckError
from graticule.evaluate.dose_response import dose_response

DOSES = np.repeat([0, 0.1, 0.3, 1, 3, 10, 30], 4)


def _true(doses: np.ndarray, ec50: float = 1.5, hill: float = 1.2, b: float = 2, t: float = 10):  # type: ignore[no-untyped-def]
    return b + (t - b) / (1 + (ec50 / np.maximum(doses, 1e-12)) ** hill)


@pytest.mark.parametrize(("bottom", "top"), [(2, 10), (10, 2)])
def test_without_noise_the_curve_is_exact(bottom: float, top: float) -> None:
    found = dose_response(DOSES, _true(DOSES, b=bottom, t=top))
    told = [each.estimate for each in (found.ec50, found.hill, found.bottom, found.top)]
    np.testing.assert_allclose(told, [1.5, 1.2, bottom, top], rtol=1e-4)
    np.testing.assert_allclose(found(DOSES), _true(DOSES, b=bottom, t=top), rtol=1e-4)


def test_it_is_the_fit_of_scipy() -> None:
    rng = np.random.default_rng(0)
    y = _true(DOSES) + rng.normal(0, 0.5, DOSES.size)
    found = dose_response(DOSES, y)
    theirs, _ = curve_fit(_true, DOSES, y, [1, 1, 2, 10], maxfev=10_000)
    ours = [each.estimate for each in (found.ec50, found.hill, found.bottom, found.top)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_intervals_hold_the_true_values_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    held = []
    for _ in range(60):
        found = dose_response(DOSES, _true(DOSES) + rng.normal(0, 0.6, DOSES.size))
        truth = {"ec50": 1.5, "hill": 1.2, "bottom": 2, "top": 10}
        held.append([getattr(found, k).low < v < getattr(found, k).high for k, v in truth.items()])
    assert (np.mean(held, axis=0) >= 0.87).all()
    assert np.mean(held) <= 0.99


def test_an_end_that_the_doses_do_not_tell_is_open() -> None:
    doses = np.repeat([0.01, 0.03, 0.1, 0.3], 3)
    rng = np.random.default_rng(0)
    found = dose_response(doses, _true(doses, ec50=5) + rng.normal(0, 0.3, doses.size))
    assert found.ec50.high == math.inf


def test_no_response_is_told() -> None:
    rng = np.random.default_rng(3)
    p = [dose_response(DOSES, rng.normal(size=DOSES.size)).p for _ in range(20)]
    assert np.mean(np.array(p) < 0.05) <= 0.3


@pytest.mark.parametrize("level", [0.0, 3.3, 0.1, -1e-300, 1e12])
def test_a_constant_is_no_response(level: float) -> None:
    with pytest.raises(CheckError, match=re.escape(f"all are {level:.6g}")):
        dose_response(DOSES, np.full(DOSES.size, level))
    with pytest.raises(CheckError, match="no response to the dose"):
        dose_response(DOSES, level * (1 + 1e-15 * np.sin(np.arange(DOSES.size))))
    weak = level + 1e-6 * (abs(level) or 1) * (DOSES > 1)
    assert dose_response(DOSES, weak).p < 0.001


def test_what_cannot_be_fitted_is_named() -> None:
    with pytest.raises(CheckError, match="four doses and six units, not 3 and 9"):
        dose_response(np.repeat([1, 2, 3], 3), np.arange(9))
    with pytest.raises(CheckError, match="0 or more, not -1"):
        dose_response([-1, 1, 2, 3, 4, 5], range(6))
