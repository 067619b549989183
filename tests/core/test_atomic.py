"""core.atomic: the old or the new, never half of it, for files and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graticule.core import atomic
from graticule.core.atomic import atomic_path, bring_to_disk, flushed_later, replace


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


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was brought to the disk, by itself."""
    told: list[Path] = []
    monkeypatch.setattr(atomic, "_flush", lambda path: told.append(Path(path)))
    return told


def test_a_file_is_on_the_disk_before_its_name_is(tmp_path: Path, flushed: list[Path]) -> None:
    with atomic_path(tmp_path / "a.txt") as draft:
        draft.write_text("a")
    assert flushed == [draft, tmp_path]


def test_what_is_flushed_later_does_not_wait_for_the_disk(
    tmp_path: Path, flushed: list[Path]
) -> None:
    with flushed_later(), atomic_path(tmp_path / "a.txt") as draft:
        draft.write_text("a")
    assert content(tmp_path / "a.txt") == "a"
    assert not flushed
    bring_to_disk(tmp_path)
    assert set(flushed) == {tmp_path / "a.txt", tmp_path}


@pytest.mark.parametrize("count", [3, 200])
def test_a_folder_is_brought_to_the_disk_with_all_within(tmp_path: Path, count: int) -> None:
    (tmp_path / "within").mkdir()
    for number in range(count):
        (tmp_path / "within" / str(number)).touch()
    bring_to_disk(tmp_path)


def test_where_a_disk_cannot_be_flushed_its_files_are(
    tmp_path: Path, flushed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "_flush_all", lambda path: False)
    names = {tmp_path / str(number) for number in range(200)}
    for name in names:
        name.touch()
    bring_to_disk(tmp_path)
    assert set(flushed) == {tmp_path, *names}


def test_what_another_puts_there_meanwhile_is_not_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, draft = tmp_path / "result", tmp_path / "draft"
    put(draft, "ours", folder=True)
    rename = os.replace
    late = [None]

    def contested(source: Path, place: Path) -> None:
        if place == target and late:
            late.pop()
            put(target, "theirs", folder=True)
        rename(source, place)

    monkeypatch.setattr(os, "replace", contested)
    replace(draft, target)
    assert content(target) == "ours"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result"]
