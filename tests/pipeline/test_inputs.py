"""Inputs: what is read for one image, and keys that tell it from everything else."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from graticule.core.errors import FormatError, PipelineError
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


IN_FILES = """
graticule: 1
inputs: {image: {dataset: entry/data, links: LINKS}, mask: {path: "{name}", dataset: mask}}
steps:
  smooth: {op: filters.gaussian, sigma: 1}
outputs: [smooth]
"""


def scans(folder: Path, count: int = 3) -> Path:
    """Write a folder of scans, each with an image and a mask in one file."""
    folder.mkdir()
    for number in range(count):
        with h5py.File(folder / f"scan{number}.h5", "w") as file:
            file["entry/data"] = np.full((8, 8), number, np.float32)
            file["entry/dark"], file["mask"] = np.zeros((8, 8)), np.eye(8, dtype=bool)
    return folder


def test_one_name_for_a_folder_of_files(tmp_path: Path) -> None:
    pipeline = Pipeline.loads(IN_FILES.replace("LINKS", "never"))
    folder = scans(tmp_path / "scans")
    with h5py.File(folder / "scan1.h5", "a") as file:
        file.move("entry/data", "entry/dat")
    run = pipeline.run(folder, tmp_path / "out", workers=1)
    done = {result.image: result for result in run.results}
    assert [result.status for result in run.results] == ["done", "failed", "done"]
    assert float(read(run.folder / done["scan2"].arrays[0]).mean()) == 2
    error = done["scan1"].error
    assert error is not None
    assert str(folder / "scan1.h5") in error["where"]
    assert "did you mean entry/dat" in error["hint"]


def test_a_name_after_the_path_needs_no_other(tmp_path: Path) -> None:
    pipeline = Pipeline.loads(SMOOTH + "inputs: {image: {dataset: entry/data}}\n")
    file = scans(tmp_path / "scans") / "scan2.h5"
    images, keys = {}, {}
    for path in (file, file / "entry" / "data", file / "entry" / "dark"):
        inputs, found = open_inputs(pipeline, StudyImage("a", path), "same")
        images[path], keys[path] = float(inputs["image"].mean()), found["image"]
    assert list(images.values()) == [2, 2, 0]
    assert len(set(keys.values())) == 2


@pytest.mark.parametrize("ending", ["npz", "mat", "fits", "tif"])
def test_one_name_in_files_of_every_format(tmp_path: Path, ending: str) -> None:
    from astropy.io import fits
    from scipy.io import savemat
    from tifffile import TiffWriter

    path, first, second = tmp_path / f"a.{ending}", np.zeros((9, 8), "f4"), np.ones((6, 7), "f4")
    name = "1" if ending in ("fits", "tif") else "second"
    if ending == "npz":
        np.savez(path, first=first, second=second)
    elif ending == "mat":
        savemat(path, {"first": first, "second": second})
    elif ending == "fits":
        fits.HDUList([fits.PrimaryHDU(first), fits.ImageHDU(second)]).writeto(path)
    else:
        with TiffWriter(path) as writer:
            writer.write(first)
            writer.write(second)
    text = SMOOTH + f"inputs: {{image: {{dataset: {name}}}}}\n"
    inputs, _ = open_inputs(Pipeline.loads(text), StudyImage("a", path), "same")
    assert inputs["image"].shape == second.shape


@pytest.mark.parametrize("kind", ["external", "virtual", "raw"])
def test_a_changed_file_beside_is_computed_anew(tmp_path: Path, kind: str) -> None:
    values = np.full((8, 8), 1, np.float32)
    main, beside = tmp_path / "main.h5", tmp_path / "beside"

    def change(value: float) -> None:
        beside.unlink(missing_ok=True)
        if kind == "raw":
            beside.write_bytes((values * value).tobytes())
            return
        with h5py.File(beside, "w") as file:
            file["x"] = values * value

    change(1)
    with h5py.File(main, "w") as file:
        file["mask"] = np.eye(8, dtype=bool)
        if kind == "external":
            file["entry/data"] = h5py.ExternalLink("beside", "/x")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((8, 8), "f4")
            layout[...] = h5py.VirtualSource("beside", "x", (8, 8))
            file.create_virtual_dataset("entry/data", layout)
        else:
            file.create_dataset("entry/data", (8, 8), "f4", external="beside")
    for links, pipeline in [
        (each, Pipeline.loads(IN_FILES.replace("LINKS", each))) for each in ("never", "beside")
    ]:
        if links == "never":
            run = pipeline.run(main, tmp_path / "out", workers=1)
            error = run.results[0].error
            assert error is not None
            assert "links: beside" in error["hint"]
            continue
        for value in (1, 3):
            change(value)
            run = pipeline.run(main, tmp_path / "out2", workers=1)
            assert float(read(run.folder / run.results[0].arrays[0]).mean()) == value
            assert not run.results[0].cached


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("dataset: ../x", "name of an array"),
        ("dataset: [a]", "name of an array"),
        ("links: always", "never or beside"),
    ],
)
def test_faults_of_names_and_links_are_told(text: str, what: str) -> None:
    from graticule.core.errors import PipelineError

    with pytest.raises(PipelineError, match=what):
        Pipeline.loads(SMOOTH + f"inputs: {{image: {{{text}}}}}\n")


def test_a_pattern_and_a_dataset_choose_among_the_files_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        with h5py.File(folder / f"scan_{number}.h5", "w") as file:
            file["entry/data"] = np.full((8, 8), number, np.float32)
            file["entry/dark"] = np.zeros((8, 8), np.float32)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "overview.png")
    document = """
    graticule: 1
    inputs: {image: {path: "PATTERN", dataset: entry/data}}
    steps: {smooth: {op: filters.gaussian, sigma: 1}}
    """
    run = Pipeline.loads(document.replace("PATTERN", "*.h5")).run(folder, tmp_path / "out")
    assert [result.image for result in run.results] == ["scan_0", "scan_1", "scan_2"]
    assert not run.failed
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [item["why"] for item in record["skipped"]] == ["not *.h5"]
    with pytest.raises(FormatError, match=r"\*\.tif"):
        Pipeline.loads(document.replace("PATTERN", "*.tif")).run(folder, tmp_path / "other")
    with pytest.raises(PipelineError, match="pattern"):
        Pipeline.loads(document.replace("PATTERN", "{stem}.h5"))
