"""HDF5 and NeXus: axes, and links that lead away."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io import read


@pytest.fixture
def nexus(tmp_path: Path) -> Path:
    path = tmp_path / "a.nxs"
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs["default"] = "data"
        data = entry.create_group("data")
        data.attrs["signal"], data.attrs["axes"] = "counts", ["y", "tof"]
        data["counts"] = np.arange(24, dtype=">u2").reshape(4, 6)
        data["counts"].attrs["units"] = "counts"
        data["y"], data["tof"] = np.arange(4) * 0.5, np.arange(6.0) ** 2
        data["y"].attrs["units"], data["tof"].attrs["units"] = "mm", "us"
        entry["other"] = np.zeros((3, 3))
        file["soft"] = h5py.SoftLink("/entry/other")
        file["external"] = h5py.ExternalLink("/elsewhere.h5", "/x")
        file["through"] = h5py.SoftLink("/external/y")
        file["loop"] = h5py.SoftLink("/loop")
        file["text"] = "no image"
        layout = h5py.VirtualLayout((3, 3), "u1")
        layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (3, 3))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("outside", (3, 3), "u1", external=[("elsewhere.raw", 0, 9)])
    return path


@pytest.mark.parametrize("inside", ["", "entry", "entry/data", "entry/data/counts"])
def test_nexus_says_what_to_show(nexus: Path, inside: str) -> None:
    image = read(nexus / inside)
    assert dict(image.sizes) == {"y": 4, "tof": 6}
    assert image.tof.attrs == {"units": "us"}
    assert image.tof.values.tolist() == [0, 1, 4, 9, 16, 25]
    assert image.attrs["units"] == "counts"
    np.testing.assert_array_equal(image.values, np.arange(24).reshape(4, 6))


@pytest.mark.parametrize("inside", ["external", "external/y", "through", "virtual", "outside"])
def test_what_lies_in_another_file_is_refused(nexus: Path, inside: str) -> None:
    with pytest.raises(UnsafeFileError, match=r"other file|another file"):
        read(nexus / inside)


def test_soft_links_within_are_followed(nexus: Path) -> None:
    assert read(nexus / "soft").shape == (3, 3)
    with pytest.raises(FormatError, match="circle"):
        read(nexus / "loop")


def test_what_is_no_image_is_said(nexus: Path) -> None:
    with pytest.raises(FormatError, match="not numbers"):
        read(nexus / "text")
    with pytest.raises(FormatError, match=r"did you mean entry/data/counts"):
        read(nexus / "entry" / "data" / "count")


def test_enormous_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRATICULE_MEMORY", "8GB")
    settings.cache_clear()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", (10**9, 4), "u1", chunks=(10**9, 4), compression="gzip")
    with pytest.raises(UnsafeFileError, match="a chunk of"):
        read(tmp_path / "a.h5")


def test_dimension_scales(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["wave"] = np.arange(3) * 10.0
        file["cube"] = np.zeros((3, 4, 5))
        file["wave"].make_scale("wave")
        file["cube"].dims[0].attach_scale(file["wave"])
    image = read(tmp_path / "a.nc" / "cube")
    assert image.dims == ("wave", "y", "x")
    assert image.wave.values.tolist() == [0, 10, 20]


def test_a_committed_type_is_passed_over(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["img"], file["a_type"] = np.zeros((40, 50)), np.dtype("f8")
        file.create_group("empty")
    assert read(tmp_path / "a.h5").shape == (40, 50)
