"""Background corrections, against SciPy, scikit-image and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, morphology, restoration

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

IMAGE = np.random.default_rng(7).random((40, 50)).astype(np.float32) + 1
LEVELS = {
    "gaussian": lambda f: ndimage.gaussian_filter(f, 5, truncate=3.0),
    "opening": lambda f: morphology.opening(f, morphology.disk(5), mode="ignore"),
}


@pytest.mark.parametrize("method", LEVELS)
def test_equals_scipy_and_scikit_image(method: str) -> None:
    run = gt.op("filters.background")
    level = LEVELS[method](IMAGE)
    np.testing.assert_allclose(run(IMAGE, width=5, method=method), IMAGE - level, atol=2e-6)
    ratio = run(IMAGE, width=5, method=method, correction="divide")
    np.testing.assert_allclose(ratio, IMAGE / level, rtol=2e-6)


@given(st.floats(-100, 100, width=32), st.sampled_from(sorted(LEVELS)))
def test_a_constant_offset_is_taken_away(offset: float, method: str) -> None:
    run = gt.op("filters.background")
    moved = run(IMAGE + np.float32(offset), width=4, method=method)
    np.testing.assert_allclose(moved, run(IMAGE, width=4, method=method), atol=1e-4)


@pytest.mark.parametrize("method", LEVELS)
def test_a_width_with_a_unit_is_that_many_pixels(method: str) -> None:
    image = as_image(IMAGE, spacing={"y": "0.5 um", "x": "0.5 um"})
    found = gt.op("filters.background")(image, width="2.5 um", method=method)
    expected = gt.op("filters.background")(IMAGE, width=5, method=method)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["background", "background_polynomial"])
@pytest.mark.parametrize("correction", ["subtract", "divide"])
def test_units_and_nan(name: str, correction: str) -> None:
    image = as_image(IMAGE.copy(), units="count", spacing={"y": "1 um", "x": "1 um"})
    image[3, 4] = np.nan
    flat = gt.op(f"filters.{name}")(image, correction=correction)
    assert flat.attrs.get("units") == ("count" if correction == "subtract" else None)
    assert np.isnan(flat.values).sum() == 1
    assert np.isnan(flat.values[3, 4])


def test_a_ratio_to_nothing_is_nan() -> None:
    for name in ("background", "background_polynomial"):
        flat = gt.op(f"filters.{name}")(np.zeros((5, 5)), correction="divide")
        assert np.isnan(flat).all()


@given(st.integers(0, 4), st.integers(0, 1000))
def test_a_polynomial_is_its_own_background(degree: int, seed: int) -> None:
    y, x = np.mgrid[0:15, 0:20]
    weights = np.random.default_rng(seed).normal(size=(degree + 1, degree + 1))
    surface: Any = sum(
        weights[i, j] * (y / 15) ** i * (x / 20) ** j
        for i in range(degree + 1)
        for j in range(degree + 1 - i)
    )
    flat = gt.op("filters.background_polynomial")(surface + np.zeros((15, 20)), degree=degree)
    assert np.abs(flat).max() < 1e-5


def test_a_polynomial_equals_numpy_least_squares() -> None:
    y, x = np.mgrid[0:40, 0:50] / 50.0
    design = np.stack([x**i * y**j for i in range(3) for j in range(3 - i)], axis=-1)
    best = np.linalg.lstsq(design.reshape(-1, 6), IMAGE.ravel(), rcond=None)[0]
    flat = gt.op("filters.background_polynomial")(IMAGE, degree=2)
    np.testing.assert_allclose(flat, IMAGE - design @ best, atol=1e-6)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("dims", [("x",), ("t", "y", "x"), ("y", "t", "x"), ("z", "y", "x")])
def test_a_polynomial_of_any_dims_equals_least_squares(
    dims: tuple[str, ...], missing: bool
) -> None:
    rng = np.random.default_rng(len(dims))
    values = rng.normal(size=(9, 11, 13)[-len(dims) :])
    if missing:
        values[rng.random(values.shape) < 0.2] = np.nan
        values.flat[0] = np.inf
    spatial = [axis for axis, dim in enumerate(dims) if dim in "zyx"]
    places = [np.indices(values.shape)[axis] / 10.0 for axis in spatial]
    powers = [p for p in np.ndindex(*(3,) * len(spatial)) if sum(p) <= 2]
    columns = [np.prod([x**n for x, n in zip(places, p, strict=True)], axis=0) for p in powers]
    design, known = np.stack(columns, axis=-1), np.isfinite(values)
    best = np.linalg.lstsq(design[known], values[known], rcond=None)[0]
    flat = gt.op("filters.background_polynomial")(as_image(values, dims=dims), degree=2)
    np.testing.assert_allclose(flat.values[known], (values - design @ best)[known], atol=1e-5)


def test_a_coordinate_that_stays_is_no_variable() -> None:
    image = as_image(IMAGE).assign_coords(x=np.full(IMAGE.shape[1], 4.0))
    flat = gt.op("filters.background_polynomial")(image, degree=1)
    rows = IMAGE.mean(axis=1)
    fit = np.polynomial.Polynomial.fit(np.arange(rows.size), rows, 1)(np.arange(rows.size))
    np.testing.assert_allclose(flat.values, IMAGE - fit[:, None], atol=1e-5)


def test_complex_values_are_refused() -> None:
    for name in ("background", "background_polynomial"):
        with pytest.raises(ImageError, match="must be real"):
            gt.op(f"filters.{name}")(np.ones((3, 3), complex))


def _ball(radii: tuple[float, ...], height: float) -> tuple[Any, Any]:
    grids = np.meshgrid(*[np.arange(-int(r), int(r) + 1) / r for r in radii], indexing="ij")
    square = np.add.reduce([grid**2 for grid in grids])
    inside = square <= 1 + 1e-9
    return inside, np.where(inside, height * np.sqrt(np.maximum(1 - square, 0)), 0)


@pytest.mark.parametrize(("shape", "radius"), [((40, 50), 6), ((11, 12, 13), 3), ((60,), 9)])
def test_the_rolling_ball_is_an_opening_by_a_ball(shape: tuple[int, ...], radius: int) -> None:
    image = (np.random.default_rng(2).random(shape) * 40).astype(np.float32)
    inside, ball = _ball((radius,) * len(shape), 20)
    low = ndimage.grey_erosion(image, footprint=inside, structure=ball, mode="constant", cval=1e9)
    level = ndimage.grey_dilation(low, footprint=inside, structure=ball, mode="constant", cval=-1e9)
    run = gt.op("filters.background")
    found = run(image, width=radius, method="rolling_ball", height=20)
    np.testing.assert_allclose(found, image - level, atol=1e-5)
    assert (found >= 0).all()


def test_the_rolling_ball_erodes_as_scikit_image() -> None:
    inside, ball = _ball((8, 8), 8)
    image = data.coins()[:90, :100].astype(np.float64)
    low = ndimage.grey_erosion(image, footprint=inside, structure=ball, mode="constant", cval=1e9)
    theirs = restoration.rolling_ball(image, radius=8)
    np.testing.assert_allclose(low + 8, theirs, atol=1e-6)
    flat = gt.op("filters.background")(image, width=8, method="rolling_ball", height=8)
    assert (image - flat >= theirs - 8 - 1e-4).all()


@given(st.floats(-100, 100, width=32), st.floats(1, 50))
def test_a_flat_ground_is_taken_away_whatever_the_ball(level: float, height: float) -> None:
    image = np.full((12, 15), level)
    image[5:7, 5:8] += 10
    flat = gt.op("filters.background")(image, width=5, method="rolling_ball", height=height)
    assert flat.min() >= 0
    np.testing.assert_allclose(flat[0], 0, atol=1e-4)


def test_a_flat_ball_is_an_opening_and_spacing_makes_it_an_ellipsoid() -> None:
    run = gt.op("filters.background")
    image = as_image(IMAGE, spacing={"y": "2 um", "x": "1 um"})
    flat = run(image, width="6 um", method="rolling_ball", height=1e-9)
    np.testing.assert_allclose(flat, run(image, width="6 um", method="opening"), atol=1e-6)


def test_nan_has_no_say_in_the_rolling_ball() -> None:
    image = np.array([5, 5, np.nan, 5, 9, 5, 5.0])
    flat = gt.op("filters.background")(image, width=2, method="rolling_ball", height=1e-6)
    np.testing.assert_allclose(flat, [0, 0, np.nan, 0, 4, 0, 0], atol=1e-5)
