"""MATLAB files of both kinds."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from graticule.core.errors import FormatError
from graticule.io import read


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
