"""Folders of real life at the command line: what was not read is told, counted, and in the exit."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

import graticule as gt
from graticule.cli import main

SMALL = "graticule: 1\nname: small\nsteps: {bright: {op: threshold.otsu}}\n"


@pytest.fixture
def small(tmp_path: Path) -> str:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two images, and what lies beside images."""
    images = tmp_path / "images"
    (images / "truth").mkdir(parents=True)
    values = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for name in ("a", "b"):
        metadata = {"unit": "cubit"}
        tifffile.imwrite(images / f"{name}.tif", values, imagej=True, metadata=metadata,
                         resolution=(2, 2))  # fmt: skip
    (images / "notes.txt").write_text("hello")
    (images / ".hidden").write_text("x")
    os.mkfifo(images / "pipe.tif")
    return images


@pytest.mark.timeout(60)
def test_what_was_passed_over_is_counted_and_told(
    small: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, str(folder), "-o", str(tmp_path / "out")]) == 1  # pipe.tif
    said = capsys.readouterr()
    told = "2 of 2 images done, 4 others passed over (1 that could be images)"
    assert told in said.out.replace("\n", " ")
    for told in ("hidden: .hidden", "of no known format: notes.txt", "a named pipe: pipe.tif"):
        assert f"passed over, {told}" in said.err
    assert "passed over, a folder: truth" in said.err


def test_files_of_no_known_format_count_and_documents_do_not(
    small: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "pipe.tif").unlink()
    assert main(["run", small, str(folder), "-o", str(tmp_path / "out")]) == 0
    assert "could be" not in capsys.readouterr().out
    (folder / "c.lif").write_bytes(b"an image of a microscope")
    assert main(["run", small, str(folder), "-o", str(tmp_path / "out")]) == 1
    assert "(1 that could be images)" in capsys.readouterr().out.replace("\n", " ")


def test_notes_are_told_once_and_set_down(
    small: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for again in range(2):  # what an earlier call did has its notes too
        main(["run", small, str(folder), "-o", str(out)])
        said = capsys.readouterr()
        assert said.err.count("note: a, b: the unit 'cubit' of x is not known") == 1, again
        images = json.loads((out / "run.json").read_text())["images"]
        assert all("the unit 'cubit' of x" in str(image["notes"]) for image in images)
    assert "What was read" in (out / "report.html").read_text()


def test_a_lost_link_is_an_image_that_failed(
    small: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "c.tif").symlink_to("moved-away.tif")
    assert main(["run", small, str(folder), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "2 of 3 images done" in said.out
    assert "c.tif: is a link to nothing (moved-away.tif)" in said.err
    assert main(["audit", str(folder), "-o", str(tmp_path / "audit")]) == 1
    said = capsys.readouterr()
    assert "no threshold: c" in said.out
    assert "passed over, of no known format: notes.txt" in said.err


@pytest.mark.timeout(60)
def test_what_is_no_file_is_not_waited_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(folder / "pipe.tif")]) == 2
    assert "is a named pipe, and no file" in capsys.readouterr().err


def test_names_and_troubles_of_any_bytes(
    small: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = folder / os.fsdecode(b"\xb5m.npy")
    with good.open("wb") as file:
        np.save(file, np.eye(8))
    (folder / os.fsdecode(b"bad\xb5.npy")).write_bytes(b"junk")
    (folder / os.fsdecode(b"note\xb5")).write_bytes(b"junk")
    out = tmp_path / "out"
    assert main(["run", small, str(folder), "-o", str(out)]) == 1
    assert main(["audit", str(folder), "-o", str(tmp_path / "audit")]) == 1
    said = capsys.readouterr()
    assert "bad\\xb5" in said.err
    assert main(["inspect", str(good)]) == 0
    record = (out / "run.json").read_text(encoding="utf-8")
    assert "note\\\\xb5" in record
    assert "bad\\xb5" in (out / "report.html").read_text(encoding="utf-8")


def test_a_truth_folder_says_what_it_passed_over(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        gt.write(folder / "truth" / f"{name}.png", np.eye(8, dtype=bool))
    (folder / "truth" / "readme.doc").write_text("x")
    arguments = ["evaluate", str(folder / "truth"), "--truth", str(folder / "truth")]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
    assert "passed over, of no known format: readme.doc" in capsys.readouterr().err


def test_a_run_folder_is_on_this_machine(
    small: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["run", small, str(folder / "a.tif"), "-o", "s3://bucket/out"]) == 2
    assert "an address of the web" in capsys.readouterr().err
    assert not (tmp_path / "s3:").exists()
