"""Local thresholds: those of scikit-image, in windows that know spacing and missing samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import UnitsError
from graticule.ops.threshold._local import window_sums

PEERS = {
    "niblack": lambda image, width: filters.threshold_niblack(image, width),
    "sauvola": lambda image, width: filters.threshold_sauvola(image, width),
    "adaptive_mean": lambda image, width: filters.threshold_local(image, width, "mean"),
}


def agree(found: Any, image: Any, thresholds: Any) -> None:
    """Compare masks, except where the image is at the threshold to rounding."""
    close = np.abs(image - thresholds) < 1e-4 * np.abs(image).max()
    np.testing.assert_array_equal(found[~close], (image > thresholds)[~close])
    assert close.mean() < 0.2  # a page has flat parts


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("radius", [1, 7, 12])
@pytest.mark.parametrize("picture", ["page", "coins", "text"])
def test_equals_scikit_image_on_photographs(name: str, radius: int, picture: str) -> None:
    image = getattr(data, picture)().astype(np.float64)
    found = gt.op(f"threshold.{name}")(image, radius=radius)
    agree(found, image, PEERS[name](image, 2 * radius + 1))


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_equals_scikit_image_in_three_dims(name: str, dtype: str) -> None:
    image = np.random.default_rng(1).integers(0, 255, (9, 20, 21)).astype(dtype)
    found = gt.op(f"threshold.{name}")(image, radius=3)
    agree(found, image.astype(float), PEERS[name](image, 7))


@pytest.mark.parametrize("name", PEERS)
def test_windows_are_as_long_along_every_axis(name: str) -> None:
    values = np.random.default_rng(2).normal(5, 1, (30, 40))
    image = as_image(values, spacing={"y": "0.5 um", "x": "0.25 um"})
    found = gt.op(f"threshold.{name}")(image, radius="1 um")
    agree(found.values, values, PEERS[name](values, (5, 9)))
    with pytest.raises(UnitsError, match="has no unit"):
        gt.op(f"threshold.{name}")(values, radius="1 um")


def test_along_other_dims_every_image_is_by_itself() -> None:
    stack = as_image(np.random.default_rng(3).random((3, 12, 13)), dims=("t", "y", "x"))
    found = gt.op("threshold.niblack")(stack, radius=2)
    for t in range(3):
        alone = gt.op("threshold.niblack")(stack.isel(t=t), radius=2)
        np.testing.assert_array_equal(found.isel(t=t).values, alone.values)


@pytest.mark.parametrize("name", ["niblack", "adaptive_mean"])
@given(value=st.floats(-1e6, 1e6, width=32))
def test_nothing_stands_out_of_a_constant_image(name: str, value: float) -> None:
    image = np.full((9, 11), value, np.float32)
    assert not gt.op(f"threshold.{name}")(image, radius=2).any()


@pytest.mark.parametrize("name", PEERS)
def test_missing_samples_and_those_outside_the_mask_have_no_weight(name: str) -> None:
    rng = np.random.default_rng(4)
    image, mask = rng.random((15, 16)), rng.random((15, 16)) < 0.7
    run = gt.op(f"threshold.{name}")
    expected = run(image, mask, radius=2)
    assert not expected[~mask].any()
    for hole in (np.nan, np.inf, -np.inf):
        np.testing.assert_array_equal(run(np.where(mask, image, hole), radius=2), expected)
    np.testing.assert_array_equal(run(np.where(mask, image, 1e9), mask, radius=2), expected)


def test_the_mean_of_known_samples_is_the_threshold() -> None:
    image = np.array([[np.nan, 1, 4], [2, 3, np.nan]])
    found = gt.op("threshold.adaptive_mean")(image, radius=5, offset=0)
    assert not found[np.isnan(image)].any()
    assert found[0, 2]
    assert not found[0, 1]


def test_sauvola_scales_with_its_largest_deviation() -> None:
    page = data.page()
    run = gt.op("threshold.sauvola")
    np.testing.assert_array_equal(
        run(page, radius=7), run(page / 255, radius=7, largest_deviation=0.5)
    )


@given(
    values=hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(-99, 99)),
    width=st.integers(1, 40),
)
def test_window_sums_are_sums(values: Any, width: int) -> None:
    if width <= values.size:
        expected = np.convolve(values, np.ones(width), "valid")
        np.testing.assert_array_equal(window_sums(values, width, 0), expected)
