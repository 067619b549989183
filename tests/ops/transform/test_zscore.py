"""transform.zscore: SciPy's values, and no value where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import graticule as gt
from graticule.core.errors import ImageError


@given(seed=st.integers(0, 2**32), ddof=st.integers(0, 1), shift=st.floats(-1e3, 1e3))
def test_equal_to_scipy_and_blind_to_scale(seed: int, ddof: int, shift: float) -> None:
    image = np.random.default_rng(seed).normal(size=(17, 5))
    result = gt.transform.zscore(image, dim="y", ddof=ddof)
    np.testing.assert_allclose(result, stats.zscore(image, axis=0, ddof=ddof), atol=1e-6)
    moved = gt.transform.zscore(3 * image + shift, dim="y", ddof=ddof)
    np.testing.assert_allclose(moved, result, atol=1e-5)


def test_missing_samples_are_not_counted() -> None:
    image = np.array([[1.0, np.nan, 2.0, 4.0]])
    result = gt.transform.zscore(image, dim="x")
    np.testing.assert_allclose(result, stats.zscore(image, axis=1, nan_policy="omit"), atol=1e-6)


@pytest.mark.parametrize("line", [[5.0, 5.0, 5.0], [0.0, 0.0, 0.0], [7.0]])
def test_a_constant_line_has_no_score(line: list[float]) -> None:
    assert np.isnan(gt.transform.zscore(np.array(line), dim="x")).all()


def test_the_dim_must_be_there() -> None:
    with pytest.raises(ImageError, match="must have the dim time"):
        gt.transform.zscore(np.zeros((3, 3)), dim="time")
