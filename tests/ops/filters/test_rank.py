"""filters.median and filters.rank, against SciPy, scikit-image and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, filters, morphology

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, UnitsError

SHAPES = st.one_of(
    st.tuples(st.integers(1, 30)),
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
)
DTYPES = ["uint8", "int8", "uint16", "int16", "int32", "uint64", "float32", "float64"]
DISKS = {"ball": morphology.disk, "diamond": morphology.diamond}


def window(shape: str, radius: int) -> Any:
    return DISKS[shape](radius) if shape in DISKS else np.ones((2 * radius + 1,) * 2, bool)


@settings(max_examples=120)
@given(SHAPES, st.sampled_from(DTYPES), st.integers(0, 5), st.integers(0, 2**16))
def test_the_median_of_a_box_equals_scipy(
    shape: tuple[int, ...], dtype: str, radius: int, seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    found = gt.op("filters.median")(image, radius=radius)
    wanted = ndimage.median_filter(image, 2 * radius + 1, mode="nearest")
    assert found.dtype == image.dtype
    np.testing.assert_array_equal(found, wanted)


@settings(max_examples=80)
@given(SHAPES, st.sampled_from(DTYPES), st.integers(0, 4), st.integers(0, 2**16), st.floats(0, 100))
def test_a_percentile_of_a_box_equals_scipy(
    shape: tuple[int, ...], dtype: str, radius: int, seed: int, percentile: float
) -> None:
    image = np.random.default_rng(seed).integers(0, 100, shape).astype(dtype)
    found = gt.op("filters.rank")(image, radius=radius, percentile=percentile)
    wanted = ndimage.percentile_filter(image, percentile, 2 * radius + 1, mode="nearest")
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("radius", [1, 2, 3, 9])
@pytest.mark.parametrize("shape", ["box", "ball", "diamond"])
def test_equals_scikit_image_on_a_real_image(shape: str, radius: int, dtype: str) -> None:
    image = data.coins()[:140, :170].astype(dtype)
    if dtype == "float32":
        image += np.random.default_rng(0).random(image.shape, dtype=np.float32)
    found = gt.op("filters.median")(image, radius=radius, shape=shape)
    np.testing.assert_array_equal(found, filters.median(image, window(shape, radius)))


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("radius", [4, 9, 13, 14])
@pytest.mark.parametrize("shape", [(43, 301), (1, 700), (700,), (5, 24, 90)])
def test_lines_longer_than_what_is_compared_at_once(
    shape: tuple[int, ...], radius: int, dtype: str
) -> None:
    radius = min(radius, 5) if len(shape) == 3 else radius
    image = np.random.default_rng(0).gamma(4, 250, shape).astype(dtype)
    for percentile in (7, 50, 100):
        found = gt.op("filters.rank")(image, radius=radius, percentile=percentile)
        size = 2 * radius + 1
        wanted = ndimage.percentile_filter(image, percentile, size, mode="nearest")
        np.testing.assert_array_equal(found, wanted)


def test_one_nan_changes_the_windows_that_hold_it_alone() -> None:
    image = np.random.default_rng(0).normal(size=(150, 160)).astype(np.float32)
    whole = gt.op("filters.median")(image, radius=4)
    image[70, 80] = np.nan
    found = gt.op("filters.median")(image, radius=4)
    near = np.zeros(image.shape, bool)
    near[66:75, 76:85] = True
    np.testing.assert_array_equal(found[~near], whole[~near])
    window = image[66:75, 76:85]
    assert found[70, 80] == np.float32(np.nanmedian(window.astype(float)))
    assert not np.isnan(found).any()


@settings(max_examples=40)
@given(SHAPES, st.integers(1, 4), st.integers(0, 2**16), st.floats(0, 1))
def test_nan_is_left_out(shape: tuple[int, ...], radius: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    image = rng.normal(size=shape)
    image[rng.random(shape) < share] = np.nan
    found = gt.op("filters.median")(image, radius=radius)
    padded = np.pad(image, radius, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1,) * image.ndim)
    flat = views.reshape(*image.shape, -1)
    count = (~np.isnan(flat)).sum(axis=-1)
    ordered = np.sort(flat, axis=-1)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0)[..., None] // 2, -1)[..., 0]
    high = np.take_along_axis(ordered, count[..., None] // 2 * (count > 0)[..., None], -1)[..., 0]
    np.testing.assert_allclose(found, low / 2 + high / 2, rtol=1e-12)


@given(st.integers(0, 2**16), st.integers(1, 3), st.sampled_from(["box", "ball", "diamond"]))
def test_order_and_duality(seed: int, radius: int, shape: str) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (17, 19)).astype(np.uint8)
    params: Any = {"radius": radius, "shape": shape}
    lowest = gt.op("filters.rank")(image, percentile=0, **params)
    highest = gt.op("filters.rank")(image, percentile=100, **params)
    middle = gt.op("filters.median")(image, **params)
    np.testing.assert_array_equal(lowest, gt.op("filters.erosion")(image, **params))
    np.testing.assert_array_equal(highest, gt.op("filters.dilation")(image, **params))
    assert ((lowest <= middle) & (middle <= highest)).all()
    np.testing.assert_array_equal(gt.op("filters.rank")(image, **params), middle)
    np.testing.assert_array_equal(gt.op("filters.median")(255 - image, **params), 255 - middle)


def test_a_step_stays_and_a_spot_goes() -> None:
    image = np.zeros((20, 20), np.float32)
    image[:, 10:] = 7
    spotted = image.copy()
    spotted[5, 5] = 1000
    np.testing.assert_array_equal(gt.op("filters.median")(spotted), image)


def test_infinite_values_are_values() -> None:
    image = np.array([np.inf, -np.inf, 3, np.nan, np.inf], np.float32)
    found = gt.op("filters.median")(image)
    np.testing.assert_array_equal(found, [np.inf, 3, -np.inf, np.inf, np.inf])


def test_the_window_follows_anisotropic_spacing() -> None:
    values = np.random.default_rng(0).normal(size=(6, 12, 14))
    image = as_image(values, spacing={"z": "2 um", "y": "0.5 um", "x": "1 um"})
    found = gt.op("filters.median")(image, radius="1 um")
    wanted = ndimage.median_filter(values, (1, 5, 3), mode="nearest")
    np.testing.assert_array_equal(found, wanted)


def test_other_dims_are_not_mixed() -> None:
    values = np.random.default_rng(0).normal(size=(9, 10, 3))
    found = gt.op("filters.median")(as_image(values, dims=("y", "x", "c")))
    np.testing.assert_array_equal(found, ndimage.median_filter(values, (3, 3, 1), mode="nearest"))


def test_bools_and_half_precision_keep_their_dtype() -> None:
    image = np.random.default_rng(0).random((12, 13)) > 0.5
    found = gt.op("filters.median")(image)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, ndimage.median_filter(image, 3, mode="nearest"))
    half = gt.op("filters.median")(image.astype(np.float16))
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, found)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnitsError, match="no size in pixels"):
        gt.op("filters.median")(np.zeros((4, 4)), radius="1 um")
    with pytest.raises(ImageError, match="must be real"):
        gt.op("filters.rank")(np.ones((3, 3), complex))
