"""Erosion and dilation with any footprint, dtype and number of dims, against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.ops._morphology import footprint_of

SHAPES = st.one_of(
    st.tuples(st.integers(1, 20)),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 8)),
)
DTYPES = ["uint8", "int8", "int32", "int64", "uint64", "float32", "float64"]


@settings(max_examples=120)
@given(
    SHAPES,
    st.sampled_from(DTYPES),
    st.floats(0, 6),
    st.sampled_from(["ball", "box", "diamond"]),
    st.integers(0, 2**16),
)
def test_equals_scipy(
    shape: tuple[int, ...], dtype: str, radius: float, under: str, seed: int
) -> None:
    values: Any = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    params: Any = {"radius": radius, "shape": under}
    around = footprint_of(as_image(values), gt.core.Length(radius), under)
    wide = values.astype(np.float64)
    low = ndimage.grey_erosion(wide, footprint=around, mode="constant", cval=1e9)
    high = ndimage.grey_dilation(wide, footprint=around, mode="constant", cval=-1e9)
    np.testing.assert_array_equal(gt.op("filters.erosion")(values, **params), low)
    np.testing.assert_array_equal(gt.op("filters.dilation")(values, **params), high)


@pytest.mark.parametrize("shape", ["ball", "box", "diamond"])
def test_the_footprint_in_three_dims_follows_the_spacing(shape: str) -> None:
    values = np.zeros((7, 15, 15), bool)
    values[3, 7, 7] = True
    image = as_image(values, spacing={"z": "3 um", "y": "1 um", "x": "0.5 um"})
    grown = gt.op("segment.dilation")(image, radius="3 um", shape=shape)
    around = footprint_of(image, gt.core.Length("3 um"), shape)
    assert around.shape == (3, 7, 13)
    np.testing.assert_array_equal(grown[2:5, 4:11, 1:14], around)
    assert grown.sum() == around.sum()


@pytest.mark.parametrize("name", ["median", "rank", "erosion", "opening", "tophat"])
def test_windows_too_large_for_memory_are_said(name: str) -> None:
    with pytest.raises(ParameterError, match="window of 200001 x 200001 samples is too large"):
        getattr(gt.filters, name)(np.zeros((8, 9), np.float32), radius=1e5)
