"""R3, R4: a small part of a large file, and the opening of one."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from graticule.bench.row import Row, in_a_process, peak_mb, row, timed
from graticule.io import read

_SIDE, _CROP, _AT = 8192, 100, 4000
_R3_SHARE, _R3_MB, _R4_BAR = 20, 250, 0.1
_LARGE = (2048, 1024, 1024)
"""Samples of two bytes: 4 GiB."""


def _load_libraries(folder: Path) -> None:
    """Read a small file of the kind, so that what is timed is the reading."""
    import tifffile

    path = folder / f"small-{os.getpid()}.tif"
    tifffile.imwrite(path, np.zeros((256, 256), np.uint8), tile=(256, 256), compression="jpeg")
    assert read(path).values.size


def _crop(path: Path) -> tuple[float, float]:
    """Return the seconds of reading a small part, and the peak megabytes of it all."""
    _load_libraries(path.parent)
    part = slice(_AT, _AT + _CROP)
    spent, values = timed(lambda: read(path)[part, part].values)
    assert values.shape == (_CROP, _CROP)
    return spent, peak_mb()


def _whole(path: Path) -> float:
    _load_libraries(path.parent)
    return timed(lambda: read(path).values)[0]


@row("R3")
def part_of_a_large_tiff() -> Row:
    """Read a part of a TIFF of JPEG tiles, each time in a process of its own, and the whole."""
    import skimage.data
    import tifffile

    camera = skimage.data.camera()
    image = np.tile(camera, (_SIDE // camera.shape[0], _SIDE // camera.shape[1]))
    with TemporaryDirectory() as folder:
        path = Path(folder, "tiles.tif")
        tifffile.imwrite(path, image, tile=(256, 256), compression="jpeg")
        parts = [in_a_process(_crop, path) for _ in range(5)]
        whole = median(in_a_process(_whole, path) for _ in range(3))
    spent, peak = median(part[0] for part in parts), max(part[1] for part in parts)
    return Row(
        id="R3",
        what=f"{_CROP} x {_CROP} of a JPEG-tiled TIFF of {_SIDE} x {_SIDE}, in a fresh process; "
        "libraries loaded; baseline: the whole",
        value=round(spent, 4),
        unit="s",
        bar=f"<= 1/{_R3_SHARE} of the time, < {_R3_MB} MB",
        reached=spent * _R3_SHARE <= whole and peak < _R3_MB,
        baseline=round(whole, 3),
        ratio=round(whole / spent, 1),
        peak_mb=peak,
    )


def _tiff(folder: Path) -> Path:
    import tifffile

    path = folder / "large.tif"
    tifffile.memmap(path, shape=_LARGE, dtype=np.uint16, bigtiff=True)
    return path


def _fits(folder: Path) -> Path:
    from astropy.io import fits

    path = folder / "large.fits"
    header = fits.PrimaryHDU(np.zeros((1, 1, 1), np.int16)).header
    for number, size in enumerate(reversed(_LARGE), start=1):
        header[f"NAXIS{number}"] = size
    text = header.tostring().encode()
    with path.open("wb") as file:
        file.write(text)
        file.truncate(len(text) + math.ceil(2 * math.prod(_LARGE) / 2880) * 2880)
    return path


def _hdf5(folder: Path) -> Path:
    import h5py

    path = folder / "large.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("entry/data", _LARGE, np.uint16, chunks=(16, 256, 256))
    return path


def _ome_zarr(folder: Path) -> Path:
    import zarr

    path = folder / "large.ome.zarr"
    group = zarr.create_group(path, zarr_format=3)
    group.create_array("0", shape=_LARGE, dtype="uint16", chunks=(16, 256, 256))
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    scale = [{"type": "scale", "scale": [2.0, 0.5, 0.5]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    about = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": levels}]}
    group.attrs["ome"] = about
    return path


_WRITERS: dict[str, Callable[[Path], Path]] = {
    "TIFF": _tiff,
    "OME-Zarr": _ome_zarr,
    "HDF5": _hdf5,
    "FITS": _fits,
}


def _opening(path: Path) -> tuple[float, float]:
    """Return the seconds of opening a file when another has been opened, and those of the first."""
    first, _ = timed(lambda: read(path))
    second, image = timed(lambda: read(path))
    assert image.shape == _LARGE
    assert image.attrs["header"] is not None
    return second, first


@row("R4")
def opening() -> list[Row]:
    """Open files of 4 GiB to dims and header."""
    rows = []
    for name, writer in _WRITERS.items():
        with TemporaryDirectory() as folder:
            path = writer(Path(folder))
            times = [in_a_process(_opening, path) for _ in range(5)]
        spent, first = (median(each) for each in zip(*times, strict=True))
        rows.append(
            Row(
                id="R4",
                what=f"gt.read of 4 GiB of {name}, to dims and header; {first:.2f} s where its "
                "library is still to be imported",
                value=round(spent, 4),
                unit="s",
                bar=f"<= {_R4_BAR} s",
                reached=spent <= _R4_BAR,
            )
        )
    return rows
