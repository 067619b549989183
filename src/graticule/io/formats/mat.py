"""MATLAB files: versions 4 and 5 by their own layout, version 7.3 as the HDF5 it is.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> from scipy.io import savemat
>>> with tempfile.TemporaryDirectory() as folder:
...     savemat(Path(folder) / "maps.mat", {"height": np.eye(3), "slope": np.zeros((3, 3))})
...     height = gt.read(Path(folder) / "maps.mat/height").load()
>>> height.shape, float(height.sum())
((3, 3), 3.0)
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.axes import build, default_dims
from graticule.io.format import Address, Format, choose_array
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_proof import look
from graticule.io.formats._hdf5_values import dtype_of, lazy
from graticule.io.formats._mat_variables import Variable, element_of, is_version_4, variables
from graticule.io.formats.hdf5 import MATLAB
from graticule.io.lazy import BLOCK, FileArray, as_dask
from graticule.io.raw import Raw

_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_NUMERIC = frozenset({"double", "single", "logical", *_INTEGERS})
_CONTAINERS = ("cell", "struct")
_NEWER = 5
_DEEPEST, _MOST = 8, 1000
"""Structs within one another, and fields, that are looked at: a damaged file may have no end."""
_WORDS = {
    "char": "text",
    "sparse": "a sparse matrix",
    "object": "an object",
    "opaque": "an object",
    "function": "a function",
}


def _sniff(path: Path, head: bytes) -> bool:
    version5 = head[:6] == b"MATLAB" and head[126:128] in (b"IM", b"MI")
    return version5 or head.startswith(MATLAB) or is_version_4(head, path.stat().st_size)


def _open(address: Address, level: int) -> xr.DataArray:
    with address.path.open("rb") as file:
        mark = file.read(len(MATLAB))
    is_hdf5 = mark == MATLAB
    values = look(_open_hdf5, address) if is_hdf5 else _open_old(address, version=_version(mark))
    if values.ndim != 3:
        return build(values, default_dims(values.ndim))
    colours = values.dtype == np.uint8 and values.shape[-1] == 3
    return build(values, ("y", "x", "c" if colours else "z"))  # rows, columns, slices


def _version(mark: bytes) -> int:
    return _NEWER if mark.startswith(b"MATLAB") else 4


def _names(address: Address) -> list[str]:
    with address.path.open("rb") as file:
        mark = file.read(len(MATLAB))
    if mark != MATLAB:
        version = _version(mark)
        listed = variables(address.path, version=version)
        names = [name for name, one in listed.items() if one.kind in _NUMERIC]
        for name, one in listed.items() if version == _NEWER else ():
            if one.kind in _CONTAINERS:
                one.require_modest()
                names += _names_below(_loaded(address.path, one), name)
        return names
    return look(_names_hdf5, address)


def _names_hdf5(address: Address) -> list[str]:
    with Tree.of(address) as tree:
        return list(_arrays(tree) | _fields(tree))


def _names_below(value: Any, name: str) -> list[str]:
    """Return the names of the images in cells and fields."""
    shapes = _shapes_below(value, name).items()
    return [each for each, shape in shapes if len(shape) >= 2 and min(shape) > 1]


def _shapes_below(value: Any, name: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of numbers in cells and fields by name."""
    if not isinstance(value, np.ndarray):
        return {}
    fields = value.dtype.names if value.size else None
    if value.dtype == object or fields:
        shapes: dict[str, tuple[int, ...]] = {}
        for part in fields or map(str, range(value.size)):
            shapes |= _shapes_below(_member(value, part), f"{name}/{part}")
        return shapes
    return {name: value.shape} if value.dtype.kind in "buifc" else {}


def _open_old(address: Address, *, version: int) -> Any:
    listed = variables(address.path, version=version)
    name, *rest = address.inside.split("/")
    if not rest and name not in listed:
        images, containers = (
            {key: one.shape for key, one in listed.items() if one.kind in kinds}
            for kinds in (_NUMERIC, _CONTAINERS)
        )
        fields = {} if images or name else _fields_old(address.path, listed)
        name, *rest = choose_array(images or fields or containers, name).split("/")
    if name not in listed:
        raise FormatError(f"holds no variable {name!r}", hint=f"it has {', '.join(listed)}")
    found = listed[name]
    _require_numbers(name, found.kind, but=_CONTAINERS)
    if not rest and found.kind in _NUMERIC and found.code and not found.is_complex:
        return _lazy(address.path, found)
    found.require_modest()
    value = _complex_4(address.path, found) if version == 4 else _loaded(address.path, found)
    for part in rest:
        value = _member(value, part)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "buifc":
        raise FormatError(f"{address.inside or name} is no array of numbers", hint=_inside(value))
    return value.astype(bool) if found.kind == "logical" else value


def _fields_old(path: Path, listed: dict[str, Variable]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of numbers in the fields of structs by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, one in listed.items():
        if one.kind == "struct":
            one.require_modest()
            shapes |= _shapes_below(_loaded(path, one), name)
    return shapes


def _require_numbers(name: str, kind: str, but: tuple[str, ...] = ()) -> None:
    if kind not in _NUMERIC and kind not in but:
        raise FormatError(
            f"{name} is {_WORDS.get(kind, f'a MATLAB {kind}')}, not an array of numbers",
            hint="save it as full(...)" if kind == "sparse" else "export it as numbers",
        )


def _lazy(path: Path, found: Variable) -> Any:
    dtype = np.dtype(found.code)
    kept = np.dtype(bool) if found.kind == "logical" else dtype.newbyteorder("=")
    if 0 in found.shape:
        return np.empty(found.shape, kept)
    array = FileArray(path, found.shape, kept, Raw(found.data, dtype.str, found.shape, "F"))
    rows, columns, *others = found.shape
    # MATLAB stores column by column, and slice by slice
    some = max(1, min(columns, BLOCK // (rows * dtype.itemsize)))
    return as_dask(array, (rows, some, *(1 for _ in others)))


def _complex_4(path: Path, found: Variable) -> Any:
    parts = np.fromfile(path, found.code, 2 * found.shape[0] * found.shape[1], offset=found.data)
    real, imaginary = parts.astype(parts.dtype.newbyteorder("=")).reshape((2, -1))
    return (real + 1j * imaginary).reshape(found.shape, order="F")


def _loaded(path: Path, found: Variable) -> Any:
    from scipy.io import loadmat

    content: Any = io.BytesIO(element_of(path, found))
    return loadmat(content)[found.name]


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
        fields = {part: value[part].ravel(order="F")[:1] for part in value.dtype.names}
        shown = [_with_sizes(part, one[0] if one.size else None) for part, one in fields.items()]
        return f"name a field after the path: {', '.join(shown)}"
    if isinstance(value, np.ndarray) and value.dtype == object:
        return f"name a cell after the path, as .../0 to .../{value.size - 1}"
    return ""


def _with_sizes(name: str, value: Any) -> str:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "buifc":
        return name
    return f"{name} ({' x '.join(map(str, value.shape))})"


def _open_hdf5(address: Address) -> Any:
    import h5py

    with Tree.of(address) as tree:
        name = address.inside or choose_array(_arrays(tree) or _fields(tree), "")
        item = _member_hdf5(tree, name)
        _require_numbers(name, "sparse" if "MATLAB_sparse" in item.attrs else _kind(item))
        if not isinstance(item, h5py.Dataset) or _matlab_class(item) in _CONTAINERS:
            raise FormatError(f"{name} is no array of numbers", hint=_members(item))
        if "MATLAB_empty" in item.attrs:
            raise FormatError(f"{name} is empty")
        dtype = np.dtype(bool) if _matlab_class(item) == "logical" else dtype_of(item)
        # MATLAB stores columns, HDF5 rows
        return lazy(tree, item, columns=dtype)


def _arrays(tree: Tree) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of numbers by name, as MATLAB has them."""
    import h5py

    return {
        name: (tree.shape_of(item) or ())[::-1]
        for name in tree.file
        if isinstance(item := _hard_linked(tree.file, name), h5py.Dataset) and _is_array(item)
    }


def _is_array(item: Any) -> bool:
    return _matlab_class(item) in _NUMERIC and "MATLAB_empty" not in item.attrs


def _fields(tree: Tree) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays of numbers in the fields of structs by name."""
    import h5py

    shapes: dict[str, tuple[int, ...]] = {}
    groups = [(tree.file, "", 0)]
    while groups and len(shapes) < _MOST:
        group, above, depth = groups.pop()
        for part in group:
            item, name = _hard_linked(group, part), f"{above}{part}"
            if isinstance(item, h5py.Group) and depth < _DEEPEST and not part.startswith("#"):
                groups.append((item, f"{name}/", depth + 1))
            elif above and isinstance(item, h5py.Dataset) and _is_array(item):
                shapes[name] = (tree.shape_of(item) or ())[::-1]
    return shapes


def _member_hdf5(tree: Tree, name: str) -> Any:
    """Return a variable, a field of it, or a cell by its number from 0."""
    item = tree.file
    for part in name.split("/"):
        if _is_cell(item) and part.isdecimal() and tree.holders(item) and int(part) < item.size:
            item = tree.file[item[()].ravel()[int(part)]]
        else:
            item = tree.find(part, item)
    return item


def _is_cell(item: Any) -> bool:
    return _matlab_class(item) == "cell" and hasattr(item, "dtype") and not item.external


def _kind(item: Any) -> str:
    kind = _matlab_class(item)
    return "double" if not kind or kind in _CONTAINERS else kind


def _members(item: Any) -> str:
    if _matlab_class(item) == "cell":
        return f"name a cell after the path, as .../0 to .../{item.size - 1}"
    return f"name a field after the path: {', '.join(item)}"


def _hard_linked(file: Any, name: str) -> Any:
    """Return what a name stands for, or None for a link elsewhere."""
    import h5py

    hard = isinstance(file.get(name, getlink=True), h5py.HardLink)
    return file.get(name) if hard else None


def _matlab_class(item: Any) -> str:
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)


FORMAT = Format("MATLAB", _sniff, _open, suffixes=(".mat",), names=_names)
