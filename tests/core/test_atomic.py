"""core.atomic: the old or the new, never half of it, for files and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from graticule.core.atomic import atomic_path


def put(path: Path, text: str, *, folder: bool) -> None:
    if folder:
        path.mkdir()
        path = path / "part"
    path.write_text(text)


def content(path: Path) -> str:
    return (path / "part" if path.is_dir() else path).read_text()


@pytest.mark.parametrize("old", [None, "file", "folder"])
@pytest.mark.parametrize("new", ["file", "folder"])
def test_what_stood_there_is_replaced(tmp_path: Path, old: str | None, new: str) -> None:
    target = tmp_path / "result.zarr"
    if old:
        put(target, "old", folder=old == "folder")
    with atomic_path(target) as draft:
        put(draft, "new", folder=new == "folder")
    assert content(target) == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.zarr"]


@pytest.mark.parametrize("folder", [False, True])
def test_what_stood_there_stays_when_writing_fails(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "result.zarr"
    put(target, "old", folder=folder)

    def interrupted() -> None:
        with atomic_path(target) as draft:
            put(draft, "half", folder=folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert content(target) == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.zarr"]


def test_the_draft_ends_as_the_target_and_is_hidden_beside_it(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "table.parquet") as draft:
        assert (draft.suffix, draft.parent, draft.name[0]) == (".parquet", tmp_path, ".")
        assert not draft.exists()
        draft.touch()


def test_a_missing_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "none" / "a.txt") as draft:
        draft.write_text("a")
