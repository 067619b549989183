"""Previews: pictures for the report, which never decide what becomes of an image."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from graticule.core.errors import ImageError
from graticule.pipeline import Pipeline, make_plan
from graticule.pipeline.preview import save_previews


@pytest.mark.usefixtures("memory_of_arrays")
def test_a_crop_between_samples_of_the_coarse_copy_is_no_failure(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    pipeline = Pipeline.loads("""
        graticule: 1
        steps:
          cut: {op: transform.crop, start: {y: 2001, x: 2001}, stop: {y: 2051, x: 2053}}
          smooth: {op: filters.gaussian, sigma: 1}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory="100MB")
    assert run.results[0].tile is not None
    assert not run.failed


@pytest.mark.usefixtures("memory_of_arrays")
def test_every_input_is_shown_on_the_coarse_copy(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    np.save(tmp_path / "a_mask.npy", np.ones((3000, 3000), np.int32))
    pipeline = Pipeline.loads("""
        graticule: 1
        inputs: {image: {}, labels: {path: "{stem}_mask.npy"}}
        steps:
          smooth: {op: filters.gaussian, sigma: 1, input: image}
          inner: {op: segment.filter_by_size, input: labels, min_size: 3}
          shown: {op: transform.overlay, input: smooth, labels: inner}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory="200MB")
    assert run.results[0].tile is not None
    assert not run.failed
    with np.load(tmp_path / "out" / "previews" / "a.npz") as kept:
        assert {"step/smooth", "step/inner", "step/shown"} <= set(kept)
        assert kept["step/shown"].shape[:2] == kept["step/smooth"].shape


def test_a_picture_in_colour_keeps_both_its_sides(tmp_path: Path) -> None:
    colours = xr.DataArray(np.zeros((700, 800, 3), np.uint8), dims=("y", "x", "c"))
    pipeline = Pipeline.loads("graticule: 1\nsteps: {bright: {op: threshold.fixed, value: 1}}")
    plan = make_plan(pipeline, {"image": colours}, memory=10**9)
    save_previews(plan, plan.evaluation(), {}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as kept:
        assert kept["step/image"].shape == (350, 400, 3)


@pytest.mark.usefixtures("memory_of_arrays")
def test_a_step_that_fails_on_the_coarse_copy_has_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TooCoarse:
        def lazy_value(self, reference: object) -> None:
            raise ImageError(f"{reference} is too coarse")

    monkeypatch.setattr("graticule.pipeline.preview._coarse", lambda plan: TooCoarse())
    np.save(tmp_path / "a.npy", np.zeros((3000, 3000), np.float32))
    pipeline = Pipeline.loads("graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 1}}")
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory="100MB")
    assert run.results[0].tile is not None
    assert not run.failed


def test_the_picture_of_a_long_record_takes_a_part_of_its_samples(tmp_path: Path) -> None:
    source = da.zeros((8000, 900), chunks=(500, 900), dtype=np.float32)
    image = xr.DataArray(source, dims=("time", "distance"))
    pipeline = Pipeline.loads("graticule: 1\nsteps: {bright: {op: threshold.fixed, value: 1}}")
    plan = make_plan(pipeline, {"image": image}, memory=10**7)
    save_previews(plan, plan.evaluation(), {}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as kept:
        assert kept["step/image"].shape == (500, 450)


def test_masks_fit_the_image_and_keep_single_samples(tmp_path: Path) -> None:
    image = np.full((899, 605), 100, np.float32)
    image[400, 301] = 9000
    np.save(tmp_path / "a.npy", image)
    pipeline = Pipeline.loads("""
        graticule: 1
        steps:
          spots: {op: detect.spots}
          labels: {op: segment.label, input: spots.mask}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out")
    assert not run.failed
    with np.load(tmp_path / "out" / "previews" / "a.npz") as kept:
        assert {"step/spots.mask", "step/spots.cleaned"} <= set(kept)
        shapes = {kept[name].shape for name in kept if name.startswith("step/")}
        assert len(shapes) == 1
        assert kept["step/spots.mask"].sum() == 1
        assert kept["step/labels"].max() == 1
