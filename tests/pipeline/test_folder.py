"""The run folder: one run at a time, and nothing of it lost to another."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from graticule.core.errors import FormatError, RequestError, StoreError
from graticule.pipeline import Pipeline
from graticule.pipeline.folder import WORK, locked_run_folder, read_head, sweep, write_json


def test_overwriting_leaves_a_run_at_work_alone(tmp_path: Path) -> None:
    with locked_run_folder(tmp_path, {"run": "a"}, overwrite=False) as work:
        (work / "finished").write_text("precious")
        (tmp_path / "images.csv").write_text("precious")
        with (
            pytest.raises(StoreError, match="another process"),
            locked_run_folder(tmp_path, {"run": "b"}, overwrite=True),
        ):
            pass
        assert (work / "finished").exists()
        assert (tmp_path / "images.csv").exists()
    with locked_run_folder(tmp_path, {"run": "b"}, overwrite=True) as work:
        assert not (work / "finished").exists()
        assert not (tmp_path / "images.csv").exists()


def test_a_folder_that_is_refused_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with (
        pytest.raises(RequestError, match="not empty"),
        locked_run_folder(tmp_path, {"run": "a"}, overwrite=False),
    ):
        pass
    assert [place.name for place in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("damaged", ["identity.json", "lock"])
@pytest.mark.parametrize("content", [None, "", "{", '{"run": "b"}\n' + "0" * 64 + "\n"])
def test_a_run_is_known_by_what_is_left_of_its_identity(
    tmp_path: Path, damaged: str, content: str | None
) -> None:
    with locked_run_folder(tmp_path, {"run": "a"}, overwrite=False) as work:
        (tmp_path / "images.csv").write_text("precious")
    (work / damaged).unlink()
    if content is not None:
        (work / damaged).write_text(content)
    with (
        pytest.raises(RequestError, match="another pipeline"),
        locked_run_folder(tmp_path, {"run": "b"}, overwrite=False),
    ):
        pass
    for _ in range(2):
        with locked_run_folder(tmp_path, {"run": "a"}, overwrite=False):
            pass


def test_a_run_that_nothing_tells_of_is_not_written_over(tmp_path: Path) -> None:
    with locked_run_folder(tmp_path, {"run": "a"}, overwrite=False) as work:
        pass
    for name in ("identity.json", "lock"):
        (work / name).write_text("{")
    with (
        pytest.raises(RequestError, match=r"identity\.json and lock are damaged"),
        locked_run_folder(tmp_path, {"run": "a"}, overwrite=False),
    ):
        pass
    with locked_run_folder(tmp_path, {"run": "a"}, overwrite=True):
        pass


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="No space left"),
        locked_run_folder(tmp_path, {"run": "a"}, overwrite=False),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_error_of_a_file_is_not_blamed_on_the_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(FormatError, match="no image"),
        locked_run_folder(tmp_path, {"run": "a"}, overwrite=False),
    ):
        raise FormatError("is no image", where="a.png", hint="look at it")


def test_an_image_fails_alone_where_its_trace_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("graticule.pipeline.job.write", full)
    np.save(tmp_path / "a.npy", np.eye(8))
    (tmp_path / "out" / WORK).mkdir(parents=True)
    (tmp_path / "out" / "errors").write_text("in the way")
    pipeline = Pipeline.loads("graticule: 1\nsteps: {bright: {op: threshold.otsu}}\n")
    run = pipeline.run(tmp_path / "a.npy", tmp_path / "out", overwrite=True)
    error = run.failed[0].error
    assert error is not None
    assert "No space left" in error["what"]


def test_an_image_that_finds_no_room_is_told_so_and_is_no_fault_of_ours(
    objects: Pipeline, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "Error writing bytes to file")

    with monkeypatch.context() as patched:
        patched.setattr("graticule.pipeline.job.commit", full)
        run = objects.run(study_folder, tmp_path / "out")
    assert len(run.failed) == 5
    for result in run.failed:
        assert result.error is not None
        assert result.error["kind"] == "StoreError"
        assert "No space left" in result.error["what"]
    assert not (tmp_path / "out" / "errors").exists()
    assert not objects.run(study_folder, tmp_path / "out").failed


@pytest.mark.parametrize(
    "items", [[], [{"a": 1, "b": [1, {"c": "\n"}], "d": {}}, {"a": None}], [3]]
)
def test_json_is_the_same_whether_a_list_or_an_iterator_is_written(
    tmp_path: Path, items: list[object]
) -> None:
    about = {"first": {"x": ["y\n", 2.5]}, "images": items, "é": "\ud800", "last": []}
    write_json(tmp_path / "whole.json", about)
    write_json(tmp_path / "one by one.json", {**about, "images": iter(items)})
    text = (tmp_path / "whole.json").read_bytes()
    assert text == (tmp_path / "one by one.json").read_bytes()
    plain = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    assert text == plain.encode("utf-8", "backslashreplace")
    write_json(tmp_path / "empty.json", {})
    assert (tmp_path / "empty.json").read_text() == "{}\n"


def test_json_that_cannot_be_finished_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise StoreError("gone")

    write_json(tmp_path / "run.json", {"images": [1]})
    with pytest.raises(StoreError, match="gone"):
        write_json(tmp_path / "run.json", {"images": broken()})
    assert json.loads((tmp_path / "run.json").read_text()) == {"images": [1]}
    assert [place.name for place in tmp_path.iterdir()] == ["run.json"]


def test_what_is_not_kept_is_swept_at_any_depth(tmp_path: Path) -> None:
    for name in ("a/b/kept.tif", "a/b/gone.tif", "a/kept.zarr/0/c", "a/gone.zarr/0", "d/e", "kept"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    sweep(tmp_path, ["a/b/kept.tif", "a/kept.zarr", "kept"])
    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert left == ["a/b/kept.tif", "a/kept.zarr/0/c", "kept"]


def test_the_head_is_what_is_said_before_a_key(tmp_path: Path) -> None:
    about = {"a": {"images": ['\n "images": ']}, "b": "é" * 70_000, "images": [1], "z": 2}
    write_json(tmp_path / "run.json", about)
    assert read_head(tmp_path / "run.json", before="images") == {"a": about["a"], "b": about["b"]}
    assert read_head(tmp_path / "run.json", before="none") == about
    with pytest.raises(FileNotFoundError):
        read_head(tmp_path / "lost.json", before="images")
