"""measure.regions with every group: odd labels, odd values, and the files of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from graticule.core import BlockInfo, as_image
from graticule.core.errors import GraticuleError
from graticule.core.registry import get_op
from graticule.io import write
from graticule.ops.measure._objects import objects_of
from graticule.ops.measure.regions import Group
from graticule.pipeline import Pipeline
from graticule.testing.cases import standard
from graticule.testing.hostile import edge_images
from graticule.testing.strategies import Example
from graticule.testing.tiling import attempt, tiling_fault

run = get_op("measure.regions")
PARAMS: dict[str, Any] = {"properties": get_args(Group), "levels": 5}
EDGES = list(edge_images(run, standard(run)[0]))


@pytest.mark.parametrize(("what", "given"), EDGES, ids=[name for name, _ in EDGES])
def test_odd_labels_are_measured_or_refused(what: str, given: list[Any]) -> None:
    result = attempt(run, given, PARAMS)
    if isinstance(result, GraticuleError):
        assert "measure.regions" in str(result)
        return
    assert isinstance(result, pd.DataFrame)
    sizes = given[0].sizes if hasattr(given[0], "sizes") else {"y": 12, "x": 13}
    tile = {str(dim): max(1, (size + 1) // 2) for dim, size in sizes.items()}
    assert tiling_fault(run, Example(given, PARAMS, tile)) == ""


@pytest.mark.parametrize("fill", [np.nan, np.inf, -np.inf, 0.0, -3.0, 1e300])
def test_odd_values_are_measured_without_a_warning(fill: float) -> None:
    labels, values = standard(run)[0]
    odd = values.astype(np.float64).copy(
        data=np.where(labels.values > 2, fill, values.values.astype(float))
    )
    for image in (odd, odd * 0 + fill):
        table = attempt(run, [labels, image], PARAMS)
        assert isinstance(table, pd.DataFrame), table
        assert tiling_fault(run, Example([labels, image], PARAMS, {"y": 5, "x": 4})) == ""


@pytest.mark.parametrize("kind", ["int32", "int64", "uint32", "uint64"])
def test_wide_integers_do_not_wrap_around(kind: str) -> None:
    most = np.iinfo(kind).max
    values = np.array([0, most, 0, most], dtype=kind)
    row = run(np.ones(4, int), values).iloc[0]
    assert row.intensity_mean == pytest.approx(most / 2)
    assert row.intensity_std == pytest.approx(most / 2)
    assert row.intensity_max == float(most)


def test_units_reach_the_files_of_a_run(tmp_path: Path) -> None:
    image = np.zeros((40, 50), np.float32)
    image[5:15, 5:20] = image[25:35, 30:45] = 9
    write(tmp_path / "a.tif", as_image(image, spacing={"y": "0.5 um", "x": "0.5 um"}))
    text = """
graticule: 1
name: objects
steps:
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  objects:
    op: measure.regions
    intensity: image
    properties: [shape, moments, border, perimeter, convex, neighbours, intensity, quantiles,
      weighted, texture]
  sizes: {op: measure.size_distribution, input: objects}
outputs: [objects, sizes.summary]
"""
    found = Pipeline.loads(text).run(tmp_path / "a.tif", tmp_path / "out")
    assert not found.failed
    wanted = {"area": "um2", "perimeter": "um", "convex_area": "um2", "feret_min": "um"}
    wanted |= {"covariance_yx": "um2", "weighted_centroid_y": "um", "orientation": "rad"}
    schema = pq.read_schema(tmp_path / "out" / "objects.parquet")
    beside = json.loads((tmp_path / "out" / "objects.csv-metadata.json").read_text())
    told = {each["name"]: each.get("unit") for each in beside["tableSchema"]["columns"]}
    for column, unit in wanted.items():
        assert schema.field(column).metadata[b"unit"].decode() == unit
        assert told[column] == unit
    table = pd.read_parquet(tmp_path / "out" / "objects.parquet")
    assert table.on_border.dtype == bool
    assert table.feret_max.tolist() == pytest.approx([np.hypot(5, 7.5)] * 2)
    about = json.loads((tmp_path / "out" / "images.csv-metadata.json").read_text())
    units = {each["name"]: each.get("unit") for each in about["tableSchema"]["columns"]}
    assert units["equivalent_diameter_d50"] == "um"


@pytest.mark.usefixtures("memory_of_arrays")
def test_little_memory_changes_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = np.kron(rng.random((60, 70)), np.ones((7, 7))).astype(np.float32)
    np.save(tmp_path / "a.npy", image)
    text = """
graticule: 1
name: objects
steps:
  bright: {op: threshold.fixed, value: 0.6}
  labels: {op: segment.label}
  objects:
    op: measure.regions
    intensity: image
    properties: [border, perimeter, convex, neighbours, quantiles, texture]
outputs: [objects]
"""
    pipeline = Pipeline.loads(text)
    whole = pipeline.run(tmp_path / "a.npy", tmp_path / "whole")
    tiled = pipeline.run(tmp_path / "a.npy", tmp_path / "tiled", memory="2MB")
    assert not tiled.failed
    record = json.loads((tmp_path / "tiled" / "run.json").read_text())
    assert record["images"][0]["tile"]["x"] < image.shape[1]
    pd.testing.assert_frame_equal(tiled.tables["objects"], whole.tables["objects"], rtol=1e-12)


@pytest.mark.parametrize("tile", [None, {"x": 1}, {"x": 2}, {"x": 3}])
@pytest.mark.parametrize("where", range(4))
def test_a_mean_is_infinite_wherever_the_infinite_value_stands(
    where: int, tile: dict[str, int] | None
) -> None:
    values = np.array([3.0, 1.0, 2.0, 5.0])
    values[where] = np.inf
    data = [as_image(np.ones(4, int)), as_image(values)]
    for sign in (1, -1):
        row = attempt(run, [data[0], sign * data[1]], {}, tile).iloc[0]
        assert row.intensity_mean == sign * np.inf
        assert np.isnan(row.intensity_std)


def test_large_numbers_of_few_objects_take_no_room() -> None:
    labels = np.zeros((512, 512), np.int32)
    labels[10:20], labels[30:40], labels[500:] = 1, 4 * labels.size - 5, 4 * labels.size
    objects = objects_of(as_image(labels), None, BlockInfo.of(as_image(labels)))
    assert int(objects.ranks.max()) == 3  # the passes have a row for every rank
    table = run(labels)
    assert table.label.tolist() == [1, 4 * labels.size - 5, 4 * labels.size]
    assert table.pixels.tolist() == [5120, 5120, 6144]


@pytest.mark.parametrize("group", ["intensity", "weighted", "texture", "quantiles"])
def test_values_near_the_largest_float_give_no_warning(group: str) -> None:
    labels, values = standard(run)[0]
    unit = values.values.astype(np.float64) - values.values.mean()
    huge = values.copy(data=unit / np.abs(unit).max() * np.finfo(float).max)
    for tile in (None, {"y": 5, "x": 4}):
        table = attempt(run, [labels, huge], {"properties": (group,), "levels": 8}, tile)
        assert isinstance(table, pd.DataFrame)
    if group == "texture":
        as_usual = run(labels, huge / 4, properties=(group,), levels=8)
        pd.testing.assert_frame_equal(table, as_usual)
