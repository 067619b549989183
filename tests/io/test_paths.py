"""Paths as they are given, and what stands there that is no file."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import FormatError, GraticuleError, RequestError
from graticule.io import content_hash, levels, study
from graticule.io.format import sniff
from graticule.io.paths import matches


def pipe(path: Path) -> None:
    os.mkfifo(path)


def open_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def lost(path: Path) -> None:
    path.symlink_to("nothing.tif")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


ODD: list[tuple[Callable[[Path], None], str]] = [
    (pipe, "a named pipe"),
    (open_socket, "a socket"),
    (device, "a device"),
    (lost, "a link to nothing"),
    (circle, "a link that leads in a circle"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("make", "name"), ODD, ids=[name for _, name in ODD])
def test_what_is_no_file_is_refused_as_what_it_is(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    odd = tmp_path / "a.tif"
    make(odd)
    assert sniff(odd) is None
    for use in (gt.read, levels, content_hash, study):
        with pytest.raises(FormatError, match=rf"a\.tif: is {name}.*, and no file"):
            use(odd)
        with pytest.raises(FormatError, match=rf"a\.tif: is {name}.*, and no file"):
            use(odd / "inside")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("make", "name"), ODD, ids=[name for _, name in ODD])
def test_what_is_no_file_among_images(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    gt.write(tmp_path / "b.tif", np.eye(3))
    make(tmp_path / "a.tif")
    make(tmp_path / ".hidden")
    found = study(tmp_path)
    why = {path.name: reason for path, reason in found.skipped}
    assert why.pop(".hidden") == "hidden"
    if "link" in name:  # it was an image once, and is one that failed
        assert [source.name for source in found] == ["a", "b"]
        assert why == {}
    else:
        assert [source.name for source in found] == ["b"]
        assert why == {"a.tif": name}


@pytest.mark.parametrize(("make", "name"), ODD, ids=[name for _, name in ODD])
def test_nothing_is_written_in_place_of_a_device(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    make(tmp_path / "a.tif")
    if "link" in name:
        assert gt.read(gt.write(tmp_path / "a.tif", np.eye(3))).shape == (3, 3)
        return
    with pytest.raises(FormatError, match=rf"{name} stands there"):
        gt.write(tmp_path / "a.tif", np.eye(3))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_what_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = gt.write(tmp_path / "a.tif", np.eye(3))

    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    for name in ("open", "is_file", "is_dir"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refuse)
            with pytest.raises(FormatError, match=r"a\.tif: may not be read"):
                gt.read(path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        with pytest.raises(FormatError, match="may not be read"):
            study(tmp_path)


def test_a_file_the_disk_does_not_give_is_an_image_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gt.write(tmp_path / "a.tif", np.eye(3))

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    found = study(tmp_path)
    assert [source.name for source in found] == ["a"]
    with pytest.raises(FormatError, match="disk or the network failed"):
        gt.read(found[0].path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "not None"),
        (5, "not an int"),
        (np.eye(3), r"not an array \(ndarray\).*without being read"),
        (b"a.tif", r"not a bytes .*os\.fsdecode"),
        ({"a.tif": 1}.keys(), "list the paths in their order"),
        ("", "the path is empty"),
        ("https://example.org/a.tif", "an address of the web.*fetch it first"),
        ("s3://bucket/a.tif", "an address of the web"),
        (Path("http://example.org/a.tif"), "an address of the web"),
        ("file:///tmp/a.tif", "leave out file://"),
        ("a\0b.tif", "zero byte"),
        ("x" * 5000, "name that is too long"),
        ("~nobody-of-this-name/a.tif", "no such file"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_path_is_told(given: Any, says: str) -> None:
    uses: list[Any] = [gt.read, levels, content_hash, *([] if "list" in says else [study])]
    for use in uses:
        with pytest.raises(GraticuleError, match=says):
            use(given)


def test_an_open_file_and_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = gt.write(tmp_path / "a.tif", np.eye(3))
    with path.open("rb") as file, pytest.raises(RequestError, match=r"an open file .*a\.tif"):
        gt.read(file)  # type: ignore[arg-type]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert gt.read("~/a.tif").shape == (3, 3)


def test_a_folder_called_like_an_address_is_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s3:" / "bucket").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert gt.read(gt.write("s3://bucket/a.tif", np.eye(3))).shape == (3, 3)


def test_image_and_path_swapped(tmp_path: Path) -> None:
    for image in (np.eye(3), gt.read(gt.write(tmp_path / "a.tif", np.eye(3)))):
        with pytest.raises(RequestError, match=r'path comes first.*write\("b\.tif", image\)'):
            gt.write(image, "b.tif")  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="not None"):
        gt.write(None, np.eye(3))  # type: ignore[arg-type]


NAMES = st.text("ab[]*?!-1", min_size=1, max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(folder=NAMES, names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_a_name_with_brackets_is_a_name_where_there_is_such_a_file(
    tmp_path_factory: pytest.TempPathFactory, folder: str, names: list[str]
) -> None:
    root = tmp_path_factory.mktemp("names") / folder
    root.mkdir()
    for name in names:
        (root / name).touch()
        assert matches(root / name) is None
        assert matches(root / name / "inside[1]") is None
    if "*" not in names:
        assert set(matches(root / "*") or ()) == {root / name for name in names}


def test_a_pattern_where_one_file_is_wanted(tmp_path: Path) -> None:
    gt.write(tmp_path / "a.tif", np.eye(3))
    with pytest.raises(FormatError, match="it is a pattern"):
        levels(tmp_path / "*.tif")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("make", [pipe, lost])
def test_a_piece_of_zarr_that_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = gt.write(tmp_path / "a.ome.zarr", np.eye(8))
    piece = next(file for file in path.rglob("*") if file.is_file() and file.name != "zarr.json")
    piece.unlink()
    make(piece)
    with pytest.raises(FormatError, match=r"a\.ome\.zarr.* is a (named pipe|link to nothing)"):
        gt.read(path).compute(scheduler="synchronous")


@pytest.mark.timeout(20)
def test_a_model_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    from graticule.learn.model_file import card_of, is_model, open_model

    pipe(tmp_path / "a.model")
    assert not is_model(tmp_path / "a.model")
    for use in (card_of, open_model):
        with pytest.raises(FormatError, match=r"a\.model: is a named pipe, and no file"):
            use(tmp_path / "a.model")
