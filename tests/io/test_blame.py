"""Blame: damage, what is not supported, a missing decoder, an odd header, the disk, and our own."""

from __future__ import annotations

import errno
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io import read, write
from graticule.io.blame import blame, is_our_fault
from graticule.io.safety import guard


def raised(code: str, module: str = "somelib.parser", file: str = "/lib/somelib.py") -> Exception:
    """Return what a piece of code raises, as if it stood in a module."""
    names: dict[str, Any] = {"__name__": module, "np": np}
    with pytest.raises(Exception) as caught:  # noqa: PT011
        exec(compile(code, file, "exec"), names)
    return caught.value


OURS = str(Path(read.__code__.co_filename).parent / "formats" / "some.py")
"""A file of Graticule's own."""


@pytest.mark.parametrize(
    ("error", "what", "hint"),
    [
        (zlib.error("incorrect header check"), "damaged or cut short", "again"),
        (EOFError("ended"), "damaged or cut short", "again"),
        (zipfile.BadZipFile("Bad CRC-32"), "damaged or cut short", "again"),
        (NotImplementedError("Maze coding"), "not supported", "convert"),
        (RuntimeError("File 'a' is encrypted, password required"), "not supported", "convert"),
        (ValueError("99999 is not a valid COMPRESSION"), "not supported", "convert"),
        (ModuleNotFoundError("No module named 'imagecodecs'", name="imagecodecs"),
         "decoder that is not installed", "pip install imagecodecs"),
        (ValueError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package"),
         "decoder that is not installed", "pip install imagecodecs"),
        (OSError("required filter 'blosc' is not registered"),
         "decoder that is not installed", "pip install hdf5plugin"),
        (PermissionError(errno.EACCES, "denied"), "may not be read", "owner"),
        (FileNotFoundError(errno.ENOENT, "gone"), "no longer there", ""),
        (OSError(errno.EIO, "Input/output error"), "disk or the network failed", "again"),
        (OSError(errno.ESTALE, "Stale file handle"), "network disk", "again"),
        (OSError(errno.ENOSPC, "No space left"), "disk is full", "room"),
        (OSError(errno.EMFILE, "Too many open files"), "too many files", "ulimit"),
        (BlockingIOError(errno.EAGAIN, "unable to lock file"), "locked by another", "close"),
        (raised("{}['IFD']"), "cannot be read by somelib", "may be damaged"),
        (raised("[][5]"), "cannot be read by somelib", "may be damaged"),
        (raised("{}['dims']", "graticule.io.some", OURS), "says something", "export"),
        (raised("x = None; x['dims']", "graticule.io.some", OURS), "says something", "export"),
        (raised("np.zeros(3).reshape(2, 2)", "graticule.io.some", OURS), "says something", ""),
    ],
    ids=str,
)  # fmt: skip
def test_each_kind_of_trouble_has_its_words(error: Exception, what: str, hint: str) -> None:
    told = blame(error)
    assert what in told.what
    assert hint in told.hint
    assert "damaged" not in told.what or "damaged" in what


def test_the_file_is_named_and_the_cause_kept() -> None:
    error = EOFError("ended")
    with pytest.raises(FormatError, match=r"^a\.tif: is damaged") as caught, guard("a.tif"):
        raise error
    assert caught.value.__cause__ is error


def test_memory_that_runs_out_is_no_damage() -> None:
    with pytest.raises(UnsafeFileError, match="more memory than there is"), guard("a.tif"):
        raise MemoryError


@pytest.mark.parametrize(
    "code",
    ["missing_name", "assert False", "(lambda x: x)()",
     "import graticule.nothing", "import math; math.no_such_thing"],
)  # fmt: skip
def test_a_fault_of_our_own_goes_through_as_it_is(
    code: str,
) -> None:
    assert is_our_fault(raised(code, "graticule.io.formats.some", OURS))
    assert not is_our_fault(raised(code))


def test_a_fault_of_our_own_is_told_by_its_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.npy", np.eye(3))
    monkeypatch.delattr("graticule.io.formats.npy.default_dims")
    with pytest.raises(NameError) as caught:
        read(path)
    assert any("fault in Graticule" in note and "a.npy" in note for note in caught.value.__notes__)


def test_a_library_that_lacks_a_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 8), np.uint8), compression="zlib")
    shutdown: Callable[..., Any] = lambda *_, **__: (_ for _ in ()).throw(  # noqa: E731
        ImportError("No module named 'imagecodecs'", name="imagecodecs")
    )
    monkeypatch.setattr("graticule.io.formats._tiff_pages.page_box", shutdown)
    with pytest.raises(FormatError, match=r"decoder that is not installed .*imagecodecs"):
        _ = read(path).values


def test_a_filter_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((4, 4))
        plan.set_filter(32123, h5py.h5z.FLAG_OPTIONAL, ())
        space, kind = h5py.h5s.create_simple((4, 4)), h5py.h5t.NATIVE_UINT8
        made = h5py.Dataset(h5py.h5d.create(file.id, b"data", kind, space, plan))
        made.id.write_direct_chunk((0, 0), bytes(16), filter_mask=0)
    with pytest.raises(FormatError, match=r"needs the HDF5 filter 32123 .*not installed"):
        _ = read(path).values


def test_a_file_that_vanishes_or_shrinks_after_it_was_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npy", np.zeros((500, 500)))
    image = read(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(FormatError, match=r"a\.npy: "):
        image.compute(scheduler="synchronous")
    path.unlink()
    with pytest.raises(FormatError, match="no longer there"):
        image.compute(scheduler="synchronous")
