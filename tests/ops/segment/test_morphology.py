"""Erosion, dilation, opening and closing of masks and grey values, against scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import morphology

import graticule as gt
from graticule.core import as_image

NAMES = ("erosion", "dilation", "opening", "closing")
FOOTPRINTS = {"ball": morphology.disk, "diamond": morphology.diamond}
MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=1, max_dims=3, max_side=9))
GREY = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=9))


def footprint(shape: str, radius: int) -> Any:
    if shape == "box":
        return np.ones((2 * radius + 1,) * 2, bool)
    return FOOTPRINTS[shape](radius)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", ["ball", "box", "diamond"])
@pytest.mark.parametrize("name", NAMES)
def test_equals_scikit_image(name: str, shape: str, dtype: str) -> None:
    values = (np.random.default_rng(3).random((23, 31)) * 9).astype(dtype)
    if dtype == "bool":
        values = np.random.default_rng(3).random((23, 31)) > 0.4
    family = "segment" if dtype == "bool" else "filters"
    ours = gt.op(f"{family}.{name}")(values, radius=2, shape=shape)
    theirs = getattr(morphology, name)(values, footprint(shape, 2), mode="ignore")
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == values.dtype


@pytest.mark.parametrize("name", NAMES)
def test_equals_scikit_image_in_three_dims(name: str) -> None:
    values = np.random.default_rng(4).normal(size=(9, 11, 13)).astype(np.float32)
    ours = gt.op(f"filters.{name}")(values, radius=2)
    theirs = getattr(morphology, name)(values, morphology.ball(2), mode="ignore")
    np.testing.assert_array_equal(ours, theirs)


@given(GREY, st.integers(0, 4), st.sampled_from(["ball", "box", "diamond"]))
def test_order_duality_and_idempotence(values: Any, radius: int, shape: str) -> None:
    params = {"radius": radius, "shape": shape}
    done = {name: gt.op(f"filters.{name}")(values, **params) for name in NAMES}
    assert (done["erosion"] <= done["opening"]).all()
    assert (done["opening"] <= values).all()
    assert (values <= done["closing"]).all()
    assert (done["closing"] <= done["dilation"]).all()
    flipped = 255 - gt.op("filters.erosion")(255 - values, **params)
    np.testing.assert_array_equal(done["dilation"], flipped)
    for name in ("opening", "closing"):
        again = gt.op(f"filters.{name}")(done[name], **params)
        np.testing.assert_array_equal(again, done[name])


@given(MASKS, st.integers(0, 3), st.sampled_from(NAMES))
def test_a_mask_is_the_grey_image_of_zeros_and_ones(mask: Any, radius: int, name: str) -> None:
    as_mask = gt.op(f"segment.{name}")(mask, radius=radius)
    as_grey = gt.op(f"filters.{name}")(mask.astype(np.float32), radius=radius)
    np.testing.assert_array_equal(as_mask, as_grey > 0)


def test_the_footprint_follows_anisotropic_spacing() -> None:
    mask = np.zeros((2, 9, 9), bool)
    mask[0, 4, 4] = True
    image = as_image(mask, spacing={"z": "2 um", "y": "0.5 um", "x": "1 um"})
    grown = gt.op("segment.dilation")(image, radius="1 um")
    assert not grown.values[1].any()
    assert np.argwhere(grown.values[0]).tolist() == [
        [2, 4], [3, 4], [4, 3], [4, 4], [4, 5], [5, 4], [6, 4],
    ]  # fmt: skip


@pytest.mark.parametrize("extreme", [2**62 + 1, -(2**62) - 1])
def test_large_integers_are_exact(extreme: int) -> None:
    values = np.full((3, 3), extreme, np.int64)
    for name in NAMES:
        np.testing.assert_array_equal(gt.op(f"filters.{name}")(values, radius=1), values)


@pytest.mark.parametrize("sign", [1, -1])
def test_infinite_values_stay_infinite_at_the_border(sign: int) -> None:
    values = np.full((3, 3), sign * np.inf, np.float32)
    for name in NAMES:
        np.testing.assert_array_equal(gt.op(f"filters.{name}")(values, radius=1), values)


def test_nan_has_no_say_and_stays_where_nothing_else_is_in_reach() -> None:
    values = np.array([np.nan, np.nan, np.nan, 2.0, 3.0])
    eroded = gt.op("filters.erosion")(values, radius=1)
    np.testing.assert_array_equal(eroded, [np.nan, np.nan, 2, 2, 2])


def test_dims_that_are_not_spatial_are_not_mixed() -> None:
    mask = np.zeros((3, 5, 5), bool)
    mask[1, 2, 2] = True
    grown = gt.op("segment.dilation")(as_image(mask, dims=("t", "y", "x")), radius=1)
    assert grown.sum(("y", "x")).values.tolist() == [0, 5, 0]
