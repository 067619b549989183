"""measure.regions: every group of properties, beside scikit-image and SciPy, and in tiles."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial import ConvexHull, distance
from skimage import data, draw, measure

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.ops.measure.regions import Group
from graticule.pipeline.tiles import run_tiled
from graticule.testing.compare import difference

ALL = get_args(Group)
SEEDS = st.integers(0, 10**6)
run = gt.op("measure.regions")


def objects(seed: int, ndim: int, connectivity: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    mask = rng.random((9, 13, 11)[-ndim:]) > rng.uniform(0.3, 0.7)
    return measure.label(mask, connectivity=connectivity).astype(np.int32)


def grey(seed: int, shape: Any, kind: str = "uint8") -> Any:
    return np.random.default_rng(seed).integers(1, 250, shape).astype(kind)


def theirs(labels: Any, *names: str, values: Any = None) -> pd.DataFrame:
    return pd.DataFrame(measure.regionprops_table(labels, values, properties=names))


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_perimeter_and_euler_number_are_those_of_scikit_image(seed: int) -> None:
    labels = objects(seed, 2, connectivity=2)
    ours = run(labels, properties=["perimeter"])
    expected = theirs(labels, "perimeter_crofton", "euler_number")
    np.testing.assert_allclose(ours.perimeter, expected.perimeter_crofton, rtol=1e-12)
    np.testing.assert_array_equal(ours.euler_number, expected.euler_number)


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_euler_number_of_a_volume_is_that_of_scikit_image(seed: int) -> None:
    labels = objects(seed, 3, connectivity=3)
    ours = run(labels, properties=["perimeter"])
    np.testing.assert_array_equal(ours.euler_number, theirs(labels, "euler_number").euler_number)


def test_euler_number_of_a_line_counts_its_parts() -> None:
    table = run(np.array([1, 1, 0, 1, 2, 0, 2]), properties=["perimeter"])
    assert table.euler_number.tolist() == [2, 2]


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.4)])
def test_perimeter_of_a_disk_is_right_whatever_the_samples(spacing: tuple[float, float]) -> None:
    radius = 40.0
    y, x = (np.arange(-radius - 3, radius + 3, step) for step in spacing)
    disk = (y[:, None] ** 2 + x**2 <= radius**2).astype(int)
    units = {"y": f"{spacing[0]} um", "x": f"{spacing[1]} um"}
    table = run(as_image(disk, spacing=units), properties=["perimeter"])
    assert table.perimeter[0] == pytest.approx(2 * np.pi * radius, rel=0.02)
    assert table.circularity[0] == pytest.approx(1, abs=0.04)
    assert table.attrs["units"]["perimeter"] == "um"


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)])
def test_surface_of_a_ball_is_right_whatever_the_samples(spacing: tuple[float, ...]) -> None:
    radius = 24.0
    z, y, x = (np.arange(-radius - 3, radius + 3, step) for step in spacing)
    ball = (z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= radius**2).astype(int)
    units = {dim: f"{step} um" for dim, step in zip("zyx", spacing, strict=True)}
    table = run(as_image(ball, spacing=units), properties=["perimeter"])
    assert table.surface[0] == pytest.approx(4 * np.pi * radius**2, rel=0.03)
    assert table.sphericity[0] == pytest.approx(1, abs=0.03)
    assert table.attrs["units"]["surface"] == "um2"


def corners(labels: Any, label: int, spacing: Any) -> Any:
    places = np.argwhere(labels == label)
    cube = np.array(list(np.ndindex(*(2,) * labels.ndim)))
    return (places[:, None] + cube).reshape(-1, labels.ndim) * spacing


@pytest.mark.parametrize("ndim", [2, 3])
@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_convex_hull_is_that_of_all_corners(ndim: int, seed: int) -> None:
    labels = objects(seed, ndim)
    spacing = np.array([0.7, 0.5, 0.25][-ndim:])
    units = {dim: f"{step} um" for dim, step in zip("zyx"[-ndim:], spacing, strict=True)}
    table = run(as_image(labels, spacing=units), properties=["convex"]).head(12)
    size = {2: "convex_area", 3: "convex_volume"}[ndim]
    for row in table.itertuples():
        points = corners(labels, row.label, spacing)
        hull = ConvexHull(points)
        assert getattr(row, size) == pytest.approx(hull.volume)
        longest = distance.pdist(points[hull.vertices]).max()
        assert row.feret_max == pytest.approx(longest)
        if ndim == 2:
            turns = np.linspace(0, np.pi, 3601)
            along = points[hull.vertices] @ np.array([np.cos(turns), np.sin(turns)])
            assert row.feret_min == pytest.approx(np.ptp(along, axis=0).min(), rel=2e-3)
            assert row.feret_min <= np.ptp(along, axis=0).min() + 1e-9


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_hull_is_close_to_that_of_scikit_image(seed: int) -> None:
    labels = measure.label(ndimage.binary_dilation(objects(seed, 2) == 1, iterations=2))
    ours = run(labels, properties=["convex"])
    expected = theirs(labels, "area_convex", "feret_diameter_max", "solidity")
    # Theirs goes through the middles of the samples' edges, and counts whole samples.
    assert (ours.convex_area >= expected.area_convex - 1e-9).all()
    assert (ours.convex_area <= expected.area_convex + 2 * ours.feret_max + 2).all()
    apart = ours.feret_max - expected.feret_diameter_max
    assert apart.between(-1e-9, math.sqrt(2) + 1e-9).all()


def test_a_rectangle_is_its_own_hull() -> None:
    labels = np.zeros((9, 9), int)
    labels[2:5, 3:7] = 1
    row = run(labels, properties=["convex"]).iloc[0]
    assert (row.convex_area, row.solidity, row.feret_max, row.feret_min) == (12, 1, 5, 3)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([2, 3]))
def test_neighbours_share_a_face(seed: int, ndim: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, (5, 6, 7)[-ndim:]) * 3
    table = run(labels, properties=["neighbours"])
    for row in table.itertuples():
        wide = ndimage.binary_dilation(labels == row.label)
        beside = set(np.unique(labels[wide])) - {0, row.label}
        assert row.neighbours == len(beside)


def test_a_centroid_of_negative_weights_may_lie_outside_with_a_spacing_too() -> None:
    bare, values = np.ones((1, 3), int), np.array([[3.0, 0.0, -2.0]])
    x = {"x": ("x", [10.0, 12.0, 14.0], {"units": "um"})}
    spaced = xr.DataArray(bare, dims=["y", "x"], coords=x)
    for labels, place in ((bare, -4), (spaced, 2)):
        table = gt.measure.regions(labels, values, properties=["weighted"])
        assert table["weighted_centroid_x"].tolist() == [place]


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int64", "float32", "float64"])
@settings(max_examples=5, deadline=None)
@given(SEEDS)
def test_statistics_are_those_of_numpy(kind: str, seed: int) -> None:
    labels = objects(seed, 2)
    values = grey(seed, labels.shape, kind)
    table = run(labels, values, properties=["intensity", "quantiles", "weighted"])
    expected = theirs(labels, "centroid_weighted", values=values.astype(float))
    np.testing.assert_allclose(table.weighted_centroid_y, expected["centroid_weighted-0"])
    np.testing.assert_allclose(table.weighted_centroid_x, expected["centroid_weighted-1"])
    levels = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
    for row in table.itertuples():
        own = values[labels == row.label].astype(float)
        assert row.intensity_mean == pytest.approx(own.mean(), rel=1e-12)
        assert row.intensity_std == pytest.approx(own.std(), rel=1e-9, abs=1e-9)
        assert (row.intensity_min, row.intensity_max) == (own.min(), own.max())
        for name, level in levels.items():
            assert getattr(row, f"intensity_{name}") == pytest.approx(np.quantile(own, level))


def test_a_large_mean_does_not_swallow_a_small_spread() -> None:
    values = np.array([60000, 60001] * 50_000, np.uint16)
    row = run(np.ones(values.size, int), values).iloc[0]
    assert row.intensity_std == 0.5


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_texture_is_that_of_the_matrix_of_pairs(seed: int) -> None:
    from skimage.feature import graycomatrix, graycoprops

    levels = 8
    labels = np.ones((7, 9), int)
    values = np.random.default_rng(seed).integers(0, levels, labels.shape).astype(np.uint8)
    values[0, :2] = 0, levels - 1  # so that levels are the values
    row = run(labels, values, properties=["texture"], levels=levels).iloc[0]
    angles = [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4]
    pairs = graycomatrix(values, [1], angles, levels, symmetric=True).sum(axis=3, keepdims=True)
    share = pairs / pairs.sum()
    for name in ("contrast", "homogeneity", "correlation"):
        assert row[f"texture_{name}"] == pytest.approx(graycoprops(share, name)[0, 0])
    i, j = np.indices((levels, levels))
    for name, key in (("sum", i + j), ("difference", abs(i - j))):
        p = np.bincount(key.ravel(), share[..., 0, 0].ravel())
        expected = -(p[p > 0] * np.log2(p[p > 0])).sum()
        assert row[f"texture_{name}_entropy"] == pytest.approx(expected)


def test_texture_of_one_sample_or_without_values_is_missing() -> None:
    labels = np.array([[1, 0, 2, 2], [0, 0, 2, 2]])
    values = np.where(labels == 2, np.nan, 5.0)
    table = run(labels, values, properties=["texture"])
    assert table.filter(like="texture").isna().all(axis=None)


def test_moments_are_those_of_numpy() -> None:
    labels = objects(3, 3)
    image = as_image(labels, spacing={"z": "2 um", "y": "0.5 um", "x": "0.25 um"})
    table = run(image, properties=["moments"])
    assert table.attrs["units"]["covariance_zx"] == "um2"
    for row in table.head(9).itertuples():
        places = np.argwhere(labels == row.label) * [2, 0.5, 0.25]
        spread = np.cov(places.T, bias=True)
        assert row.covariance_zz == pytest.approx(spread[0, 0], abs=1e-12)
        assert row.covariance_zx == pytest.approx(spread[0, 2], abs=1e-12)


def test_the_border_is_that_of_the_image() -> None:
    labels = np.zeros((5, 5), int)
    labels[0, 2], labels[2, 2], labels[3, 4] = 1, 2, 3
    table = run_tiled(
        "measure.regions", [as_image(labels)], {"properties": ["border"]}, tile={"y": 2, "x": 3}
    )
    assert table.on_border.tolist() == [True, False, True]


def example(seed: int, dims: tuple[str, ...], channels: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    shape = [int(n) for n in rng.integers(1, {1: 30, 2: 12, 3: 7, 4: 4}[len(dims)], len(dims))]
    labels = rng.integers(0, 4, shape) * rng.choice([1, 2**33])
    more = (("c",), (channels,)) if channels else ((), ())
    kind = rng.choice(["uint8", "float32"])
    values = grey(seed, (*shape, *more[1]), kind)
    if kind == "float32":
        values[rng.random(values.shape) < 0.1] = np.nan
    spacing = {dim: "0.5 um" for dim in dims if dim in "zyx"}
    return as_image(labels, dims=dims, spacing=spacing), as_image(values, dims=(*dims, *more[0]))


@pytest.mark.parametrize("channels", [0, 2])
@pytest.mark.parametrize("dims", [("x",), ("y", "x"), ("z", "y", "x"), ("t", "y", "x")])
@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_every_property_is_the_same_in_tiles(
    dims: tuple[str, ...], channels: int, seed: int, size: int
) -> None:
    image, values = example(seed, dims, channels)
    params = {"properties": list(ALL), "levels": 4}
    whole = run(image, values, **params)
    tile = {dim: size + number for number, dim in enumerate(dims)}
    tiled = run_tiled("measure.regions", [image, values], params, tile=tile)
    assert difference(tiled, whole, 1e-12) == ""
    exact = ["on_border", "neighbours", "euler_number", "pixels"]
    pd.testing.assert_frame_equal(tiled[exact], whole[exact], check_exact=True)


def test_every_frame_is_measured_alone() -> None:
    labels = np.stack([objects(seed, 2) for seed in range(3)])
    values = grey(0, labels.shape)
    spacing = {"t": "2 s", "y": "0.5 um", "x": "0.5 um"}
    dims = ("t", "y", "x")
    image = as_image(labels, dims=dims, spacing=spacing)
    table = run(image, as_image(values, dims=dims), properties=ALL)
    assert table.attrs["units"]["t"] == "s"
    for number, frame in enumerate(labels):
        alone = run(
            as_image(frame, spacing={"y": "0.5 um", "x": "0.5 um"}), values[number], properties=ALL
        )
        own = table[table.t == 2.0 * number].reset_index(drop=True)
        # Grey levels of the texture are parts of the range of all frames.
        names = [name for name in alone if not name.startswith("texture")]
        pd.testing.assert_frame_equal(own[names], alone[names])


def test_every_channel_has_columns_of_its_own() -> None:
    labels = objects(1, 2)
    values = xr.DataArray(
        grey(2, (*labels.shape, 2)), dims=("y", "x", "c"), coords={"c": ["DAPI", "GFP"]}
    )
    table = run(as_image(labels), values, properties=["intensity", "quantiles"])
    for number, name in enumerate(("DAPI", "GFP")):
        alone = run(labels, values.values[..., number])
        np.testing.assert_array_equal(table[f"intensity_mean_{name}"], alone.intensity_mean)
    counted = run(as_image(labels), values.drop_vars("c"))
    assert {"intensity_mean_c0", "intensity_std_c1"} <= set(counted.columns)


def test_a_group_without_its_image_says_so() -> None:
    with pytest.raises(ParameterError, match=r"properties: quantiles and texture need"):
        run(np.ones((3, 3), int), properties=["texture", "quantiles"])
    with pytest.raises(ParameterError, match="properties"):
        run(np.ones((3, 3), int), properties=["colour"])


def test_no_object_gives_every_column() -> None:
    labels, values = np.zeros((4, 4), int), np.ones((4, 4))
    full = run(labels + 1, values, properties=ALL)
    empty = run(labels, values, properties=ALL)
    assert list(empty.columns) == list(full.columns)
    assert len(empty) == 0


def test_coins_on_the_packaged_photograph() -> None:
    labels = measure.label(ndimage.binary_opening(data.coins() > 130, iterations=2))
    ours = run(labels, data.coins(), properties=["perimeter", "convex", "quantiles"])
    expected = theirs(
        labels, "perimeter_crofton", "euler_number", "solidity", "intensity_median",
        values=data.coins(),
    )  # fmt: skip
    np.testing.assert_allclose(ours.perimeter, expected.perimeter_crofton)
    np.testing.assert_array_equal(ours.euler_number, expected.euler_number)
    np.testing.assert_allclose(ours.intensity_median, expected.intensity_median)
    large = ours.pixels > 300
    np.testing.assert_allclose(ours.solidity[large], expected.solidity[large], atol=0.02)


def test_a_ring_has_a_hole() -> None:
    labels = np.zeros((40, 40), int)
    labels[draw.disk((20, 20), 15)] = 1
    labels[draw.disk((20, 20), 5)] = 0
    assert run(labels, properties=["perimeter"]).euler_number.tolist() == [0]
