"""Order statistics are those of NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from graticule.core.order import median, percentile

VALUES = arrays(
    np.float64, array_shapes(max_side=30), elements=st.floats(-1e6, 1e6, allow_subnormal=False)
)


@given(VALUES)
def test_median(values: np.ndarray) -> None:
    assert median(values) == np.median(values)


@given(VALUES, st.sampled_from([0.0, 0.2, 25.0, 50.0, 63.7, 99.8, 100.0]))
def test_percentile(values: np.ndarray, percent: float) -> None:
    assert percentile(values, percent) == np.percentile(values, percent)
