"""The planner: any region equals the crop of the whole, and reads no more than it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core import Image, Neighbourhood, as_image
from graticule.core.errors import ImageError, MemoryBudgetError, UnknownNameError
from graticule.core.op import op as define_op
from graticule.core.scope import Region
from graticule.io import read
from graticule.pipeline import Pipeline, make_plan
from graticule.pipeline.coarse import coarsen
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.nodes import SourceNode
from graticule.pipeline.spec import Reference
from graticule.pipeline.tiles import run_tiled

STEPS = ["image", "smooth", "bright", "labels", "inner"]


@pytest.fixture(scope="module")
def scene() -> xr.DataArray:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (70, 90)).astype(np.float32)
    smooth = run_tiled("filters.gaussian", [as_image(values)], {"sigma": 3.0}, tile={})
    return as_image(smooth.values * 10, spacing={"y": "0.5 um", "x": "0.25 um"})


@settings(max_examples=60, deadline=None)
@given(data=st.data(), of=st.sampled_from(STEPS))
def test_a_view_is_the_crop_of_the_whole(scene: xr.DataArray, data: Any, of: str) -> None:
    pipeline = Pipeline.loads(f"""
graticule: 1
steps:
  smooth: {{op: filters.gaussian, sigma: 1}}
  bright: {{op: threshold.otsu}}
  labels: {{op: segment.label}}
  inner:  {{op: segment.clear_border}}
outputs: [{of}]
""")
    bounds = {}
    for dim, size in scene.sizes.items():
        start = data.draw(st.integers(0, size - 1))
        bounds[str(dim)] = (start, data.draw(st.integers(start + 1, size)))
    whole = pipeline.apply(scene)[of]
    view = make_plan(pipeline, {"image": scene}, memory=10**9).view(bounds, of=of)
    assert not view.is_preview
    crop = whole.isel(Region(bounds).slices())
    if crop.dtype.kind == "f":
        xr.testing.assert_allclose(view.image, crop, rtol=1e-5, atol=1e-5)
    else:
        xr.testing.assert_identical(view.image.reset_coords(drop=True), crop)


class Watched:
    """An array that remembers what was read of it."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.ndim = values.ndim
        self.read = np.zeros(values.shape, bool)

    def __getitem__(self, index: Any) -> np.ndarray[Any, Any]:
        self.read[index] = True
        return self.values[index]


def watched(shape: tuple[int, int], chunk: int) -> tuple[Watched, xr.DataArray]:
    source = Watched(np.random.default_rng(0).random(shape).astype(np.float32))
    lazy = da.from_array(source, chunks=chunk, name=False, meta=np.empty((0, 0), np.float32))
    return source, xr.DataArray(lazy, dims=("y", "x"))


def test_a_view_reads_only_the_tiles_that_it_needs() -> None:
    source, image = watched((1100, 1100), 10)
    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 2}}")
    plan = make_plan(pipeline, {"image": image}, memory=10**9)
    plan.view({"y": (650, 660), "x": (600, 650)})
    ys, xs = np.nonzero(source.read[130:, 130:])
    tiles = [(ys.min() + 130) / 64, (ys.max() + 131) / 64, (xs.min() + 130) / 64]
    assert tiles == [9, 12, 8], "tile 10 down, 9 and 10 across, each with its halo"
    assert (xs.max() + 131) / 64 == 12
    tile = source.read[:130, :130]
    assert tile.sum() <= 80**2  # the sample that tells what the result looks like
    source.read[:] = False
    plan.view({"y": (640, 700), "x": (580, 700)})
    assert not source.read.any(), "what was computed is kept"


def test_a_coarser_level_is_a_preview_with_lengths_scaled(scene: xr.DataArray) -> None:
    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 6}}")
    view = make_plan(pipeline, {"image": scene}, memory=10**9).view({}, level=1)
    assert view.is_preview
    assert view.level == 1
    wanted = coarsen(pipeline.apply(scene)["smooth"], 1)
    assert view.image.shape == wanted.shape
    np.testing.assert_allclose(view.image.x, wanted.x)
    spread = float(wanted.std())
    assert float(abs(view.image - wanted).max()) < 0.1 * spread


def test_every_input_is_seen_at_the_coarser_level(scene: xr.DataArray) -> None:
    pipeline = Pipeline.loads("""
graticule: 1
inputs: {image: {}, labels: {path: "{stem}_labels.tif"}}
steps:
  smooth: {op: filters.gaussian, sigma: 2, input: image}
  shown: {op: transform.overlay, labels: labels}
  kept: {op: segment.filter_by_size, input: labels, min_size: 1}
""")
    labels = (scene > 0).astype(np.int32) * 1000
    plan = make_plan(pipeline, {"image": scene, "labels": labels}, memory=10**9)
    assert plan.view({}, level=1, of="shown").image.sizes["y"] == 35
    kept = plan.view({}, level=1, of="kept").image
    assert set(np.unique(kept)) == {0, 1000}


@pytest.mark.parametrize("level", range(8))
def test_a_coarser_level_is_never_larger(level: int) -> None:
    volume = as_image(np.zeros((4, 100, 90), np.float32))
    here, next_one = coarsen(volume, level).shape, coarsen(volume, level + 1).shape
    assert all(b <= max(1, a // 2) for a, b in zip(here, next_one, strict=True))


def test_levels_of_the_file_are_used(scene: xr.DataArray) -> None:
    opened = []

    def open_level() -> xr.DataArray:
        opened.append(1)
        return coarsen(scene, 1)

    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 2}}")
    plan = make_plan(pipeline, {"image": scene}, memory=10**9, levels={1: open_level})
    plan.view({"y": (0, 5)}, level=1)
    plan.view({"y": (5, 9)}, level=1)
    assert opened == [1]


def test_a_view_of_a_table_is_the_table(scene: xr.DataArray, objects: Pipeline) -> None:
    view = make_plan(objects, {"image": scene}, memory=10**9).view({}, of="table")
    assert view.image is None
    pd.testing.assert_frame_equal(view.table, objects.apply(scene)["table"])


def test_views_outside_are_refused(scene: xr.DataArray, objects: Pipeline) -> None:
    plan = make_plan(objects, {"image": scene}, memory=10**9)
    with pytest.raises(ImageError, match="0 to 70"):
        plan.view({"y": (0, 71)}, of="labels")
    with pytest.raises(ImageError, match="no part"):
        plan.view({"y": (5, 5)}, of="labels")
    with pytest.raises(ImageError, match="time"):
        plan.view({"time": (0, 1)}, of="labels")
    with pytest.raises(UnknownNameError, match="did you mean labels"):
        plan.view({}, of="label")
    for level in (7, 50, 2000):
        with pytest.raises(UnknownNameError, match="no pyramid level"):
            plan.view({}, level=level, of="smooth")
    with pytest.raises(UnknownNameError, match="no pyramid level -1"):
        plan.view({}, level=-1, of="smooth")


@pytest.mark.parametrize("memory", [60_000, 100_000, 400_000])
def test_a_small_budget_gives_the_same_result_in_tiles(
    scene: xr.DataArray, objects: Pipeline, memory: int
) -> None:
    plan = make_plan(objects, {"image": scene}, memory=memory)
    assert (plan.tile is None) == (plan.whole_bytes <= memory)
    assert plan.tile_bytes <= memory
    evaluation = plan.evaluation()
    whole = objects.apply(scene)
    for reference in objects.outputs:
        found = evaluation.value(reference)
        if isinstance(found, xr.DataArray):
            xr.testing.assert_identical(found, whole[str(reference)])
        else:
            wanted = whole[str(reference)]
            assert list(found.columns) == list(wanted.columns)
            np.testing.assert_allclose(found.to_numpy(float), wanted.to_numpy(float), rtol=1e-5)


def test_what_needs_the_whole_and_does_not_fit_is_refused_with_the_estimate() -> None:
    _, image = watched((4000, 4000), 1000)
    pipeline = Pipeline.loads("""
graticule: 1
steps:
  bright: {op: threshold.otsu}
  filled: {op: segment.fill_holes}
""")
    with pytest.raises(MemoryBudgetError, match=r"step filled: needs the whole array .*MB"):
        make_plan(pipeline, {"image": image}, memory=10**7)


def test_what_needs_the_whole_may_follow_a_crop_that_fits() -> None:
    source, image = watched((4000, 4000), 1000)
    pipeline = Pipeline.loads("""
graticule: 1
steps:
  cut: {op: transform.crop, start: {x: 2001, y: 2003}, stop: {x: 2301, y: 2303}}
  bright: {op: threshold.otsu}
  filled: {op: segment.fill_holes}
""")
    plan = make_plan(pipeline, {"image": image}, memory=2 * 10**7)
    assert plan.tile is not None
    found = plan.evaluation().value(plan.pipeline.outputs[0])
    assert found.shape == (300, 300)
    assert source.read.sum() < 10**6


def test_a_budget_below_any_tile_is_refused() -> None:
    _, image = watched((4000, 4000), 1000)
    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 100}}")
    with pytest.raises(
        MemoryBudgetError, match=r"needs at least .*for 2 of the smallest tiles.*--memory"
    ):
        make_plan(pipeline, {"image": image}, memory=10**6)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_crops_and_flips_are_read_through(data: Any) -> None:
    size = data.draw(st.integers(2, 20))
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start + 1, size))
    image = as_image(np.arange(size, dtype=np.float32), dims=["x"], spacing={"x": 2.0})
    cropped = run_tiled(
        "transform.crop", [image], {"start": {"x": start}, "stop": {"x": stop}}, tile={"x": 3}
    )
    xr.testing.assert_identical(cropped, image.isel(x=slice(start, stop)))
    flipped = run_tiled("transform.flip", [image], {"dim": "x"}, tile={"x": 3})
    assert flipped.values.tolist() == image.values[::-1].tolist()


def test_a_source_loads_no_more_than_the_region() -> None:
    source, image = watched((40, 40), 5)
    SourceNode(image).read(Region({"y": (0, 5), "x": (5, 10)}))
    assert source.read.sum() == 25


def test_files_are_opened_lazily(tmp_path: Path, coins: Path) -> None:
    from graticule.io import write

    image = read(coins)
    path = write(tmp_path / "coins.ome.zarr", image)
    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 2}}")
    plan = make_plan(pipeline, {"image": read(path)}, memory=10**9)
    view = plan.view({"y": (100, 120), "x": (50, 90)})
    whole = pipeline.apply(image)["smooth"].values
    np.testing.assert_allclose(view.image.values, whole[100:120, 50:90], rtol=1e-5)


class Both(NamedTuple):
    """Two results of one op."""

    one: Image
    other: Image


def test_what_is_read_often_is_computed_once_however_many_plain_steps_follow() -> None:
    """k-means passes over all again and again; the neighbourhoods behind it are worked out once."""
    seen = []

    @define_op(
        version=1, scope=Neighbourhood(lambda image, params: {}), dtype="same", name="of_tests.slow"
    )
    def slow(image: Image) -> Both:
        """Count what it is given."""
        seen.append(image.size)
        return Both(image + 1, image + 2)

    gt.register(slow)
    pipeline = Pipeline.loads(
        """
        graticule: 1
        steps:
          slow: {op: of_tests.slow}
          plain: {op: spectra.attenuation, input: slow.one, error: slow.other}
          groups: {op: spectra.kmeans, input: plain.image, clusters: 2, iterations: 50}
          table: {op: spectra.regions, input: plain.image, labels: groups, error: plain.error}
        outputs: [groups, table]
        """
    )
    values = np.random.default_rng(0).uniform(-0.9, 0, (3, 60, 60))
    image = xr.DataArray(values, dims=("band", "y", "x"))
    evaluation = Evaluation(pipeline, {"image": image}, tile={"y": 16, "x": 25})
    found, table = (evaluation.value(Reference(name)) for name in ("groups", "table"))
    assert sum(seen) < 1.05 * image.size, "beside a sample that tells what it looks like"
    whole = pipeline.apply(image)
    xr.testing.assert_identical(found, whole["groups"])
    np.testing.assert_allclose(table["error_counts"], whole["table"]["error_counts"], rtol=1e-6)
