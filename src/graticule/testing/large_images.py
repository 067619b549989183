"""Images of any size, simulated and written band by band: noise with a disc in most cells."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.typing import Array

_CELL = 128
_REACH = 24
BAND = 512
"""Rows of a band: whole cells."""


def bands(side: int, dtype: Any, seed: int = 0) -> Iterator[Array]:
    """Give the rows of a square image, some at a time."""
    for top in range(0, side, BAND):
        height = min(BAND, side - top)
        rng = np.random.default_rng([seed, top])
        band = 1000 + 100 * rng.standard_normal((height, side), np.float32)
        for y in range(_CELL // 2, height - _REACH, _CELL):
            for x in range(_CELL // 2, side - _REACH, _CELL):
                radius = int(rng.integers(0, 20))
                grid = np.ogrid[-_REACH:_REACH, -_REACH:_REACH]
                inside = grid[0] ** 2 + grid[1] ** 2 < radius**2
                band[y - _REACH : y + _REACH, x - _REACH : x + _REACH][inside] += 2000
        yield band.astype(dtype)


def _tiff(path: Path, side: int, dtype: Any, seed: int) -> None:
    from tifffile import TiffWriter

    strips = (band[at : at + 64] for band in bands(side, dtype, seed) for at in range(0, BAND, 64))
    full = (np.ascontiguousarray(strip) for strip in strips if len(strip))
    with TiffWriter(path, bigtiff=True) as tiff:
        tiff.write(full, shape=(side, side), dtype=dtype, rowsperstrip=64)


def _hdf5(path: Path, side: int, dtype: Any, seed: int) -> None:
    import h5py

    chunks = (min(side, BAND),) * 2
    with h5py.File(path, "w") as file:
        image = file.create_dataset(
            "image", (side, side), dtype, chunks=chunks, compression="gzip", compression_opts=1
        )
        for number, band in enumerate(bands(side, dtype, seed)):
            image[number * BAND : number * BAND + len(band)] = band


def _zarr(path: Path, side: int, dtype: Any, seed: int) -> None:
    import zarr

    axes = [{"name": name, "type": "space"} for name in "yx"]
    scale = [{"type": "scale", "scale": [1.0, 1.0]}]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    said = {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": levels}]}}
    group = zarr.create_group(path, zarr_format=3, attributes=said)
    image = group.create_array(
        "0", shape=(side, side), dtype=dtype, chunks=(BAND, BAND), dimension_names=["y", "x"]
    )
    for number, band in enumerate(bands(side, dtype, seed)):
        image[number * BAND : number * BAND + len(band)] = band


def _png(path: Path, side: int, dtype: Any, seed: int) -> None:
    packer, bits = zlib.compressobj(1), np.dtype(dtype).itemsize * 8
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        _write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0))
        for band in bands(side, dtype, seed):
            samples = band.astype(band.dtype.newbyteorder(">")).view(np.uint8)
            rows = np.zeros((len(band), 1 + samples.shape[1]), np.uint8)
            rows[:, 1:] = samples
            rows[1:, 0], rows[1:, 1:] = 2, samples[1:] - samples[:-1]
            _write_chunk(file, b"IDAT", packer.compress(rows.tobytes()))
        _write_chunk(file, b"IDAT", packer.flush())
        _write_chunk(file, b"IEND", b"")


def _write_chunk(file: Any, kind: bytes, content: bytes) -> None:
    check = zlib.crc32(kind + content)
    file.write(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check))


_WRITERS: Mapping[str, Callable[[Path, int, Any, int], None]] = {
    ".tif": _tiff,
    ".h5": _hdf5,
    ".ome.zarr": _zarr,
    ".png": _png,
}


def write_large(path: Path, side: int, dtype: Any, seed: int = 0) -> None:
    """Write a square image, of which a band is in memory at a time.

    Parameters
    ----------
    path : Path
        With one of the endings ``.tif`` (strips, not compressed), ``.h5`` and ``.ome.zarr``
        (compressed chunks), and ``.png`` (uint8 or uint16).
    side : int
        Rows, and columns.
    dtype : dtype
        Of the samples.
    seed : int
        The same seed makes the same image.
    """
    suffix = next(each for each in _WRITERS if path.name.endswith(each))
    _WRITERS[suffix](path, side, np.dtype(dtype), seed)
