"""MATLAB files of both kinds."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from graticule.core.errors import FormatError
from graticule.core.image import is_lazy
from graticule.io import contents, read


def save(path: Path, **values: object) -> Path:
    with path.open("wb") as file:
        savemat(file, values, do_compression=True)
    return path


def test_cells_and_fields_by_name(tmp_path: Path) -> None:
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = {"mask": np.eye(3)}, {"mask": np.ones((2, 4))}
    path = save(tmp_path / "a", truth=cells, name="text")
    assert read(path / "truth" / "1" / "mask").shape == (2, 4)
    with pytest.raises(FormatError, match=r"\.\.\./0 to \.\.\./1"):
        read(path)
    with pytest.raises(FormatError, match="after the path: mask"):
        read(path / "truth" / "0")
    with pytest.raises(FormatError, match=r"not an array of numbers|no array of numbers"):
        read(path / "name")


def save_73(path: Path, **groups: dict[str, np.ndarray]) -> Path:
    """Write structs as MATLAB 7.3 does."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, fields in groups.items():
            group = file.create_group(name)
            group.attrs["MATLAB_class"] = np.bytes_("struct")
            for field, values in fields.items():
                group[field] = values.T
                group[field].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, made by a test".ljust(124) + b"\0\2IM")
    return path


@pytest.mark.parametrize("write", [save, save_73], ids=["version 5", "version 7.3"])
def test_fields_of_a_struct_are_listed_where_the_choice_is_open(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    cube, truth = np.arange(24.0).reshape(4, 6), np.eye(3)
    two = {"V": cube, "truth": truth, "wavelength": np.ones((1, 4))}
    path = write(tmp_path / "a", scene=two)
    with pytest.raises(FormatError) as told:
        read(path)
    assert "holds 2 arrays: scene/V (4 x 6), scene/truth (3 x 3)" in str(told.value)
    assert "name one after the path, as .../scene/V" in str(told.value)
    np.testing.assert_array_equal(read(path / "scene" / "V").values, cube)
    assert {each.name for each in contents(path)} >= {"scene/V", "scene/truth"}
    path = write(tmp_path / "b", scene={"V": cube, "wavelength": np.ones((1, 4))})
    np.testing.assert_array_equal(read(path).values, cube)


def test_a_struct_in_a_struct(tmp_path: Path) -> None:
    path = save(tmp_path / "a", scene={"data": {"V": np.eye(3), "W": np.eye(4)}})
    with pytest.raises(FormatError, match=r"scene/data/V \(3 x 3\), scene/data/W \(4 x 4\)"):
        read(path)
    with pytest.raises(FormatError, match=r"after the path: V \(3 x 3\), W \(4 x 4\)"):
        read(path / "scene" / "data")


def test_several_variables_need_a_name(tmp_path: Path) -> None:
    path = save(tmp_path / "a", one=np.eye(3), two=np.eye(4))
    with pytest.raises(FormatError, match="holds 2 arrays"):
        read(path)
    assert read(path / "two").shape == (4, 4)


def test_version_7_3(tmp_path: Path) -> None:
    values = np.arange(12.0).reshape(3, 4)
    with h5py.File(tmp_path / "a", "w", userblock_size=512) as file:
        file["a"] = values.T
        file["a"].attrs["MATLAB_class"] = np.bytes_("double")
        file["text"] = np.zeros((1, 4), np.uint16)
        file["text"].attrs["MATLAB_class"] = np.bytes_("char")
        file["mask"] = np.eye(3, dtype=np.uint8)
        file["mask"].attrs["MATLAB_class"] = np.bytes_("logical")
    head = b"MATLAB 7.3 MAT-file, made by a test".ljust(124) + b"\0\2IM"
    with (tmp_path / "a").open("r+b") as raw:
        raw.write(head)
    image = read(tmp_path / "a" / "a")
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[1:, :2].values, values[1:, :2])
    assert read(tmp_path / "a" / "mask").dtype == bool


def test_real_files(data_dir: Path) -> None:
    truth = read(data_dir / "neutron_tof" / "Samson.mat" / "S_GT", dims=["y", "x", "material"])
    assert dict(truth.sizes) == {"y": 95, "x": 95, "material": 3}
    np.testing.assert_allclose(truth.sum("material").values, 1, atol=1e-6)


def test_rows_columns_and_slices(tmp_path: Path) -> None:
    values = np.arange(20 * 30 * 5, dtype=float).reshape(20, 30, 5)
    savemat(tmp_path / "a.mat", {"stack": values})
    image = read(tmp_path / "a.mat")
    assert dict(image.sizes) == {"z": 5, "y": 20, "x": 30}
    np.testing.assert_array_equal(image.values, values)
    savemat(tmp_path / "a.mat", {"picture": np.zeros((20, 30, 3), np.uint8)})
    assert read(tmp_path / "a.mat").dims == ("y", "x", "c")


def test_a_large_file_is_opened_without_its_values(tmp_path: Path) -> None:
    path, rows, columns = tmp_path / "a.mat", 30_000, 6_000
    with path.open("wb") as file:
        file.write(b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM")
        for number in range(3):
            size = rows * columns * 8
            body = struct.pack("<4I", 6, 8, 6, 0) + struct.pack("<2I2i", 5, 8, rows, columns)
            body += struct.pack("<2H4s2I", 1, 2, f"v{number}".encode(), 9, size)
            file.write(struct.pack("<2I", 14, len(body) + size) + body)
            file.truncate(file.seek(size, 1))
    tracemalloc.start()
    image = read(path / "v1")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 100
    assert is_lazy(image)
    assert image.shape == (rows, columns)
    assert image.dtype == np.float64
    assert image[100:102, 5].values.tolist() == [0, 0]


def test_what_is_damaged_elsewhere_does_no_harm(tmp_path: Path) -> None:
    path = save(tmp_path / "a", one=np.eye(30), two=np.arange(900.0).reshape(30, 30))
    content = bytearray(path.read_bytes())
    content[-20:] = bytes(20)
    path.write_bytes(content)
    np.testing.assert_array_equal(read(path / "one").values, np.eye(30))
    with pytest.raises(FormatError):
        read(path / "two")


def test_complex_numbers_of_version_4(tmp_path: Path) -> None:
    values = (np.arange(12.0).reshape(3, 4) + 2j).astype(np.complex64)
    savemat(tmp_path / "a.mat", {"a": values, "text": "abc"}, format="4")
    image = read(tmp_path / "a.mat")
    assert image.dtype == np.complex64
    np.testing.assert_array_equal(image.values, values)
    with pytest.raises(FormatError, match="is text"):
        read(tmp_path / "a.mat" / "text")


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def _matrix(kind: int, sizes: tuple[int, ...], name: bytes, *parts: bytes) -> bytes:
    flags = _element(6, struct.pack("<II", kind, 0))
    shape = _element(5, struct.pack(f"<{len(sizes)}i", *sizes))
    return _element(14, flags + shape + _element(1, name) + b"".join(parts))


def _of_cells(path: Path, *cells: bytes) -> Path:
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    path.write_bytes(head + _matrix(1, (1, len(cells)), b"c", *cells))
    return path


@pytest.mark.parametrize("sizes", [(), (4,), (-1, 4)])
@pytest.mark.parametrize("kind", [1, 2, 4, 5, 6, 9, 12])
def test_a_cell_without_rows_and_columns_is_refused(
    kind: int, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    text = _matrix(kind, sizes, b"", _element(16, b"text"))
    path = _of_cells(tmp_path / "a.mat", text)
    with pytest.raises(FormatError, match="has a variable of the sizes"):
        read(f"{path}/c/0")


def test_a_cell_that_nothing_was_put_into_hides_no_other(tmp_path: Path) -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    full = _matrix(6, (2, 3), b"", _element(9, numbers.tobytes(order="F")))
    path = _of_cells(tmp_path / "a.mat", _element(14, b""), full)
    assert np.array_equal(read(f"{path}/c/1").values, numbers)
