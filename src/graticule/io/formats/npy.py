"""NumPy's own files: NPY, and NPZ (or any ZIP) with NPY members.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> with tempfile.TemporaryDirectory() as folder:
...     np.savez(Path(folder) / "two.npz", signal=np.ones((2, 3)), dark=np.zeros((2, 3)))
...     dark = gt.read(Path(folder) / "two.npz/dark").load()
>>> dark.dims, dark.shape, float(dark.max())
(('y', 'x'), (2, 3), 0.0)
"""

from __future__ import annotations

import itertools
import math
import operator
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.image import NUMERIC, is_lazy
from graticule.core.typing import Array
from graticule.io.axes import build, colour_notes, default_dims
from graticule.io.format import Address, Format, choose_array
from graticule.io.lazy import BLOCK, FileArray, as_dask, native, store
from graticule.io.npy_header import MAGIC, read_header
from graticule.io.raw import Raw, RawTarget
from graticule.io.safety import require_complete, require_modest, require_packed

_ZIP = b"PK\x03\x04"
_SHOWN = 12


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(MAGIC) or (head.startswith(_ZIP) and bool(_members(path)))


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


def _require_numbers(dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise UnsafeFileError(
            "holds Python objects, which can run code when they are loaded",
            hint="save it again as an array of numbers",
        )
    if dtype.names:
        fields = ", ".join(dtype.names)
        raise FormatError(
            f"holds records of {fields}; an image holds numbers or bools",
            hint=f"save one field as an array, as array[{dtype.names[0]!r}]",
        )


def _open(address: Address, level: int) -> xr.DataArray:
    with address.path.open("rb") as file:
        packed = file.read(len(_ZIP)) == _ZIP
    notes: list[str] = []
    data = _unpack(address, notes) if packed else _map(address, notes)
    return build(data, default_dims(data.ndim), notes=[*notes, *colour_notes(data.shape)])


def _names(address: Address) -> list[str]:
    return list(_members(address.path)) if zipfile.is_zipfile(address.path) else []


def _map(address: Address, notes: list[str]) -> Any:
    if address.inside:
        raise FormatError("an NPY file holds one array, and nothing by name within")
    with address.path.open("rb") as file:
        shape, fortran, dtype = read_header(file)
        offset = file.tell()
    _require_numbers(dtype)
    size = math.prod(shape) * dtype.itemsize
    there = address.path.stat().st_size - offset
    require_complete(there, size)
    if there > size:
        notes.append(f"holds {there - size} bytes after its array, which are not read")
    if not size or not shape:
        return np.load(address.path, allow_pickle=False)
    raw = Raw(offset, dtype.str, shape, "F" if fortran else "C")
    array = FileArray(address.path, shape, dtype.newbyteorder("="), raw)
    return as_dask(array, _in_one_piece(shape, dtype.itemsize, fortran))


def _in_one_piece(shape: tuple[int, ...], itemsize: int, fortran: bool) -> tuple[int, ...]:
    """Return the shape of a part that lies in one piece, a row or what of columns fits a block."""
    if not fortran:
        return (1,) * (len(shape) - 1) + shape[-1:]
    sizes = itertools.accumulate(shape, operator.mul, initial=itemsize)
    return tuple(n if size * n <= BLOCK else 1 for n, size in zip(shape, sizes, strict=False))


def _unpack(address: Address, notes: list[str]) -> Array:
    with zipfile.ZipFile(address.path) as archive:
        members = _members(address.path)
        shapes: dict[str, tuple[int, ...]] = {}
        dtypes: dict[str, np.dtype[Any]] = {}
        for name, info in members.items():
            with archive.open(info) as file:
                shapes[name], _, dtypes[name] = read_header(file)
        inside = address.inside.removesuffix(".npy")
        numbers = {name: shape for name, shape in shapes.items() if dtypes[name].kind in NUMERIC}
        name = choose_array(shapes if inside or not numbers else numbers, inside)
        _require_numbers(dtypes[name])
        further = [other for other in shapes if other != name]
        if further and not inside:
            notes.append(f"holds further arrays, by name: {', '.join(further[:_SHOWN])}")
        info = members[name]
        require_packed(info)
        with archive.open(info) as file:
            shape, fortran, dtype = read_header(file)
            require_modest(shape, dtype.itemsize, what=f"its array {name}")
            return _exactly(file, shape, fortran, dtype)


def _exactly(file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> Array:
    """Read an array piece by piece, so that memory grows with what is there, not what is said."""
    stored = np.empty(math.prod(shape) * dtype.itemsize, np.uint8)
    filled = 0
    while filled < stored.size:
        piece = file.read(min(2**24, stored.size - filled))
        if not piece:
            require_complete(filled, stored.size)
        stored[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
        filled += len(piece)
    file.read(1)  # at the end of the member the ZIP checksum is compared
    values = stored.view(dtype) if stored.size else np.empty(math.prod(shape), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    dtype = native(image)
    if not is_lazy(image) or not image.size or not image.ndim:
        with path.open("wb") as file:
            np.save(file, image.values.astype(dtype, copy=False), allow_pickle=False)
        return
    with path.open("wb") as file:
        about = {"descr": dtype.str, "fortran_order": False, "shape": image.shape}
        np.lib.format.write_array_header_1_0(file, about)
        offset = file.tell()
    store(image, RawTarget(path, offset, dtype, image.shape))


FORMAT = Format(
    "NumPy",
    _sniff,
    _open,
    suffixes=(".npy", ".npz"),
    write=_write,
    write_suffixes=(".npy",),
    names=_names,
)
