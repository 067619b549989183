"""NumPy's own files: NPY, and NPZ (or any ZIP) with NPY members."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.typing import Array
from graticule.io.axes import build, default_dims
from graticule.io.format import Address, Format, choose_array
from graticule.io.lazy import FileArray, Raw, as_dask, native, store
from graticule.io.safety import require_complete, require_modest

_MAGIC = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_RATIO = 2000
"""Deflate packs at most 1032 to 1; a member that claims more lies about its size."""


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(_MAGIC) or (head.startswith(_ZIP) and bool(_members(path)))


def _members(path: Path) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError):
        # the directory of a ZIP is at its end: by its head it may be an NPZ cut short
        return {"?": zipfile.ZipInfo()} if _first_is_npy(path) else {}
    return {k.removesuffix(".npy"): v for k, v in members.items() if k.endswith(".npy")}


def _first_is_npy(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(64)
    length = int.from_bytes(head[26:28], "little")
    return b".npy" in head[30 : 30 + length]


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise FormatError(f"is NPY of version {version}, which only holds records, no image")
    shape, fortran, dtype = readers[version](file)
    if dtype.hasobject:
        raise UnsafeFileError(
            "holds Python objects, which can run code when they are loaded",
            hint="save it again as an array of numbers",
        )
    return shape, fortran, dtype


def _open(address: Address, level: int) -> xr.DataArray:
    with address.path.open("rb") as file:
        packed = file.read(len(_ZIP)) == _ZIP
    data = _unpack(address) if packed else _map(address)
    return build(data, default_dims(data.ndim))


def _map(address: Address) -> Any:
    if address.inside:
        raise FormatError("an NPY file holds one array, and nothing by name within")
    with address.path.open("rb") as file:
        shape, fortran, dtype = _header(file)
        offset = file.tell()
    size = math.prod(shape) * dtype.itemsize
    require_complete(address.path.stat().st_size - offset, size)
    if not size or not shape:
        return np.load(address.path, allow_pickle=False)
    raw = Raw(offset, dtype.str, shape, "F" if fortran else "C")
    array = FileArray(address.path, shape, dtype.newbyteorder("="), raw)
    return as_dask(array, shape if fortran else (1,) * (len(shape) - 1) + shape[-1:])


def _unpack(address: Address) -> Array:
    with zipfile.ZipFile(address.path) as archive:
        members = _members(address.path)
        shapes: dict[str, tuple[int, ...]] = {}
        for name, info in members.items():
            with archive.open(info) as file:
                shapes[name] = _header(file)[0]
        name = choose_array(shapes, address.inside)
        info = members[name]
        if info.file_size > _RATIO * max(1, info.compress_size):
            raise UnsafeFileError(f"its member {name} claims to unpack to {info.file_size} bytes")
        with archive.open(info) as file:
            shape, fortran, dtype = _header(file)
            require_modest(shape, what=f"its array {name}")
            return _exactly(file, shape, fortran, dtype)


def _exactly(file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> Array:
    """Read an array piece by piece, so that memory grows with what is there, not what is said."""
    need = math.prod(shape) * dtype.itemsize
    pieces = bytearray()
    while len(pieces) < need:
        piece = file.read(min(2**24, need - len(pieces)))
        if not piece:
            require_complete(len(pieces), need)
        pieces += piece
    file.read(1)  # at the end of the member the ZIP checksum is compared
    values = np.frombuffer(pieces, dtype, math.prod(shape))
    return values.reshape(shape, order="F" if fortran else "C")


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    dtype = native(image)
    if image.chunks is None or not image.size or not image.ndim:
        with path.open("wb") as file:
            np.save(file, image.values.astype(dtype, copy=False), allow_pickle=False)
        return
    target = np.lib.format.open_memmap(path, "w+", dtype, image.shape)
    store(image, target)
    target.flush()


FORMAT = Format(
    "NumPy", _sniff, _open, suffixes=(".npy", ".npz"), write=_write, write_suffixes=(".npy",)
)
