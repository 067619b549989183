"""MATLAB files: version 5 through SciPy, version 7.3 as the HDF5 it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.axes import build, default_dims
from graticule.io.choice import choose
from graticule.io.format import Address, Format
from graticule.io.formats._mat_elements import require_sound
from graticule.io.formats.hdf5 import MATLAB, lazy, resolve
from graticule.io.safety import require_modest

_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_NUMERIC = frozenset({"double", "single", "logical", *_INTEGERS})
_CONTAINERS = ("cell", "struct")


def _sniff(path: Path, head: bytes) -> bool:
    version5 = head[:6] == b"MATLAB" and head[126:128] in (b"IM", b"MI")
    return version5 or head.startswith(MATLAB)


def _open(address: Address, level: int) -> xr.DataArray:
    with address.path.open("rb") as file:
        version73 = file.read(len(MATLAB)) == MATLAB
    values = _open_hdf5(address) if version73 else _open_5(address)
    return build(values, default_dims(values.ndim))


def _open_5(address: Address) -> np.ndarray[Any, Any]:
    from scipy.io import loadmat, whosmat

    require_sound(address.path)
    listed = {name: (shape, kind) for name, shape, kind in whosmat(address.path)}
    name, *rest = address.inside.split("/")
    if not rest:
        images = {key: shape for key, (shape, kind) in listed.items() if kind in _NUMERIC}
        name = choose(images or _containers(listed), name) if name not in listed else name
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


def _containers(listed: dict[str, Any]) -> dict[str, Any]:
    return {key: shape for key, (shape, kind) in listed.items() if kind in _CONTAINERS}


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
            if isinstance(item := _own(file, name), h5py.Dataset)
            and _kind(item) in _NUMERIC
            and item.dtype.kind in "buifc"
        }
        name = address.inside or choose(arrays, "")
        dataset = resolve(file, name)
        if not isinstance(dataset, h5py.Dataset):
            raise FormatError(f"{name} is no array of numbers", hint=f"it has {', '.join(arrays)}")
        dtype = np.dtype(bool) if _kind(dataset) == "logical" else dataset.dtype
        # MATLAB stores columns, HDF5 rows
        return lazy(address.path, dataset, dtype.newbyteorder("="))


def _own(file: Any, name: str) -> Any:
    """Return what a name stands for, or None for a link elsewhere."""
    import h5py

    hard = isinstance(file.get(name, getlink=True), h5py.HardLink)
    return file.get(name) if hard else None


def _kind(dataset: Any) -> str:
    kind = dataset.attrs.get("MATLAB_class", b"")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)


FORMAT = Format("MATLAB", _sniff, _open, suffixes=(".mat",))
