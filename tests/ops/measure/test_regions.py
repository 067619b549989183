"""measure.regions: the numbers of regionprops_table, in physical units, in tiles too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import measure

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.pipeline.tiles import run_tiled

OURS_TO_THEIRS = {
    "label": "label",
    "pixels": "num_pixels",
    "equivalent_diameter": "equivalent_diameter_area",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
    "intensity_mean": "intensity_mean",
    "intensity_min": "intensity_min",
    "intensity_max": "intensity_max",
    "intensity_std": "intensity_std",
}
SPACING = {"z": 2.0, "y": 0.5, "x": 0.25}


def objects(seed: int, ndim: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    mask = rng.random((14, 17, 19)[-ndim:]) > 0.45
    return measure.label(mask, connectivity=1), rng.normal(1e4, 3, mask.shape)


def theirs(labels: Any, values: Any, spacing: tuple[float, ...]) -> pd.DataFrame:
    names = [*OURS_TO_THEIRS.values(), "area", "bbox", "centroid"]
    names += ["eccentricity", "orientation"] if labels.ndim == 2 else []
    table = measure.regionprops_table(labels, values, properties=names, spacing=spacing)
    return pd.DataFrame(table)


@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_equals_regionprops(ndim: int, spaced: bool, seed: int) -> None:
    labels, values = objects(seed, ndim)
    dims = ("z", "y", "x")[-ndim:]
    spacing = {dim: SPACING[dim] if spaced else 1.0 for dim in dims}
    units = {dim: f"{step} um" for dim, step in spacing.items()} if spaced else None
    ours = gt.op("measure.regions")(as_image(labels, spacing=units), as_image(values))
    expected = theirs(labels, values, tuple(spacing.values()))
    for our_name, their_name in OURS_TO_THEIRS.items():
        np.testing.assert_allclose(ours[our_name], expected[their_name], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(ours[{2: "area", 3: "volume"}[ndim]], expected["area"])
    for axis, dim in enumerate(dims):
        np.testing.assert_allclose(ours[f"centroid_{dim}"], expected[f"centroid-{axis}"])
        np.testing.assert_array_equal(ours[f"{dim}_start"], expected[f"bbox-{axis}"])
        np.testing.assert_array_equal(ours[f"{dim}_stop"], expected[f"bbox-{axis + ndim}"])
    if ndim == 2:
        # A rounding error of 1e-16 in 1 - ratio is one of 1e-8 in its root.
        np.testing.assert_allclose(ours.eccentricity, expected.eccentricity, atol=1e-6)
        turned = (ours.eccentricity > 1e-6) & (expected.orientation.abs() < np.pi / 2 - 1e-6)
        np.testing.assert_allclose(
            ours.orientation[turned], expected.orientation[turned], rtol=1e-7, atol=1e-9
        )


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), tile=st.integers(1, 9))
def test_moments_are_equal_bit_by_bit_in_tiles(seed: int, tile: int) -> None:
    labels, _ = objects(seed, 2)
    image = as_image(labels, spacing={"y": "0.1 um", "x": "0.3 um"})
    whole = gt.op("measure.regions")(image)
    tiled = run_tiled("measure.regions", [image], tile={"y": tile, "x": tile + 1})
    pd.testing.assert_frame_equal(tiled, whole, check_exact=True)
    assert tiled.attrs == whole.attrs


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), by=st.integers(0, 2**40))
def test_moving_an_object_moves_nothing_but_its_place(seed: int, by: int) -> None:
    from graticule.core import BlockInfo
    from graticule.ops.measure.regions import map_objects, table_of

    image = as_image(objects(seed, 2)[0])
    sizes = {"y": 2**41, "x": 2**41}
    chosen: Any = {"properties": ("shape", "moments"), "levels": 2}

    def at(y: int, x: int) -> pd.DataFrame:
        block = BlockInfo({"y": y, "x": x}, sizes)
        return table_of(map_objects(image, None, block=block, prior=None, **chosen), **chosen)

    here, there = at(0, 0), at(by, by // 3)
    places = [name for name in here if name.startswith(("centroid", "y_", "x_"))]
    pd.testing.assert_frame_equal(here.drop(columns=places), there.drop(columns=places))
    np.testing.assert_array_equal(there.y_start, here.y_start + by)


def test_units_are_those_of_the_axes() -> None:
    labels = np.zeros((4, 5), np.uint8)
    labels[1:3, 2:4] = 7
    image = as_image(labels, spacing={"y": "500 nm", "x": "0.25 um"})
    table = gt.op("measure.regions")(image, as_image(labels * 1.5, units="count"))
    row = table.iloc[0]
    assert (row.label, row.pixels, row.area) == (7, 4, 0.5)
    assert (row.centroid_y, row.centroid_x) == (750.0, 0.625)
    units = table.attrs["units"]
    assert (units["area"], units["major_axis"]) == ("um2", "um")
    assert (units["centroid_y"], units["centroid_x"]) == ("nm", "um")
    assert units["intensity_mean"] == "count"


def test_without_units_sizes_are_in_pixels() -> None:
    table = gt.op("measure.regions")(np.ones((3, 3), int))
    assert table.attrs["units"]["area"] == "px2"
    assert table.area.tolist() == [9.0]


def test_labels_may_be_sparse_and_huge() -> None:
    labels = np.array([[0, 2**62], [5, 2**62]])
    table = gt.op("measure.regions")(labels)
    assert table.label.tolist() == [5, 2**62]
    assert table.pixels.tolist() == [1, 2]


def test_no_object_gives_an_empty_table_with_the_same_columns() -> None:
    empty, full = (gt.op("measure.regions")(np.full((3, 3), n), np.ones((3, 3))) for n in (0, 1))
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert (empty.dtypes == full.dtypes).all()


def test_nan_is_left_out_of_the_intensity() -> None:
    table = gt.op("measure.regions")(np.array([1, 1, 1, 2]), np.array([1.0, 3.0, np.nan, np.nan]))
    assert table.intensity_mean.tolist()[0] == 2.0
    assert table.intensity_std.tolist()[0] == 1.0
    assert table.filter(like="intensity").iloc[1].isna().all()


def test_dims_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ImageError, match="up to three dims"):
        gt.op("measure.regions")(as_image(np.ones((2, 2, 2, 2), int), dims=("a", "b", "c", "d")))
    labels = np.ones((3, 3), int)
    with pytest.raises(ImageError, match="at most one more"):
        gt.op("measure.regions")(labels, as_image(np.ones((3, 3, 2, 2)), dims=("y", "x", "c", "t")))
    with pytest.raises(ImageError, match="must have the dims"):
        gt.op("measure.regions")(
            as_image(np.ones((2, 3, 3), int), dims=("t", "y", "x")), as_image(np.ones((3, 3)))
        )
