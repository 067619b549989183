"""Links of HDF5 to other files: never, unless the user allows those beside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from graticule.core.errors import FormatError, ParameterError, UnsafeFileError
from graticule.io import content_hash, levels, read
from graticule.io.contents import contents
from graticule.io.formats._hdf5_links import open_file

VALUES = np.arange(12, dtype=np.uint16).reshape(3, 4)


def other(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["entry/x"] = VALUES
        file["entry/x"].attrs["element_size_um"] = [1, 0.5, 0.5]
    return path


def virtual(file: h5py.File, *sources: str, name: str = "entry/x") -> None:
    layout = h5py.VirtualLayout((len(sources), 3, 4), "u2")
    for number, source in enumerate(sources):
        layout[number] = h5py.VirtualSource(source, name, (3, 4))
    file.create_virtual_dataset("a", layout, fillvalue=7)


def external(file: h5py.File, folder: Path, name: str) -> None:
    file["a"] = h5py.ExternalLink(name, "/entry/x")


def of_sources(file: h5py.File, folder: Path, name: str) -> None:
    virtual(file, name, name)


def raw(file: h5py.File, folder: Path, name: str) -> None:
    made = Path(folder, name)
    if made.parent.is_dir() and made.exists():
        made.write_bytes(b"\0" * 5 + VALUES.tobytes())
    file.create_dataset("a", (3, 4), "<u2", external=[(name, 5, VALUES.nbytes)])


KINDS = pytest.mark.parametrize("link", [external, of_sources, raw], ids=lambda kind: kind.__name__)
Link = Callable[[h5py.File, Path, str], None]


@KINDS
@pytest.mark.parametrize("name", ["b.h5", "./b.h5", "deep/er/b.h5", "{folder}/b.h5"])
def test_a_file_beside_may_be_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: Link, name: str
) -> None:
    name = name.format(folder=tmp_path / "run")
    other(tmp_path / "run" / name)
    with h5py.File(tmp_path / "run" / "main.h5", "w") as file:
        link(file, tmp_path / "run", name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafeFileError, match=r'links="beside"'):
        read("run/main.h5/a")
    image = read("run/main.h5/a", links="beside")
    expected = np.stack([VALUES, VALUES]) if link is of_sources else VALUES
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(image.values, expected)
    np.testing.assert_array_equal(image[..., 1:, 2:].values, expected[..., 1:, 2:])
    assert levels(tmp_path / "run/main.h5/a", links="beside") == [dict(image.sizes)]


@KINDS
@pytest.mark.parametrize("name", ["../b.h5", "{folder}/b.h5", "deep/../../b.h5", "out.h5"])
def test_a_file_elsewhere_is_never_read(tmp_path: Path, link: Link, name: str) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    other(tmp_path / "b.h5")
    (folder / "out.h5").symlink_to(tmp_path / "b.h5")
    with h5py.File(folder / "main.h5", "w") as file:
        link(file, folder, name.format(folder=tmp_path))
    with pytest.raises(UnsafeFileError, match="another file"):
        read(folder / "main.h5" / "a")
    with pytest.raises(UnsafeFileError, match="not in the folder"):
        read(folder / "main.h5" / "a", links="beside")


@KINDS
def test_a_missing_file_is_no_image_of_fill_values(tmp_path: Path, link: Link) -> None:
    with h5py.File(tmp_path / "main.h5", "w") as file:
        link(file, tmp_path, "gone.h5")
    with pytest.raises(FormatError, match=r"gone\.h5, which is missing"):
        read(tmp_path / "main.h5" / "a", links="beside")


def test_a_missing_source_is_no_image_of_fill_values(tmp_path: Path) -> None:
    other(tmp_path / "b.h5")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        virtual(file, "b.h5", name="entry/y")
    with pytest.raises(FormatError, match=r"entry/y of .*b\.h5, which holds nothing"):
        read(tmp_path / "main.h5" / "a", links="beside")


def test_raw_values_in_several_files(tmp_path: Path) -> None:
    values = np.arange(5 * 6 * 7, dtype=">i4").reshape(5, 6, 7)
    content = values.tobytes()
    with h5py.File(tmp_path / "main.h5", "w") as file:
        pieces = [("a.raw", 3, 100), ("b.raw", 0, 260), ("c.raw", 1, h5py.h5f.UNLIMITED)]
        file.create_dataset("a", values.shape, ">i4", external=pieces)
    (tmp_path / "a.raw").write_bytes(b"..." + content[:100])
    (tmp_path / "b.raw").write_bytes(content[100:360])
    (tmp_path / "c.raw").write_bytes(b"." + content[360:])
    image = read(tmp_path / "main.h5", links="beside")
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[2:4, 1:, ::3].values, values[2:4, 1:, ::3])


def test_raw_values_that_end_early(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file.create_dataset("a", (30, 40), "u1", external="b.raw")
    (tmp_path / "b.raw").write_bytes(b"1" * 1000)
    with pytest.raises(FormatError, match="1200 bytes are promised and there are 1000"):
        read(tmp_path / "main.h5", links="beside")


def test_a_virtual_source_within_must_not_lead_out(tmp_path: Path) -> None:
    other(tmp_path / "b.h5")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["out"] = h5py.ExternalLink(str(tmp_path / "b.h5"), "/")
        virtual(file, ".", name="out/entry/x")
    with pytest.raises(UnsafeFileError, match="link to another file"):
        read(tmp_path / "main.h5" / "a")
    assert read(tmp_path / "main.h5" / "a", links="beside").shape == (1, 3, 4)


def test_a_virtual_set_of_virtual_sets(tmp_path: Path) -> None:
    other(tmp_path / "far" / "c.h5")
    with h5py.File(tmp_path / "far" / "b.h5", "w") as file:
        file["entry/x"] = h5py.ExternalLink("c.h5", "/entry/x")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        virtual(file, "far/b.h5")
    image = read(tmp_path / "main.h5", links="beside")
    np.testing.assert_array_equal(image.values, VALUES[None])
    (tmp_path / "far" / "c.h5").unlink()
    with pytest.raises(FormatError, match=r"c\.h5, which is missing"):
        _ = image.values


def test_numbered_sources(tmp_path: Path) -> None:
    for number in range(3):
        with h5py.File(tmp_path / f"f{number}.h5", "w") as file:
            file["x"] = np.full((3, 4), number)
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file.create_dataset("seed", data=0)
        space = h5py.h5s.create_simple((3, 3, 4), (h5py.h5s.UNLIMITED, 3, 4))
        space.select_hyperslab((0, 0, 0), (h5py.h5s.UNLIMITED, 1, 1), (1, 1, 1), (1, 3, 4))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        source = h5py.h5s.create_simple((3, 4))
        plist.set_virtual(space, b"f%b.h5", b"x", source)
        kind = h5py.h5t.py_create(np.dtype("i8"))
        h5py.h5d.create(file.id, b"a", kind, space, plist)
    image = read(tmp_path / "main.h5" / "a", links="beside")
    assert image.values[:, 0, 0].tolist() == [0, 1, 2]
    before = content_hash(tmp_path / "main.h5" / "a", links="beside")
    with h5py.File(tmp_path / "f2.h5", "a") as file:
        file["x"][...] = 9
    assert content_hash(tmp_path / "main.h5" / "a", links="beside") != before


@pytest.mark.parametrize("links", ["never", "beside"])
def test_circles_end(tmp_path: Path, links: Any) -> None:
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["soft"] = h5py.SoftLink("/other")
        file["other"] = h5py.SoftLink("/soft")
        file["there"] = h5py.ExternalLink("back.h5", "/back")
        layout = h5py.VirtualLayout((1, 3, 4), "u2")
        layout[0] = h5py.VirtualSource(".", "a", (3, 4))
        file.create_virtual_dataset("a", layout)
    with h5py.File(tmp_path / "back.h5", "w") as file:
        file["back"] = h5py.ExternalLink("main.h5", "/there")
    for name in ("soft", "a"):
        with pytest.raises(FormatError, match="circle"):
            read(tmp_path / "main.h5" / name, links=links)
    with pytest.raises(FormatError, match="circle" if links == "beside" else "another file"):
        read(tmp_path / "main.h5" / "there", links=links)


def growing(file: h5py.File, name: str, where: str, source: str) -> None:
    """Write a virtual data set that is as long as its source."""
    spaces = [h5py.h5s.create_simple((3, 4), (h5py.h5s.UNLIMITED, 4)) for _ in range(2)]
    for space in spaces:
        block = (h5py.h5s.UNLIMITED, 4)
        space.select_hyperslab((0, 0), (1, 1), stride=(1, 1), block=block)
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_virtual(spaces[0], where.encode(), source.encode(), spaces[1])
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_UINT16, spaces[0], plist)


@pytest.mark.parametrize("links", ["never", "beside"])
@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"d": "d"}, "/d from /d"),
        ({"d": "e", "e": "d"}, "/d from /e from /d"),
        ({"d": "e", "e": "e"}, "/e from /e"),
        ({"d": "soft"}, "/d from /d"),
        ({"d": "e", "e": "f", "f": "g", "g": "e"}, "/e from /f from /g from /e"),
    ],
)
def test_growing_virtual_sets_in_a_circle_are_named(
    tmp_path: Path, links: Any, sources: dict[str, str], circle: str
) -> None:
    with h5py.File(tmp_path / "main.h5", "w") as file:
        for name, source in sources.items():
            growing(file, name, ".", source)
        file["soft"] = h5py.SoftLink("/d")
    for name in ("", *sources):
        with pytest.raises(FormatError, match="in a circle: ") as error:
            read(tmp_path / "main.h5" / name, links=links)
        if name == "d":
            assert circle in str(error.value)
    assert [each.name for each in contents(tmp_path / "main.h5")] == sorted(sources)


def test_a_circle_through_several_files(tmp_path: Path) -> None:
    for name, source in (("a.h5", "b.h5"), ("b.h5", "c.h5"), ("c.h5", "a.h5")):
        with h5py.File(tmp_path / name, "w") as file:
            growing(file, "d", source, "d")
    with pytest.raises(FormatError, match=r"circle: a\.h5/d from b.h5/d from c.h5/d from a.h5/d"):
        read(tmp_path / "a.h5" / "d", links="beside")
    with pytest.raises(UnsafeFileError, match="another file"):
        read(tmp_path / "a.h5")


def test_a_growing_set_beside_an_image_is_no_silent_choice(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["flat"] = VALUES
        growing(file, "raw", "other.h5", "d")
    with pytest.raises(UnsafeFileError, match=r"holds raw, which cannot be looked at"):
        read(tmp_path / "main.h5")
    np.testing.assert_array_equal(read(tmp_path / "main.h5" / "flat").values, VALUES)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with a name")
def test_no_pipe_is_waited_for_to_know_a_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        growing(file, "d", str(tmp_path / "pipe"), "d")
    with pytest.raises(UnsafeFileError, match="another file"):
        read(tmp_path / "main.h5")


@KINDS
def test_the_hash_is_of_all_that_is_read(tmp_path: Path, link: Link) -> None:
    beside = other(tmp_path / "b.h5")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        link(file, tmp_path, "b.h5")
    path = tmp_path / "main.h5" / "a"
    alone, together = content_hash(path), content_hash(path, links="beside")
    assert alone == content_hash(tmp_path / "main.h5") != together
    content = bytearray(beside.read_bytes())
    content[-1] ^= 1
    beside.write_bytes(content)
    assert content_hash(path) == alone
    assert content_hash(path, links="beside") != together
    assert content_hash(beside, links="beside") == content_hash(beside)


def test_axes_in_a_file_beside(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "axes.h5", "w") as file:
        file["x"] = np.arange(4) * 0.5
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["data/v"] = VALUES
        file["data"].attrs["signal"], file["data"].attrs["axes"] = "v", ["y", "x"]
        file["data/x"] = h5py.ExternalLink("axes.h5", "/x")
    assert read(tmp_path / "main.h5" / "data", links="beside").x.values.tolist() == [0, 0.5, 1, 1.5]
    image = read(tmp_path / "main.h5" / "data")
    assert "x" not in image.coords
    assert "another file, axes.h5" in image.attrs["notes"][0]


def test_a_file_of_nothing_but_links(tmp_path: Path) -> None:
    other(tmp_path / "b.h5")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        file["entry/data_1"] = h5py.ExternalLink("b.h5", "/entry/x")
    with pytest.raises(FormatError, match=r"1 links lead to other files, as entry/data_1"):
        read(tmp_path / "main.h5")
    np.testing.assert_array_equal(read(tmp_path / "main.h5", links="beside").values, VALUES)
    with h5py.File(tmp_path / "main.h5", "a") as file:
        file["entry/data_2"] = h5py.ExternalLink("b.h5", "/entry/x")
    with pytest.raises(FormatError, match=r"holds 2 arrays: entry/data_1 \(3 x 4\), entry/data_2"):
        read(tmp_path / "main.h5", links="beside")


def test_a_setting_that_would_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other(tmp_path / "b.h5")
    with h5py.File(tmp_path / "main.h5", "w") as file:
        virtual(file, "b.h5")
    monkeypatch.setenv("HDF5_VDS_PREFIX", "/elsewhere")
    with pytest.raises(UnsafeFileError, match="unset HDF5_VDS_PREFIX"):
        read(tmp_path / "main.h5", links="beside")


def test_other_words_for_links(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="never or beside"):
        read(other(tmp_path / "b.h5"), links="always")  # type: ignore[arg-type]


WRITER = """
import sys, h5py
file = h5py.File(sys.argv[1], "w", libver="latest")
file["a"] = [[1, 2], [3, 4]]
if sys.argv[2] == "swmr":
    file.swmr_mode = True
file.flush()
print("open", flush=True)
sys.stdin.readline()
{end}
"""


@pytest.mark.parametrize("mode", ["plain", "swmr"])
def test_a_file_that_is_being_written(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.h5"
    command = [sys.executable, "-c", WRITER.format(end="file.close()"), str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(FormatError, match=r"open for writing in another|being written"):
            read(path)
        writer.communicate(b"\n")
    assert read(path).shape == (2, 2)


def test_a_file_whose_writer_was_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    command = [sys.executable, "-c", WRITER.format(end="import os; os._exit(1)"), str(path), "swmr"]
    subprocess.run(command, input=b"\n", check=False, capture_output=True)
    with pytest.raises(FormatError, match="h5clear"):
        read(path)


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(37, "Unable to open file (unable to lock file, errno = 37)")

    monkeypatch.setattr(h5py, "File", refuse)
    with pytest.raises(FormatError, match="HDF5_USE_FILE_LOCKING"):
        open_file(tmp_path / "a.h5")
