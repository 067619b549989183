"""A study: which files, in which order, by which names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import read, study, write
from graticule.io.paths import natural


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("img10.npy", "img2.npy", "img1.npy"):
        write(tmp_path / name, np.eye(3))
    write(tmp_path / "cube.zarr", np.eye(3))
    (tmp_path / ".hidden.npy").write_bytes((tmp_path / "img1.npy").read_bytes())
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "nothing.log").touch()
    (tmp_path / "raw").mkdir()
    return tmp_path


def test_a_folder(folder: Path) -> None:
    images = study(folder)
    assert [source.name for source in images] == ["cube", "img1", "img2", "img10"]
    assert {path.name: reason for path, reason in images.skipped} == {
        ".hidden.npy": "hidden",
        "notes.txt": "of no known format",
        "nothing.log": "empty",
        "raw": "a folder",
    }


def test_a_broken_image_is_not_passed_over(folder: Path) -> None:
    (folder / "lost.tif").touch()
    (folder / "page.PNG").write_text("<html>not found</html>")
    found = {source.name: source.path for source in study(folder)}
    assert {"lost", "page"} < set(found)
    with pytest.raises(FormatError, match="is empty"):
        read(found["lost"])
    with pytest.raises(FormatError, match="of no known format"):
        read(found["page"])


def test_a_pattern_a_file_and_a_list(folder: Path) -> None:
    assert [source.name for source in study(str(folder / "img1*.npy"))] == ["img1", "img10"]
    assert [source.name for source in study(folder / "img2.npy")] == ["img2"]
    assert study([folder / "img2.npy", folder])[0].name == "img2"
    assert len(study([folder / "img2.npy", folder])) == 4


def test_names_are_unique(folder: Path) -> None:
    write(folder / "img1.fits", np.eye(3))
    write(folder / "raw" / "img1.fits", np.eye(3))
    assert [s.name for s in study([folder / "img1.npy", folder / "img1.fits"])] == [
        "img1.npy",
        "img1.fits",
    ]
    both = study([folder / "img1.fits", folder / "raw" / "img1.fits"])
    assert [s.name for s in both] == ["img1", "raw/img1"]


def test_no_name_leads_out_of_a_folder(folder: Path) -> None:
    write(folder / "raw" / "img1.npy", np.eye(3))
    write(folder / "img1.fits", np.eye(3))
    write(folder / "raw" / "img1.fits", np.eye(3))
    paths = [folder / "raw" / ".." / "img1.fits", folder / "raw" / "img1.fits"]
    assert [s.name for s in study(paths)] == ["img1", "raw/img1"]
    twice = [folder / "img1.fits", folder / "raw" / ".." / "img1.fits"]
    assert len(study(twice)) == 1


@pytest.mark.parametrize("name", ["...npy", "..npy"])
def test_a_name_is_never_the_folder_above(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as stream:
        np.save(stream, np.eye(3))
    assert [s.name for s in study(tmp_path / name)] == [name]


def test_what_is_no_study_is_said(folder: Path) -> None:
    with pytest.raises(FormatError, match="the folder is empty"):
        study(folder / "raw")
    (folder / "raw" / "a.txt").write_text("a")
    with pytest.raises(FormatError, match=r"holds no image .*a\.txt \(of no known format\)"):
        study(folder / "raw")
    with pytest.raises(FormatError, match="matches no file"):
        study(str(folder / "*.tif"))
    with pytest.raises(FormatError, match="no such file"):
        study([folder / "img3.npy"])
    with pytest.raises(FormatError, match="none was given"):
        study([])


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_count(numbers: list[int]) -> None:
    paths = [Path(f"a{number}b.tif") for number in numbers]
    assert sorted(paths, key=natural) == [Path(f"a{number}b.tif") for number in sorted(numbers)]
