"""detect.moveout and detect.stack: straight lines out of arcs, and nothing from outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

DIMS = ("time", "distance")


def _image(values: np.ndarray) -> object:
    return as_image(values, dims=DIMS, spacing={"time": "45 s", "distance": "0.348 Mm"})


@given(a=st.floats(-6, 6), d0=st.floats(-5, 5))
def test_linear_ramps_are_shifted_exactly(a: float, d0: float) -> None:
    ramp = np.tile(np.arange(80.0)[:, None], 30)
    moved = gt.detect.moveout(_image(ramp), a=a, d0=d0).values
    x = np.arange(30) - d0
    first = int(np.flatnonzero(x >= 0)[0])
    delay = a * (np.sqrt(np.maximum(x, 0)) - np.sqrt(x[first]))
    expected = np.arange(80.0)[:, None] + delay
    inside = (expected >= -1e-9) & (expected <= 79 + 1e-9) & (x >= 0)
    known = np.isfinite(moved)
    assert (known <= inside).all()
    assert (inside & ~known).sum() <= 30
    np.testing.assert_allclose(moved[known], expected[known], atol=1e-4)


def test_nothing_wraps_around() -> None:
    image = np.zeros((40, 20))
    image[:5] = 100
    moved = gt.detect.moveout(_image(image), a=5.0).values
    assert np.isnan(moved[-1, 1:]).all()
    assert np.nanmax(moved[10:]) == 0


def test_an_event_gives_its_own_curve() -> None:
    rng = np.random.default_rng(0)
    image = _image(rng.normal(size=(60, 40)))
    event = pd.DataFrame([{"a": 4.5, "d0": 3 * 0.348}])
    by_event = gt.detect.moveout(image, event)
    np.testing.assert_allclose(by_event, gt.detect.moveout(image, a=4.5, d0=3), atol=1e-5)
    with pytest.raises(ImageError, match="columns a and d0"):
        gt.detect.moveout(image, pd.DataFrame([{"a": 4.5}]))


@given(st.integers(0, 2**32))
def test_semblance_is_one_for_equal_columns_and_small_for_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    line = rng.normal(size=(50, 1))
    equal = gt.detect.stack(_image(np.tile(line, 30)), statistic="semblance")
    np.testing.assert_allclose(equal, 1, atol=1e-5)
    noise = gt.detect.stack(_image(rng.normal(size=(50, 30))), statistic="semblance")
    assert float(noise.min()) >= 0
    assert float(noise.mean()) < 0.2


@given(st.integers(0, 2**32))
def test_a_phase_weight_only_takes_away(seed: int) -> None:
    image = np.random.default_rng(seed).normal(size=(40, 12))
    image[3:6, 2] = np.nan
    mean = np.abs(gt.detect.stack(_image(image)))
    weighted = np.abs(gt.detect.stack(_image(image), statistic="phase_weighted", power=2.0))
    assert (weighted <= mean + 1e-6).all()
    np.testing.assert_allclose(mean, np.abs(np.nanmean(image, axis=1)), atol=1e-6)
    unweighted = gt.detect.stack(_image(image), statistic="phase_weighted", power=0.0)
    np.testing.assert_allclose(np.abs(unweighted), mean, atol=1e-6)


@pytest.mark.parametrize("name", ["detect.moveout", "detect.stack"])
def test_time_and_distance_must_be_two_dims(name: str) -> None:
    with pytest.raises(ImageError, match="needs 2 different dims, not distance and distance"):
        gt.op(name)(_image(np.ones((4, 3))), along="distance")
