"""segment.region_means: the means of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

LABELS = hnp.arrays(np.int32, hnp.array_shapes(max_dims=3), elements=st.integers(0, 6))


@given(labels=LABELS, seed=st.integers(0, 99))
def test_equals_scipy(labels: Any, seed: int) -> None:
    image = np.random.default_rng(seed).normal(100, 10, labels.shape)
    found = gt.op("segment.region_means")(labels, image)
    np.testing.assert_array_equal(np.isnan(found), labels == 0)
    for label in np.unique(labels[labels > 0]):
        mean = ndimage.mean(image, labels, label)
        np.testing.assert_allclose(found[labels == label], mean, rtol=1e-6)


def test_again_it_changes_nothing() -> None:
    labels = np.arange(60).reshape(6, 10) // 7 + 1
    image = np.random.default_rng(0).random((6, 10))
    once = gt.op("segment.region_means")(labels, image)
    np.testing.assert_allclose(gt.op("segment.region_means")(labels, once), once, rtol=1e-6)


def test_values_that_are_missing_are_left_out() -> None:
    found = gt.op("segment.region_means")(np.array([1, 1, 2, 3]), np.array([np.nan, 4, np.inf, 5]))
    np.testing.assert_array_equal(found, [4, 4, np.nan, 5])


def test_channels_are_refused() -> None:
    with pytest.raises(ImageError, match="take one channel"):
        gt.op("segment.region_means")(as_image([1, 2]), as_image(np.zeros((2, 3)), dims=("x", "c")))
