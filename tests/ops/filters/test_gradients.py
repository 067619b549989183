"""Slopes, curvatures and their eigenvalues, against SciPy, scikit-image and calculus."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, feature, filters

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.ops.filters._gradients import eigenvalue

CAMERA = data.camera()[100:180, 200:290].astype(np.float32)
VOLUME = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(14, 15, 16)), 1.5)
IMAGES = {"camera": CAMERA, "volume": VOLUME.astype(np.float32)}


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("name", ["sobel", "scharr"])
def test_slopes_equal_scikit_image(name: str, image: str) -> None:
    values = IMAGES[image].astype(np.float64)
    size = np.abs(values).max()
    total = 0
    for axis, dim in enumerate("zyx"[-values.ndim :]):
        wanted = getattr(filters, name)(values, axis=axis) / 2
        total = total + wanted**2
        found = gt.op(f"filters.{name}")(values, dim=dim)
        np.testing.assert_allclose(found, wanted, atol=1e-6 * size)
    np.testing.assert_allclose(gt.op(f"filters.{name}")(values), total**0.5, atol=2e-6 * size)


@given(st.sampled_from(["sobel", "scharr"]), st.floats(-9, 9), st.floats(-9, 9))
def test_the_slope_of_a_plane_is_its_slope(name: str, down: float, along: float) -> None:
    y, x = np.mgrid[0:7, 0:8]
    values = 3 + down * y + along * x
    image = as_image(values, spacing={"y": "2 um", "x": "500 nm"}, units="count")
    slope = gt.op(f"filters.{name}")(image)
    np.testing.assert_allclose(slope[1:-1, 1:-1], np.hypot(down / 2, along / 0.5), atol=1e-4)
    assert slope.attrs["units"] == "count um-1"
    plain = gt.op(f"filters.{name}")(values, dim="y")
    np.testing.assert_allclose(plain[1:-1, 1:-1], down, atol=1e-5)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("sigma", [0, 1.0, 2.5])
def test_the_laplacian_equals_scipy(image: str, sigma: float) -> None:
    values = IMAGES[image].astype(np.float64)
    found = gt.op("filters.laplacian")(values, sigma=sigma)
    wanted = ndimage.gaussian_laplace(values, sigma) if sigma else ndimage.laplace(values)
    np.testing.assert_allclose(found, wanted, atol=1e-2 * np.abs(wanted).max())


@given(st.floats(0, 3), st.lists(st.floats(-2, 2), min_size=6, max_size=6), st.sampled_from([2, 3]))
def test_a_paraboloid_has_its_own_matrix_at_any_scale(
    sigma: float, entries: list[float], ndim: int
) -> None:
    matrix = np.zeros((ndim, ndim))
    matrix[np.triu_indices(ndim)] = entries[: ndim * (ndim + 1) // 2]
    matrix = (matrix + matrix.T) / 2
    grid = np.stack(np.meshgrid(*[np.arange(29.0) - 14] * ndim, indexing="ij"), -1)
    values = np.einsum("...i,ij,...j", grid, matrix, grid) / 2
    wanted = np.linalg.eigvalsh(matrix)[::-1]
    middle = (14,) * ndim
    names = ["largest", "middle", "smallest"] if ndim == 3 else ["largest", "smallest"]
    run = gt.op("filters.hessian_eigenvalues")
    found = [run(values, sigma=sigma, which=name)[middle] for name in names]
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    trace = gt.op("filters.laplacian")(values, sigma=sigma)[middle]
    assert trace == pytest.approx(wanted.sum(), abs=3e-3)


@pytest.mark.parametrize("image", IMAGES)
def test_the_hessian_equals_scikit_image(image: str) -> None:
    values = IMAGES[image].astype(np.float64)
    matrix = feature.hessian_matrix(values, 2, mode="reflect", use_gaussian_derivatives=False)
    derivatives = []
    for i in range(values.ndim):
        for j in range(i, values.ndim):
            order = [0] * values.ndim
            order[i] += 1
            order[j] += 1
            derivatives.append(ndimage.gaussian_filter(values, 2, order=order))
    assert len(matrix) == len(derivatives)
    wanted = feature.hessian_matrix_eigvals(derivatives)
    run = gt.op("filters.hessian_eigenvalues")
    limit = 4e-3 * np.abs(wanted).max()
    np.testing.assert_allclose(run(values, sigma=2), wanted[0], atol=limit)
    np.testing.assert_allclose(run(values, sigma=2, which="smallest"), wanted[-1], atol=limit)
    if values.ndim == 3:
        np.testing.assert_allclose(run(values, sigma=2, which="middle"), wanted[1], atol=limit)


@pytest.mark.parametrize("image", IMAGES)
def test_the_structure_tensor_equals_scikit_image(image: str) -> None:
    values = IMAGES[image].astype(np.float64)
    orders = np.eye(values.ndim, dtype=int)
    slopes = [ndimage.gaussian_filter(values, 1, order=list(order)) for order in orders]
    parts = [
        ndimage.gaussian_filter(slopes[i] * slopes[j], 2)
        for i in range(values.ndim)
        for j in range(i, values.ndim)
    ]
    wanted = feature.structure_tensor_eigenvalues(parts)
    run = gt.op("filters.structure_tensor_eigenvalues")
    limit = 4e-3 * wanted.max()
    np.testing.assert_allclose(run(values), wanted[0], atol=limit)
    np.testing.assert_allclose(run(values, which="smallest"), wanted[-1], atol=limit)


@given(st.integers(0, 2**16))
def test_eigenvalues_of_all_kinds_are_ordered_and_turn_with_the_image(seed: int) -> None:
    image = np.random.default_rng(seed).normal(size=(9, 9, 9))
    for name in ("hessian_eigenvalues", "structure_tensor_eigenvalues"):
        run = gt.op(f"filters.{name}")
        parts = [run(image, which=which) for which in ("largest", "middle", "smallest")]
        slack = 1e-5 * np.abs(parts[0]).max()
        assert (parts[0] >= parts[1] - slack).all()
        assert (parts[1] >= parts[2] - slack).all()
        turned = run(np.rot90(image, axes=(0, 2)), which="middle")
        np.testing.assert_allclose(turned, np.rot90(parts[1], axes=(0, 2)), atol=30 * slack)


def test_four_dims_have_eigenvalues_too() -> None:
    values: Any = np.random.default_rng(0).normal(size=(5, 5, 5, 5))
    image = as_image(values, dims=("a", "b", "c", "d"))
    high, low = (
        gt.op("filters.hessian_eigenvalues")(image, sigma=0, which=which)
        for which in ("largest", "smallest")
    )
    assert (high >= low).all()
    total = gt.op("filters.laplacian")(image)
    assert ((total <= 4 * high + 1e-3) & (total >= 4 * low - 1e-3)).all()


def test_spacing_changes_the_curvature_by_its_square() -> None:
    values = VOLUME[7]
    image = as_image(values, spacing={"y": "0.5 um", "x": "0.5 um"}, units="count")
    found = gt.op("filters.hessian_eigenvalues")(image, sigma="1 um")
    plain = gt.op("filters.hessian_eigenvalues")(values, sigma=2)
    np.testing.assert_allclose(found, plain * 4, rtol=1e-5)
    assert found.attrs["units"] == "count um-2"


def test_nan_is_local() -> None:
    values = CAMERA.copy()
    values[20, 30] = np.nan
    for name in ("sobel", "scharr"):
        bad = np.argwhere(np.isnan(gt.op(f"filters.{name}")(values)))
        assert bad.min(0).tolist() == [19, 29]
        assert bad.max(0).tolist() == [21, 31]
    bad = np.argwhere(np.isnan(gt.op("filters.hessian_eigenvalues")(values, sigma=2)))
    assert np.abs(bad - [20, 30]).max() == 8


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="dim: must be one of the dims"):
        gt.op("filters.sobel")(CAMERA, dim="z")
    with pytest.raises(ParameterError, match="which: is 'middle'"):
        gt.op("filters.hessian_eigenvalues")(CAMERA, which="middle")


def test_eigenvalues_that_repeat_are_as_exact_as_the_rest() -> None:
    rng = np.random.default_rng(4)
    bases = np.linalg.qr(rng.normal(size=(500, 3, 3)))[0]
    wanted = np.array([2.0, 1.0, 1.0]) * rng.uniform(1, 100, size=(500, 1))
    matrices = np.einsum("nij,nj,nkj->nik", bases, wanted, bases).astype(np.float32)
    parts = {(i, j): matrices[:, i, j].copy() for i in range(3) for j in range(i, 3)}
    for which, number in (("largest", 0), ("middle", 1), ("smallest", 2)):
        exact = np.linalg.eigvalsh(matrices.astype(float))[:, 2 - number]
        found = eigenvalue(parts, 3, which)
        np.testing.assert_allclose(found / wanted[:, 0], exact / wanted[:, 0], atol=3e-7)
