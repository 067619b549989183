"""Inputs: what is read for one image, and keys that tell it from everything else."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from graticule.io import read
from graticule.io.studies import StudyImage
from graticule.pipeline import Pipeline
from graticule.pipeline.inputs import open_inputs

SMOOTH = "graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 8}}\n"
MASKED = """
graticule: 1
inputs: {{image: {{}}, labels: {{path: "{path}"}}}}
steps:
  smooth: {{op: filters.gaussian, sigma: 1}}
  table: {{op: measure.regions, input: labels, intensity: smooth}}
"""


def test_arrays_of_one_file_have_keys_of_their_own(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["first/data"] = np.zeros((8, 8), np.float32)
        file["second/data"] = np.ones((8, 8), np.float32)
    pipeline = Pipeline.loads(SMOOTH)
    keys = [
        open_inputs(pipeline, StudyImage("data", tmp_path / "scan.h5" / name / "data"), "same")[1][
            "image"
        ]
        for name in ("first", "second")
    ]
    assert keys[0] != keys[1]


def test_the_step_store_tells_arrays_of_one_file_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graticule.pipeline.evaluate._WRITE_START", -1e9)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["first/data"] = np.zeros((8, 8), np.float32)
        file["second/data"] = np.ones((8, 8), np.float32)
    names = [tmp_path / "scan.h5" / name / "data" for name in ("first", "second")]
    run = Pipeline.loads(SMOOTH).run(names, tmp_path / "out", workers=1)
    means = [float(read(run.folder / result.arrays[0]).mean()) for result in run.results]
    np.testing.assert_allclose(means, [0, 1], atol=1e-6)


def test_a_further_input_may_be_an_array_within_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "cell.npy", np.ones((8, 8), np.float32))
    with h5py.File(tmp_path / "cell.h5", "w") as file:
        file["labels"] = np.eye(8, dtype=np.int32)
    pipeline = Pipeline.loads(MASKED.format(path="{stem}.h5/labels"))
    run = pipeline.run(tmp_path / "cell.npy", tmp_path / "out")
    assert not run.failed
    assert run.tables["objects"]["pixels"].tolist() == [8]


def test_the_stem_is_that_of_the_file_whatever_the_study_calls_the_image(tmp_path: Path) -> None:
    for suffix in ("npy", "npz"):
        with (tmp_path / f"cell.{suffix}").open("wb") as stream:
            save = np.save if suffix == "npy" else np.savez
            save(stream, np.ones((8, 8), np.float32))
    np.save(tmp_path / "cell_labels.npy", np.eye(8, dtype=np.int32))
    pipeline = Pipeline.loads(MASKED.format(path="{stem}_labels.npy"))
    images = [tmp_path / "cell.npy", tmp_path / "cell.npz"]
    run = pipeline.run(images, tmp_path / "out")
    assert [result.image for result in run.results] == ["cell.npy", "cell.npz"]
    assert not run.failed


def test_a_missing_input_is_named_with_its_place(tmp_path: Path) -> None:
    np.save(tmp_path / "cell.npy", np.ones((8, 8), np.float32))
    pipeline = Pipeline.loads(MASKED.format(path="{stem}_labels.npy"))
    run = pipeline.run(tmp_path / "cell.npy", tmp_path / "out")
    error = run.failed[0].error
    assert error is not None
    assert "'labels' is missing" in error["what"]
    assert error["where"].endswith("cell_labels.npy")


def test_a_further_input_beside_the_images_is_no_image_of_the_study(tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.ones((8, 8), np.float32))
        np.save(tmp_path / f"{name}_labels.npy", np.ones((8, 8), np.int32))
    pipeline = Pipeline.loads(MASKED.format(path="{stem}_labels.npy"))
    run = pipeline.run(tmp_path, tmp_path / "out")
    assert [result.image for result in run.results] == ["a", "b"]
    assert not run.failed


def test_a_folder_of_further_inputs_is_not_told_as_passed_over(tmp_path: Path) -> None:
    (tmp_path / "study" / "labels").mkdir(parents=True)
    np.save(tmp_path / "study" / "a.npy", np.ones((8, 8), np.float32))
    np.save(tmp_path / "study" / "labels" / "a.npy", np.ones((8, 8), np.int32))
    pipeline = Pipeline.loads(MASKED.format(path="labels/{name}"))
    run = pipeline.run(tmp_path / "study", tmp_path / "out")
    assert json.loads((run.folder / "run.json").read_text())["skipped"] == []


@pytest.mark.parametrize("use", ["labels: {op: segment.filter_by_size, input: truth}", ""])
def test_an_input_used_as_labels_or_truth_is_read_as_names(tmp_path: Path, use: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 5)))
    drawn = Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5) % 3, "P")
    drawn.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    drawn.save(tmp_path / "a.png")
    check = "checks: {hits: {check: overlap, of: found, against: truth}}" if not use else ""
    text = f"""
graticule: 1
inputs: {{image: {{}}, truth: {{path: "{{stem}}.png"}}}}
steps:
  found: {{op: threshold.otsu, input: image}}
  {use}
{check}
"""
    source = StudyImage("a", tmp_path / "a.npy")
    inputs, keys = open_inputs(Pipeline.loads(text), source, "same")
    assert inputs["truth"].values.tolist() == np.asarray(drawn).tolist()
    shown = Pipeline.loads(
        "graticule: 1\ninputs: {image: {}, truth: {path: a.png}}\n"
        "steps: {grey: {op: transform.grey, input: truth}}\n"
    )
    inputs, other = open_inputs(shown, source, "same")
    assert inputs["truth"].dims == ("y", "x", "c")
    assert keys["truth"] != other["truth"]
