"""HDF5: what is no image, numbers of odd kinds, filters that are missing, large files."""

from __future__ import annotations

import builtins
import tracemalloc
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from graticule.core.errors import FormatError
from graticule.core.image import is_lazy
from graticule.core.settings import memory_limited
from graticule.io import read
from graticule.io.formats import _hdf5_proof


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


NOT_NUMBERS = {
    "text": "holds text",
    "letters": "holds text",
    "table": "a table with the columns a, b",
    "references": "holds references",
    "lists": "lists of uneven length",
    "opaque": "bytes of a kind",
    "arrays": "arrays in its elements",
    "null": "is empty",
    "group": "holds no array of numbers",
    "type": "is a type, not an array",
}


@pytest.fixture
def mixed(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["image"] = np.eye(3)
        file["one"] = 5.0
        file["text"], file["letters"] = ["a", "b"], np.array([[b"a"], [b"b"]])
        file["table"] = np.zeros((3, 3), [("a", "f4"), ("b", "i4")])
        file["references"] = np.array([[file["image"].ref] * 2] * 2, h5py.ref_dtype)
        file.create_dataset("lists", (3, 3), h5py.vlen_dtype("i4"))
        file["opaque"] = np.zeros((3, 3), "V5")
        file.create_dataset("arrays", (3, 3), np.dtype(("f4", (2,))))
        file["null"] = h5py.Empty("f4")
        file["type"] = np.dtype("f4")
        file.create_group("group")
    return path


def test_what_is_no_image_is_passed_over(mixed: Path) -> None:
    np.testing.assert_array_equal(read(mixed).values, np.eye(3))


@pytest.mark.parametrize("name", NOT_NUMBERS)
def test_what_is_no_image_is_called_what_it_is(mixed: Path, name: str) -> None:
    with pytest.raises(FormatError, match=NOT_NUMBERS[name]):
        read(mixed / name)


def test_one_number_may_be_asked_for(mixed: Path) -> None:
    assert float(read(mixed / "one")) == 5


def test_enumerations(path: Path) -> None:
    with h5py.File(path, "w") as file:
        kind = h5py.enum_dtype({"nothing": 0, "cell": 1}, "u1")
        file.create_dataset("labels", data=np.eye(3, dtype="u1"), dtype=kind)
        switch = h5py.enum_dtype({"False": 0, "True": 1}, "i4")
        file.create_dataset("mask", data=np.eye(3, dtype="i4"), dtype=switch)
        file["own"] = np.eye(3, dtype=bool)
    labels = read(path / "labels")
    assert labels.dtype == np.uint8
    assert labels.attrs["header"]["members"] == {"nothing": 0, "cell": 1}
    for name in ("mask", "own"):
        image = read(path / name)
        assert image.dtype == bool
        np.testing.assert_array_equal(image.values, np.eye(3, dtype=bool))


@pytest.mark.parametrize("names", [("r", "i"), ("real", "imag"), ("RE", "IM")])
@pytest.mark.parametrize("code", ["<f4", ">f8", "<f2"])
def test_complex_numbers_of_every_spelling(path: Path, names: tuple[str, str], code: str) -> None:
    pairs = np.zeros((3, 4), [(name, code) for name in names])
    pairs[names[0]], pairs[names[1]] = np.arange(12).reshape(3, 4), 2
    with h5py.File(path, "w") as file:
        file["a"] = pairs
    image = read(path)
    assert image.dtype == (np.complex128 if code == ">f8" else np.complex64)
    np.testing.assert_array_equal(image.values, np.arange(12).reshape(3, 4) + 2j)
    np.testing.assert_array_equal(image[1:, ::2].values, image.values[1:, ::2])


@pytest.mark.parametrize(("size", "dtype"), [(3, "i4"), (5, "i8"), (7, "i8")])
@pytest.mark.parametrize("base", ["STD_I64LE", "STD_I64BE", "STD_U64BE"])
def test_integers_of_odd_widths(path: Path, size: int, dtype: str, base: str) -> None:
    kind = getattr(h5py.h5t, base).copy()
    kind.set_precision(8 * size)
    kind.set_size(size)
    values = np.arange(20).reshape(4, 5) - (0 if "U" in base else 7)
    with h5py.File(path, "w") as file:
        dataset = h5py.h5d.create(file.id, b"a", kind, h5py.h5s.create_simple((4, 5)))
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values, h5py.h5t.NATIVE_INT64)
    image = read(path)
    assert image.dtype == np.dtype(dtype.replace("i", "u") if "U" in base else dtype)
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[1:3, ::2].values, values[1:3, ::2])


def filtered(path: Path, code: int) -> None:
    """Write a data set that says it went through a filter, which nothing can undo here."""
    with h5py.File(path, "w") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((3, 4))
        plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, ())
        space, kind = h5py.h5s.create_simple((3, 4)), h5py.h5t.NATIVE_INT16
        h5py.h5d.create(file.id, b"a", kind, space, plist)


@pytest.mark.parametrize(
    ("code", "name", "hint"),
    [
        (32001, "blosc", "pip install hdf5plugin"),
        (32015, "zstd", "pip install hdf5plugin"),
        (32099, "unnamed", "HDF5_PLUGIN_PATH"),
    ],
)
def test_a_missing_filter_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, name: str, hint: str
) -> None:
    filtered(path, code)
    usual, asked = builtins.__import__, []

    def without(module: str, *args: Any, **kwargs: Any) -> Any:
        if module == "hdf5plugin":
            asked.append(module)
            raise ImportError(module)
        return usual(module, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(_hdf5_proof, "apart", lambda work, *args: work(*args))
    what = rf"needs the HDF5 filter {code} \({name}\), which is not installed"
    with pytest.raises(FormatError, match=what) as error:
        read(path)
    assert hint in error.value.hint
    assert asked


def test_a_source_that_cannot_be_decoded_is_named(path: Path, tmp_path: Path) -> None:
    filtered(tmp_path / "b.h5", 32013)
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout((3, 4), "i2")
        layout[...] = h5py.VirtualSource("b.h5", "a", (3, 4))
        file.create_virtual_dataset("v", layout)
    with pytest.raises(FormatError, match="filter 32013"):
        read(path, links="beside")


def test_a_large_file_is_opened_without_its_values(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (2000, 1024, 1024), "u2", chunks=(1, 256, 256), compression="gzip")
        file["small"] = np.eye(3)
        for number in range(300):
            file[f"groups/{number}/image"] = np.eye(2)
    read(path / "small")
    tracemalloc.start()
    image = read(path / "a")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 100
    assert is_lazy(image)
    assert image.nbytes > 4e9
    assert image[7, 30:32, 5].values.tolist() == [0, 0]
    with pytest.raises(FormatError, match="holds 302 arrays"):
        read(path)


def test_a_box_of_very_many_chunks_is_read_in_parts(path: Path) -> None:
    values = np.arange(200 * 340, dtype=np.uint16).reshape(200, 340)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=values, chunks=(1, 2), maxshape=(None, None))
    np.testing.assert_array_equal(read(path)[1:, 3:].values, values[1:, 3:])


def test_a_chunk_of_a_size_that_is_not_its_own(path: Path) -> None:
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("a", (4, 4), "u2", chunks=(2, 2), fletcher32=True)
        dataset.id.write_direct_chunk((0, 0), b"abc")
    with pytest.raises(FormatError, match=r"a chunk of 3 bytes at \(0, 0\), which is no size"):
        _ = read(path).values


def test_a_block_larger_than_memory_is_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (2**41, 20), "u2", chunks=(4, 4), maxshape=(None, None))
    assert read(path)[:4].values.shape == (4, 20)
    refused = pytest.raises(FormatError, match=r"a block of .* of memory")
    with memory_limited(10**9, besides=4 * 10**8), refused:
        _ = read(path)[: 10**9].values
