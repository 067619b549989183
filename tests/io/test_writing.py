"""What is written is read again as it was; nothing half-written is ever seen."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import with_spacing
from graticule.io import levels, read, write
from graticule.testing.children import Limits, in_children


@pytest.mark.parametrize("suffix", [".npy", ".fits", ".ome.tif", ".ome.zarr"])
def test_a_lazy_image_is_never_whole_in_memory(suffix: str, tmp_path: Path) -> None:
    import dask.array as da

    side = 8192 if suffix == ".ome.zarr" else 4096  # its blocks are files, and larger
    data = da.random.default_rng(0).integers(0, 100, (side, side), np.uint16, chunks=1024)
    image = xr.DataArray(data, dims=("y", "x"))

    def peak(written: Path) -> str:
        write(tmp_path / f"first{suffix}", image[:64, :64])  # imports are no part of the measure
        tracemalloc.start()
        write(written, image)
        return str(tracemalloc.get_traced_memory()[1])

    # in a process apart, where no thread of another test is
    [end] = in_children([tmp_path / f"image{suffix}"], peak, tmp_path, limits=Limits(seconds=100))
    assert int(end.said) < 0.9 * image.nbytes
    written = tmp_path / f"image{suffix}"
    part = read(written)[1000:1010, 2000:2010]
    np.testing.assert_array_equal(part.values, image[1000:1010, 2000:2010].values)


def test_what_stood_there_stays_when_writing_fails(tmp_path: Path) -> None:
    import dask.array as da

    def fail(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        raise RuntimeError("no such block")

    broken = xr.DataArray(da.ones((8, 8), chunks=4).map_blocks(fail, dtype=float), dims=("y", "x"))
    for suffix in (".npy", ".fits", ".ome.tif", ".ome.zarr"):
        place = tmp_path / f"image{suffix}"
        write(place, np.eye(4))
        with pytest.raises(RuntimeError, match="no such block"):
            write(place, broken)
        np.testing.assert_array_equal(read(place).values, np.eye(4))
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")]


def test_what_stood_there_is_replaced(tmp_path: Path) -> None:
    for suffix in (".npy", ".ome.zarr"):
        write(tmp_path / f"image{suffix}", np.eye(4))
        write(tmp_path / f"image{suffix}", np.ones((2, 3)))
        assert read(tmp_path / f"image{suffix}").shape == (2, 3)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_no_image_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "thesis.txt").write_text("all of it")
    with pytest.raises(FormatError, match="folder that is no image"):
        write(tmp_path / "mine.zarr", np.eye(3))
    assert (tmp_path / "mine.zarr" / "thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize(
    ("name", "image", "message"),
    [
        ("a.xyz", np.eye(3), "no format has this ending .*use .*\\.fits"),
        ("none/a.npy", np.eye(3), "no such folder"),
        ("a.png", np.eye(3), "PNG holds"),
        ("a.fits", np.eye(3) > 0, "no bools"),
        ("a.tif", np.zeros((2,) * 6), "no place|cannot"),
        ("a.tif", np.zeros((3, 3), np.int64), "not int64"),
    ],
)
def test_what_cannot_be_written_is_said(
    tmp_path: Path, name: str, image: Any, message: str
) -> None:
    dims = [f"d{n}" for n in range(image.ndim)]
    with pytest.raises(FormatError, match=message):
        write(tmp_path / name, xr.DataArray(image, dims=dims))


def test_uneven_samples_are_refused_and_not_flattened(tmp_path: Path) -> None:
    image = xr.DataArray(np.eye(3), dims=("y", "x"), coords={"x": [0.0, 1.0, 5.0]})
    for suffix in (".fits", ".ome.tif", ".ome.zarr"):
        with pytest.raises(FormatError, match="along x"):
            write(tmp_path / f"a{suffix}", image)


def test_levels_of_what_is_written(tmp_path: Path) -> None:
    image = with_spacing(
        xr.DataArray(np.zeros((4101, 3), np.uint8), dims=("y", "x")), {"y": "2 um", "x": "2 um"}
    )
    path = write(tmp_path / "a.ome.zarr", image)
    assert levels(path) == [{"y": 4101, "x": 3}, {"y": 2051, "x": 2}, {"y": 1026, "x": 1}]
    coarse = read(path, level=1)
    assert coarse.attrs["graticule_level"] == 1
    np.testing.assert_allclose(coarse.y.values[:2], [1.0, 5.0])
    with pytest.raises(FormatError, match="no pyramid level 3; it has 3"):
        read(path, level=3)
