"""Thresholds that work on the histogram: the same numbers as scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data, filters

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

METHODS = {"otsu": filters.threshold_otsu, "triangle": filters.threshold_triangle}
DTYPES = ["uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32", "float64"]


def mixture(seed: int, dtype: str, shape: tuple[int, ...] = (64, 65)) -> Any:
    rng = np.random.default_rng(seed)
    bright = rng.random(shape) < rng.uniform(0.05, 0.6)
    values = rng.normal(np.where(bright, 30, -10) * rng.uniform(0.5, 2), rng.uniform(2, 9))
    return values.clip(-128, 127).astype(dtype) if dtype[0] != "u" else abs(values).astype(dtype)


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(DTYPES))
def test_equals_scikit_image(name: str, seed: int, dtype: str) -> None:
    image = mixture(seed, dtype)
    plain = image.astype(np.float32) if dtype == "float16" else image
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image), plain > METHODS[name](plain))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("picture", ["coins", "camera", "page", "moon"])
def test_equals_scikit_image_on_photographs(name: str, picture: str) -> None:
    image = getattr(data, picture)()
    for given_image in (image, image.astype(np.float32) / 255, image.astype(np.uint16) * 257):
        expected = given_image > METHODS[name](given_image)
        np.testing.assert_array_equal(gt.op(f"threshold.{name}")(given_image), expected)


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 10**6))
def test_a_rising_straight_line_of_grey_values_changes_nothing(name: str, seed: int) -> None:
    image = mixture(seed, "int16")
    moved = image.astype(np.int32) + 1000
    mask = gt.op(f"threshold.{name}")(image)
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(moved), mask)


@pytest.mark.parametrize("name", METHODS)
def test_nan_and_infinite_values_are_left_out(name: str) -> None:
    image = mixture(5, "float32")
    holed = image.copy()
    holed[:20] = np.nan
    holed[20, :3] = [np.inf, -np.inf, np.nan]
    mask = gt.op(f"threshold.{name}")(holed)
    rest = holed[np.isfinite(holed)]
    np.testing.assert_array_equal(mask, holed > METHODS[name](rest))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_without_a_finite_value_there_is_no_answer(name: str, value: float) -> None:
    with pytest.raises(ImageError, match="no finite value"):
        gt.op(f"threshold.{name}")(np.full((4, 5), value))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("value", [0, 7, 2.5])
def test_the_mask_of_a_constant_image_is_empty(name: str, value: float) -> None:
    assert not gt.op(f"threshold.{name}")(np.full((4, 5), value)).any()


@pytest.mark.parametrize("name", METHODS)
def test_two_values_are_told_apart(name: str) -> None:
    image = np.array([[0, 9], [9, 9], [0, 9]])
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image), image == 9)
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image == 9), image == 9)


def test_integers_over_a_huge_range_are_counted_in_bins() -> None:
    image = np.array([0, 1, 2, 2**62, 2**62 + 5, 2**62 + 9])
    np.testing.assert_array_equal(gt.op("threshold.otsu")(image), image > 2**61)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("offset", [-(2**62), 2**62, 2**63 + 10])
def test_large_integers_are_exact(name: str, offset: int) -> None:
    image = mixture(8, "uint8")
    dtype = np.uint64 if offset > 2**63 else np.int64
    moved = image.astype(dtype) + dtype(offset)
    np.testing.assert_array_equal(
        gt.op(f"threshold.{name}")(moved), gt.op(f"threshold.{name}")(image)
    )


def test_complex_numbers_are_refused() -> None:
    for name in (*METHODS, "fixed"):
        with pytest.raises(ImageError, match=f"threshold.{name}.*must be real"):
            gt.op(f"threshold.{name}")(np.ones((2, 2), complex))


def test_the_unit_of_the_values_does_not_go_to_the_mask() -> None:
    image = as_image(mixture(1, "float32"), units="count", spacing={"x": "1 um"})
    mask = gt.op("threshold.otsu")(image)
    assert "units" not in mask.attrs
    assert mask.x.identical(image.x)


@given(value=st.floats(-40, 40, width=32))
def test_fixed_is_a_comparison(value: float) -> None:
    image = mixture(2, "float32")
    np.testing.assert_array_equal(gt.op("threshold.fixed")(image, value=value), image > value)
