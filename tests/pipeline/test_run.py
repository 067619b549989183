"""A run: the same tables however it was carried out, and nothing lost when it is cut off."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests_support import tables_of

from graticule.core.errors import FormatError, RequestError, StoreError
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.pipeline.folder import locked_run_folder

TEXT_ONLY = "graticule: 1\nsteps: {smooth: {op: filters.gaussian, sigma: 1}}\n"


def test_the_folder_holds_what_the_design_says(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    run = objects.run(study_folder, tmp_path / "out", workers=2)
    out = tmp_path / "out"
    assert not run.failed
    assert run.images["image"].tolist() == [f"disc-{n}" for n in range(5)]
    about = json.loads((out / "run.json").read_text())
    assert [image["status"] for image in about["images"]] == ["done"] * 5
    assert all(len(image["sha256"]) == 64 for image in about["images"])
    assert Pipeline.loads(about["text"]).normalised() == objects.normalised()
    rows = pd.read_parquet(out / "objects.parquet")
    assert len(rows) == run.images["table_count"].sum() > 5
    pd.testing.assert_frame_equal(rows, pd.read_csv(out / "objects.csv"), check_dtype=False)
    assert read(out / "arrays" / "disc-0" / "inner.ome.tif").dtype.kind in "iu"
    assert (out / "report.html").exists()
    with np.load(out / "previews" / "disc-0.npz") as previews:
        assert "step/smooth" in previews
    drafts = [path for path in out.rglob("*") if "draft" in path.name]
    assert drafts == []


def test_units_are_in_the_files(coins: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.loads("""
graticule: 1
inputs: {image: {spacing: {y: 0.1 mm, x: 0.1 mm}}}
steps:
  bright: {op: threshold.otsu}
  labels: {op: segment.label}
  table:  {op: measure.regions}
""")
    run = pipeline.run(coins, tmp_path / "out")
    assert not run.failed, run.failed
    units = run.tables["objects"].attrs["units"]
    schema = pq.read_schema(tmp_path / "out" / "objects.parquet")
    assert schema.field("area").metadata[b"unit"].decode() == units["area"]
    csvw = json.loads((tmp_path / "out" / "objects.csv-metadata.json").read_text())
    columns = {column["name"]: column.get("unit") for column in csvw["tableSchema"]["columns"]}
    assert columns["area"] == units["area"]


def test_a_bad_image_is_set_aside_and_named(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    whole = objects.run(study_folder, tmp_path / "whole")
    bad = study_folder / "disc-2.npy"
    bad.write_bytes(bad.read_bytes()[:200])
    (study_folder / "disc-9.tif").write_bytes(b"II*\x00" + b"\x00" * 20)
    run = objects.run(study_folder, tmp_path / "out", workers=2)
    assert [result.image for result in run.failed] == ["disc-2", "disc-9"]
    rest = whole.images[whole.images["image"] != "disc-2"].reset_index(drop=True)
    pd.testing.assert_frame_equal(run.images, rest)
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    errors = {image["image"]: image["error"] for image in about["images"] if image["error"]}
    assert set(errors) == {"disc-2", "disc-9"}
    assert all(error["what"] for error in errors.values())


def test_an_image_of_another_shape_fails_alone(study_folder: Path, tmp_path: Path) -> None:
    np.save(study_folder / "cube.npy", np.zeros((2, 3, 4, 5), np.float32))
    run = Pipeline.loads(TEXT_ONLY).run(study_folder, tmp_path / "out")
    assert [result.image for result in run.failed] == ["cube"]


@pytest.mark.usefixtures("memory_of_arrays")
@pytest.mark.parametrize(
    "options", [{"workers": 1}, {"workers": 4}, {"memory": "200kB"}, {"cache": False}]
)
def test_tables_do_not_depend_on_how_it_is_run(
    objects: Pipeline, study_folder: Path, tmp_path: Path, options: dict[str, object]
) -> None:
    wanted = objects.run(study_folder, tmp_path / "wanted", workers=2)
    found = objects.run(study_folder, tmp_path / "found", **options)
    pd.testing.assert_frame_equal(found.images, wanted.images)
    pd.testing.assert_frame_equal(found.tables["objects"], wanted.tables["objects"], rtol=1e-5)


def test_a_second_run_takes_what_is_finished(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    objects.run(study_folder, tmp_path / "out")
    before = tables_of(tmp_path / "out")
    again = objects.run(study_folder, tmp_path / "out")
    assert all(result.cached for result in again.results)
    assert tables_of(tmp_path / "out") == before


def test_nothing_is_left_of_an_image_that_fails_now(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    objects.run(study_folder, out)
    left = out / "arrays" / "disc-1" / "inner.ome.tif"
    draft = out / "arrays" / "disc-0" / ".draft-x.tif"
    draft.write_bytes(b"cut off")
    assert left.exists()
    (study_folder / "disc-1.npy").write_bytes(b"")
    run = objects.run(study_folder, out)
    assert [result.image for result in run.failed] == ["disc-1"]
    assert not left.exists()
    assert not draft.exists()
    assert (out / "arrays" / "disc-0" / "inner.ome.tif").exists()
    for number in range(5):
        (study_folder / f"disc-{number}.npy").write_bytes(b"")
    objects.run(study_folder, out)
    assert list(out.glob("objects*")) == []
    assert list((out / "arrays").rglob("*.tif")) == []


def test_a_changed_image_is_computed_again(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    objects.run(study_folder, tmp_path / "out")
    changed = study_folder / "disc-1.npy"
    write(changed, read(changed).values[::-1].copy())
    again = objects.run(study_folder, tmp_path / "out")
    assert [result.image for result in again.results if not result.cached] == ["disc-1"]


def test_an_image_changed_back_gets_its_own_arrays_back(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    changed = study_folder / "disc-1.npy"
    first, flipped = changed.read_bytes(), read(changed).values[::-1].copy()
    before = objects.run(study_folder, tmp_path / "out")
    place = tmp_path / "out" / before.results[1].arrays[0]
    wanted = read(place).values
    write(changed, flipped)
    objects.run(study_folder, tmp_path / "out")
    assert not np.array_equal(read(place).values, wanted)
    changed.write_bytes(first)
    again = objects.run(study_folder, tmp_path / "out")
    np.testing.assert_array_equal(read(place).values, wanted)
    assert [result.image for result in again.results if not result.cached] == ["disc-1"]


def test_arrays_that_were_removed_are_made_again(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    before = objects.run(study_folder, tmp_path / "out")
    place = tmp_path / "out" / before.results[2].arrays[0]
    place.unlink()
    again = objects.run(study_folder, tmp_path / "out")
    assert place.exists()
    assert [result.image for result in again.results if not result.cached] == ["disc-2"]


@pytest.mark.usefixtures("memory_of_arrays")
@pytest.mark.parametrize("memory", ["1GB", "300kB"])
def test_a_mask_of_any_dims_is_written(tmp_path: Path, memory: str) -> None:
    image = np.random.default_rng(0).normal(size=(200, 150)).astype(np.float32)
    np.save(tmp_path / "a.npy", image)
    pipeline = Pipeline.loads("""
        graticule: 1
        inputs: {image: {dims: [time, distance]}}
        steps: {bright: {op: threshold.fixed, value: 0}}
        """)
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", memory=memory, workers=1)
    assert not run.failed
    assert (run.results[0].tile is None) == (memory == "1GB")
    written = read(run.folder / run.results[0].arrays[0])
    np.testing.assert_array_equal(written.values.astype(bool), image > 0)


def test_another_run_is_not_written_over(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    objects.run(study_folder, tmp_path / "out")
    other = objects.with_values({"smooth.sigma": 3})
    with pytest.raises(RequestError, match="--overwrite"):
        other.run(study_folder, tmp_path / "out")
    run = other.run(study_folder, tmp_path / "out", overwrite=True)
    assert len(run.images) == 5
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(RequestError, match="not empty"):
        objects.run(study_folder, tmp_path / "mine")


def test_two_processes_do_not_share_a_run_folder(tmp_path: Path) -> None:
    with (
        locked_run_folder(tmp_path / "out", {"run": "a"}, overwrite=False),
        pytest.raises(StoreError, match="another process"),
        locked_run_folder(tmp_path / "out", {"run": "a"}, overwrite=False),
    ):
        pass


def test_requests_that_cannot_be_carried_out(
    objects: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graticule.pipeline.cluster.CONNECT_TIMEOUT", 0.2)
    with pytest.raises(FormatError):
        objects.run(tmp_path / "nowhere", tmp_path / "out")
    for workers in (0, True, 2.5, "2"):
        with pytest.raises(RequestError, match="workers"):
            objects.run(__file__, tmp_path / "out", workers=workers)
    with pytest.raises(RequestError, match="scheduler"):
        objects.run(__file__, tmp_path / "out2", cluster="tcp://127.0.0.1:9")


def test_processes_give_the_bytes_of_threads(objects: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(48):
        write(folder / f"{number}.png", rng.integers(0, 255, (24, 24), np.uint8))
    (folder / "7.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    threads = objects.run(folder, tmp_path / "threads", workers=2, cache=False)
    processes = objects.run(folder, tmp_path / "processes", workers=2, cache=False, processes=True)
    assert tables_of(tmp_path / "processes") == tables_of(tmp_path / "threads")
    assert [r.image for r in processes.failed] == [r.image for r in threads.failed] == ["7"]
    assert [r.image for r in processes.results] == [r.image for r in threads.results]


def test_steps_that_feed_nothing_are_not_run(study_folder: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.loads("""
        graticule: 1
        steps:
          bright: {op: threshold.otsu, input: image}
          drawn: {op: filters.gaussian, input: image, sigma: 1}
          idle: {op: filters.median, input: image, radius: 1}
          idler: {op: filters.gaussian, input: idle, sigma: 1}
          objects: {op: measure.regions, input: parts}
          parts: {op: segment.label, input: bright}
        outputs: [objects]
        report: [{figure: image, of: drawn}]
        """)
    assert pipeline.unused == {"idle", "idler"}
    run = pipeline.run(study_folder, tmp_path / "out")
    assert not run.failed
    assert set(run.results[0].steps) == {"bright", "drawn", "objects", "parts"}


@pytest.mark.slow
def test_killed_at_random_moments_it_finishes_to_the_same_bytes(
    objects: Pipeline, study_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "objects.yaml"
    file.write_text(objects.text)
    command = [sys.executable, "-m", "graticule.cli", "run", str(file), str(study_folder)]
    subprocess.run([*command, "-o", str(tmp_path / "whole")], check=True, capture_output=True)
    wanted = tables_of(tmp_path / "whole")
    rng = random.Random(5)
    for attempt in range(3):
        out = tmp_path / f"out-{attempt}"
        process = subprocess.Popen([*command, "-o", str(out)], stderr=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)  # fmt: skip
        deadline = time.monotonic() + 20
        while not (out / ".work").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        subprocess.run([*command, "-o", str(out)], check=True, capture_output=True)
        assert tables_of(out) == wanted


@pytest.mark.usefixtures("memory_of_arrays")
@pytest.mark.slow
def test_a_cluster_gives_the_same_tables(
    objects: Pipeline, study_folder: Path, coins: Path, tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    here = objects.run(study_folder, tmp_path / "here")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        there = objects.run(study_folder, tmp_path / "there", cluster=address)
        pd.testing.assert_frame_equal(there.images, here.images)
        pd.testing.assert_frame_equal(there.tables["objects"], here.tables["objects"])
        tiled = objects.run(coins, tmp_path / "tiled", cluster=address, memory="2MB")
    alone = objects.run(coins, tmp_path / "alone")
    assert tiled.results[0].tile is not None
    pd.testing.assert_frame_equal(tiled.tables["objects"], alone.tables["objects"], rtol=1e-5)


def test_several_tables_are_all_written(study_folder: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.loads("""
        graticule: 1
        steps:
          parts: {op: segment.kmeans, clusters: 2, input: image}
          objects: {op: measure.regions, input: parts.labels}
        outputs: [objects, parts.clusters]
        """)
    run = pipeline.run(study_folder, tmp_path / "out")
    assert set(run.tables) == {"objects", "objects_parts_clusters"}
    for name in run.tables:
        assert len(pd.read_csv(tmp_path / "out" / f"{name}.csv")) == len(run.tables[name])
        assert (tmp_path / "out" / f"{name}.csv-metadata.json").exists()
    assert {"objects_count", "parts_clusters_count"} <= set(run.images.columns)


def test_names_that_are_no_utf8_are_images_like_others(objects: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    for name in (b"good.npy", b"\xb5m.npy"):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            np.save(file, np.eye(16, dtype=np.float32))
    result = objects.run(folder, out=tmp_path / "out")
    assert sorted(result.images["image"]) == ["\\xb5m", "good"]
    assert (tmp_path / "out" / "run.json").is_file()
    again = objects.run(folder, out=tmp_path / "out")
    assert again.images.equals(result.images)
