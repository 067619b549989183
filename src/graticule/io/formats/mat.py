"""MATLAB files: version 5 through SciPy, version 7.3 as the HDF5 it is."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.core.typing import Array
from graticule.io.axes import build, default_dims
from graticule.io.format import Address, Format, choose_array
from graticule.io.formats.hdf5 import MATLAB, lazy, resolve
from graticule.io.safety import require_complete, require_modest

_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_NUMERIC = frozenset({"double", "single", "logical", *_INTEGERS})
_CONTAINERS = ("cell", "struct")
_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_MATRIX, _COMPRESSED = 14, 15
_HEADER = 128
_NESTED = 32


def _sniff(path: Path, head: bytes) -> bool:
    version5 = head[:6] == b"MATLAB" and head[126:128] in (b"IM", b"MI")
    return version5 or head.startswith(MATLAB)


def _open(address: Address, level: int) -> xr.DataArray:
    with address.path.open("rb") as file:
        version73 = file.read(len(MATLAB)) == MATLAB
    values = _open_hdf5(address) if version73 else _open_5(address)
    if values.ndim != 3:
        return build(values, default_dims(values.ndim))
    colours = values.dtype == np.uint8 and values.shape[-1] == 3
    return build(values, ("y", "x", "c" if colours else "z"))  # rows, columns, slices


def _open_5(address: Address) -> Array:
    from scipy.io import loadmat, whosmat

    require_sound(address.path)
    listed = {name: (shape, kind) for name, shape, kind in whosmat(address.path)}
    name, *rest = address.inside.split("/")
    if not rest:
        images, containers = (
            {key: shape for key, (shape, kind) in listed.items() if kind in kinds}
            for kinds in (_NUMERIC, _CONTAINERS)
        )
        name = choose_array(images or containers, name) if name not in listed else name
    if name not in listed:
        raise FormatError(f"holds no variable {name!r}", hint=f"it has {', '.join(listed)}")
    shape, kind = listed[name]
    if kind not in _NUMERIC and kind not in _CONTAINERS:
        raise UnsafeFileError(
            f"{name} is a MATLAB {kind}, not an array of numbers", hint="export it as numbers"
        )
    require_modest(shape, what=f"the variable {name}")
    value = loadmat(address.path, variable_names=[name])[name]
    for part in rest:
        value = _member(value, part)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "buifc":
        raise FormatError(f"{address.inside or name} is no array of numbers", hint=_inside(value))
    return value.astype(bool) if kind == "logical" else value


def _member(value: Any, part: str) -> Any:
    """Return a cell by its number from 0, or a field of a struct by its name."""
    if not isinstance(value, np.ndarray):
        raise FormatError(f"has nothing named {part!r} there")
    if part.isdecimal() and value.dtype == object and int(part) < value.size:
        return value.ravel(order="F")[int(part)]
    if value.dtype.names and part in value.dtype.names and value.size:
        return value[part].ravel(order="F")[0]
    raise FormatError(f"has nothing named {part!r} there", hint=_inside(value))


def _inside(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.dtype.names:
        return f"name a field after the path: {', '.join(value.dtype.names)}"
    if isinstance(value, np.ndarray) and value.dtype == object:
        return f"name a cell after the path, as .../0 to .../{value.size - 1}"
    return ""


def _open_hdf5(address: Address) -> Any:
    import h5py

    with h5py.File(address.path, "r") as file:
        arrays = {
            name: item.shape[::-1]
            for name in file
            if isinstance(item := _hard_linked(file, name), h5py.Dataset)
            and _matlab_class(item) in _NUMERIC
            and item.dtype.kind in "buifc"
        }
        name = address.inside or choose_array(arrays, "")
        dataset = resolve(file, name)
        if not isinstance(dataset, h5py.Dataset):
            raise FormatError(f"{name} is no array of numbers", hint=f"it has {', '.join(arrays)}")
        dtype = np.dtype(bool) if _matlab_class(dataset) == "logical" else dataset.dtype
        # MATLAB stores columns, HDF5 rows
        return lazy(address.path, dataset, dtype.newbyteorder("="))


def _hard_linked(file: Any, name: str) -> Any:
    """Return what a name stands for, or None for a link elsewhere."""
    import h5py

    hard = isinstance(file.get(name, getlink=True), h5py.HardLink)
    return file.get(name) if hard else None


def _matlab_class(dataset: Any) -> str:
    kind = dataset.attrs.get("MATLAB_class", b"")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)


def require_sound(path: Path) -> None:
    """Raise `FormatError` unless every element has a known type and lies within its parent."""
    content = memoryview(path.read_bytes())
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    at = _HEADER
    while at < len(content):
        require_complete(len(content), at + 8)
        kind, size = struct.unpack_from(order + "II", content, at)
        require_complete(len(content), at + 8 + size)
        body = content[at + 8 : at + 8 + size]
        if kind == _COMPRESSED:
            _unpacked(body, order)
        elif kind == _MATRIX:
            _matrix(body, order, 0)
        else:
            raise FormatError(f"has an element of the unknown kind {kind}")
        at += 8 + size


def _unpacked(body: memoryview, order: str) -> None:
    limit = settings().max_pixels
    unpacker = zlib.decompressobj()
    inner = unpacker.decompress(body, limit)
    if unpacker.unconsumed_tail:
        raise UnsafeFileError(
            f"has a variable that would unpack to more than {limit} bytes",
            hint="if it is genuine, raise GRATICULE_MAX_PIXELS",
        )
    require_complete(len(inner), 8)
    kind, size = struct.unpack_from(order + "II", inner)
    require_complete(len(inner), 8 + size)
    if not unpacker.eof or kind != _MATRIX:
        raise FormatError("has a packed variable that is damaged")
    _matrix(memoryview(inner)[8 : 8 + size], order, 0)


def _matrix(body: memoryview, order: str, depth: int) -> None:
    if depth > _NESTED:
        raise UnsafeFileError(f"nests cells deeper than {_NESTED}")
    at = 0
    while at < len(body):
        require_complete(len(body), at + 8)
        first, size = struct.unpack_from(order + "II", body, at)
        small = first >> 16
        kind, size, start = (first & 0xFFFF, small, at + 4) if small else (first, size, at + 8)
        require_complete(len(body), start + size)
        if kind == _MATRIX:
            _matrix(body[start : start + size], order, depth + 1)
        elif kind not in _SIZES or size % _SIZES[kind] or (small and size > 4):
            raise FormatError(f"has an element of the unknown kind {kind} or of a torn size {size}")
        at = at + 8 if small else start + (size + 7) // 8 * 8


FORMAT = Format("MATLAB", _sniff, _open, suffixes=(".mat",))
