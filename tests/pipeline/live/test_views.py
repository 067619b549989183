"""Views: what is on screen at once, what a change touches and no more, and the exact behind it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.core.image import Image
from graticule.core.scope import Region
from graticule.pipeline import LiveImage, Pipeline
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.tiles import TiledNode, merged
from graticule.pipeline.live.work import Superseded
from graticule.pipeline.nodes import SourceNode
from graticule.pipeline.tiles import run_tiled

TEXT = """
graticule: 1
steps:
  flat:   {{op: filters.background, width: {width}}}
  smooth: {{op: filters.gaussian, sigma: {sigma}}}
  bright: {{op: threshold.otsu}}
  cells:  {{op: segment.label}}
  inner:  {{op: segment.filter_by_size, min_size: {least}}}
  table:  {{op: measure.regions, input: inner, intensity: flat}}
outputs: [table]
"""
STEPS = ["flat", "smooth", "bright", "cells", "inner"]
SCREEN = {"y": (150, 380), "x": (70, 400)}


def pipeline(width: float = 20, sigma: float = 2, least: int = 3) -> Pipeline:
    return Pipeline.loads(TEXT.format(width=width, sigma=sigma, least=least))


@pytest.fixture(scope="module")
def scene() -> Image:
    noise = np.random.default_rng(3).normal(0, 1, (500, 620)).astype(np.float32)
    spots = run_tiled("filters.gaussian", [as_image(noise)], {"sigma": 5.0}, tile={}).values * 60
    ground = np.linspace(0, 4, 620, dtype=np.float32)
    return as_image(spots + noise / 4 + ground, spacing={"y": "0.5 um", "x": "0.5 um"})


class Counted:
    """An array that counts what is read of it."""

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        self.values, self.shape, self.dtype, self.ndim = (
            values,
            values.shape,
            values.dtype,
            values.ndim,
        )
        self.samples = self.reads = 0

    def __getitem__(self, index: Any) -> np.ndarray[Any, Any]:
        found = self.values[index]
        self.samples += found.size
        self.reads += 1
        return found


def live_of(image: Image, *, enough: int = 40_000, limit: int = 2**28) -> LiveImage:
    return LiveImage({"image": image}, {"image": "scene"}, TileCache(limit), enough=enough)


def lazy(image: Image) -> tuple[Counted, Image]:
    source = Counted(image.values)
    data = da.from_array(source, chunks=50, name=False, meta=np.empty((0, 0), np.float32))
    return source, image.copy(data=data)


@settings(deadline=None)
@given(st.sets(st.tuples(*[st.integers(0, 4)] * 3), min_size=1))
def test_boxes_hold_all_tiles_and_each_once(places: set[tuple[int, ...]]) -> None:
    found = []
    for low, high in merged(sorted(places)):
        spans = [range(a, b) for a, b in zip(low, high, strict=True)]
        found += [(z, y, x) for z in spans[0] for y in spans[1] for x in spans[2]]
    assert sorted(found) == sorted(places)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_tiled_node_reads_as_the_node_does(scene: Image, data: Any) -> None:
    node = SourceNode(scene)
    tiled = TiledNode((node,), 0, "key", TileCache(data.draw(st.sampled_from([0, 10**6]))))
    for _ in range(3):
        bounds = {}
        for dim, size in scene.sizes.items():
            start = data.draw(st.integers(0, size - 1))
            bounds[str(dim)] = (start, data.draw(st.integers(start + 1, size)))
        xr.testing.assert_identical(tiled.read(Region(bounds)), node.read(Region(bounds)))


@pytest.mark.parametrize("dim", ["z", "y", "x"])
def test_a_block_is_decoded_once_for_the_slices_beside_one_another(dim: str) -> None:
    source = Counted(np.random.default_rng(0).integers(0, 99, (64, 64, 64), np.uint8))
    data = da.from_array(source, chunks=32, name=False, meta=np.empty((0, 0, 0), np.uint8))
    volume = as_image(source.values, dims=("z", "y", "x")).copy(data=data)
    tiled = TiledNode((SourceNode(volume),), 0, "key", TileCache(10**7))
    for place in (3, 9, 15, 3):
        bounds = {str(d): (0, int(n)) for d, n in volume.sizes.items()} | {dim: (place, place + 1)}
        wanted = source.values[tuple(slice(*bounds[d]) for d in ("z", "y", "x"))]
        np.testing.assert_array_equal(tiled.read(Region(bounds)), wanted)
    assert source.reads == 4


def test_of_frames_that_are_read_one_by_one_no_other_is_read() -> None:
    source = Counted(np.zeros((20, 40, 48), np.uint8))
    data = da.from_array(source, chunks=(1, 40, 48), name=False, meta=np.empty((0,) * 3, np.uint8))
    film = as_image(source.values, dims=("time", "y", "x")).copy(data=data)
    tiled = TiledNode((SourceNode(film),), 0, "key", TileCache(10**7))
    tiled.read(Region({"time": (7, 8), "y": (0, 40), "x": (0, 48)}))
    assert source.samples == 40 * 48


@pytest.mark.parametrize("of", STEPS)
def test_a_large_image_is_known_at_once_and_exactly_behind(scene: Image, of: str) -> None:
    live = live_of(scene)
    wanted = pipeline().apply(scene)
    whole = Pipeline.loads(TEXT.format(width=20, sigma=2, least=3).replace("[table]", f"[{of}]"))
    wanted = whole.apply(scene)[of]
    crop = wanted.isel(Region(SCREEN).slices())
    view = live.view(pipeline(), SCREEN, of=of)
    about = {"flat": "exact", "smooth": "exact", "bright": "about, from 1/2"}
    assert view.basis == about.get(of, "of the part on screen")
    assert view.image is not None
    assert dict(view.image.sizes) == dict(crop.sizes)
    if of in ("flat", "smooth"):
        xr.testing.assert_allclose(view.image, crop, rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_allclose((view.image > 0).mean(), (crop > 0).mean(), atol=0.03)
    live.make_exact(pipeline(), of)
    view = live.view(pipeline(), SCREEN, of=of)
    assert view.is_exact
    if of in ("flat", "smooth"):
        xr.testing.assert_allclose(view.image, crop, rtol=1e-5, atol=1e-5)
    else:
        xr.testing.assert_identical(view.image.reset_coords(drop=True), crop)


def test_the_exact_table_is_that_of_a_run(scene: Image, tmp_path: Path) -> None:
    live = live_of(scene)
    about = live.view(pipeline(), SCREEN).table
    assert {"y [px]", "label"} & set(about.columns) or "label" in about
    tile = {"y": 200, "x": 300}
    live.make_exact(pipeline(), tile=tile, scratch=tmp_path)
    view = live.view(pipeline(), SCREEN)
    assert view.is_exact
    pd.testing.assert_frame_equal(view.table, pipeline().apply(scene)["table"], rtol=1e-6)


def test_objects_on_screen_are_measured_where_they_are(scene: Image) -> None:
    text = TEXT.format(width=20, sigma=2, least=3).replace("otsu", "fixed, value: 3.5")
    made, bounds = Pipeline.loads(text), {"y": (300, 450), "x": (350, 600)}
    about = live_of(scene).view(made, bounds).table
    whole = made.apply(scene)["table"]
    on_screen = [
        row
        for row in about.itertuples()
        if row.area < 40 and 155 < row.centroid_y < 220 and 180 < row.centroid_x < 295
    ]
    assert len(on_screen) > 3
    for row in on_screen:
        apart = np.hypot(whole.centroid_y - row.centroid_y, whole.centroid_x - row.centroid_x)
        assert apart.min() < 1e-3
        assert whole.area[int(apart.argmin())] == row.area


def test_a_change_leaves_what_it_does_not_touch(scene: Image) -> None:
    source, image = lazy(scene)
    live = live_of(image)
    live.view(pipeline(), SCREEN)
    source.samples = 0
    live.view(pipeline(least=9), SCREEN)
    live.view(pipeline(sigma=3), SCREEN)
    assert source.samples == 0, "the background was kept"
    live.view(pipeline(width=30), SCREEN)
    assert source.samples < scene.size, "what a wider background needs beyond what was read"
    source.samples = 0
    live.view(pipeline(width=30), {"y": (160, 370), "x": (90, 380)}, of="smooth")
    assert source.samples == 0


def test_a_threshold_that_stays_the_same_leaves_its_mask(scene: Image) -> None:
    live = live_of(scene)
    live.view(pipeline(), SCREEN, of="bright")
    live.make_exact(pipeline(), "bright")
    before = set(live._nodes)
    live.view(pipeline(), SCREEN, of="bright")
    grown = {key for _, key, level in set(live._nodes) - before}
    assert len(grown) <= 1


def test_nobody_waits_for_what_is_not_wanted(scene: Image) -> None:
    live = live_of(scene)
    asked = []

    def until_third() -> bool:
        asked.append(1)
        return len(asked) < 3

    with pytest.raises(Superseded):
        live.view(pipeline(), SCREEN, is_wanted=until_third)
    assert live.view(pipeline(), SCREEN).table is not None
    with pytest.raises(Superseded):
        live.make_exact(pipeline(), is_wanted=lambda: False)
    assert not live.view(pipeline(), SCREEN).is_exact


def test_panes_share_their_work(scene: Image) -> None:
    source, image = lazy(scene)
    live = live_of(image)
    live.view(pipeline(), SCREEN, of="smooth")
    alone, source.samples = source.samples, 0
    source, image = lazy(scene)
    live = live_of(image)
    found: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(live.view(pipeline(), SCREEN, of="smooth").image)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for other in found[1:]:
        xr.testing.assert_identical(found[0], other)
    assert source.samples <= 1.2 * alone


def test_memory_is_bounded(scene: Image) -> None:
    live = live_of(scene, limit=10**6)
    for start in range(0, 300, 60):
        live.view(pipeline(), {"y": (start, start + 200), "x": (start, start + 300)})
    assert live.kept.bytes <= 10**6


def test_a_crop_after_what_is_seen_on_screen_alone(scene: Image) -> None:
    text = """
graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 3}
  bright: {op: threshold.fixed, value: 3}
  holes:  {op: segment.fill_holes}
  part:   {op: transform.crop, start: {y: 100, x: 50}, stop: {y: 450, x: 600}}
  turned: {op: transform.flip, dim: x}
outputs: [turned]
"""
    made = Pipeline.loads(text)
    live = live_of(scene)
    bounds = {"y": (60, 200), "x": (100, 400)}
    view = live.view(made, bounds)
    assert view.basis == "of the part on screen"
    wanted = made.apply(scene)["turned"].isel(Region(bounds).slices())
    assert view.image is not None
    assert (view.image.values != wanted.values).mean() < 0.02


def test_exact_labels_are_seen_at_coarser_levels(scene: Image) -> None:
    live = live_of(scene, enough=10_000)
    live.make_exact(pipeline(), "cells")
    view = live.view(pipeline(), {"y": (10, 100), "x": (20, 150)}, level=1, of="cells")
    whole = Pipeline.loads(TEXT.format(width=20, sigma=2, least=3).replace("[table]", "[cells]"))
    labels = whole.apply(scene)["cells"].values
    assert view.image is not None
    np.testing.assert_array_equal(view.image.values, labels[21:200:2, 41:300:2])
    assert view.is_preview


def test_what_changes_the_size_of_an_image_is_seen_whole(scene: Image) -> None:
    made = Pipeline.loads("""
graticule: 1
steps:
  folded: {op: transform.fold, rows: 50, columns: 40, order: rows}
outputs: [folded]
""")
    spectra = as_image(scene.values[:50, :600].reshape(15, 2000), dims=("wavelength", "pixel"))
    wanted = made.apply(spectra)["folded"]
    live = live_of(spectra)
    assert live.sizes(made) == {str(dim): int(n) for dim, n in wanted.sizes.items()}
    view = live.view(made, {"wavelength": (3, 4), "y": (10, 50), "x": (0, 7)})
    assert view.image is not None
    np.testing.assert_array_equal(
        view.image, wanted.isel(wavelength=slice(3, 4), y=slice(10, 50), x=slice(0, 7))
    )
    with pytest.raises(ImageError, match="tried on the part on screen alone"):
        live_of(spectra, enough=100).view(made, {"wavelength": (0, 3), "pixel": (0, 60)})


def test_what_is_counted_on_a_coarser_copy_is_not_said_to_be_exact(scene: Image) -> None:
    live = live_of(scene)
    for of in ("cells", "table"):
        view = live.view(pipeline(), {}, level=2, of=of)
        assert view.basis == "about, from 1/4"
    live.make_exact(pipeline())
    assert live.view(pipeline(), {}, level=2).is_exact
    whole = pipeline().apply(scene)["table"]
    assert len(live.view(pipeline(), {}, level=2).table) == len(whole)
