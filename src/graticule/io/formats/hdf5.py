"""HDF5 and NeXus: arrays by name, axes from NXdata or dimension scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError, UnsafeFileError, suggest
from graticule.core.image import NUMERIC
from graticule.core.typing import Array
from graticule.io.axes import build, coordinate, default_dims, plain, short_unit
from graticule.io.format import Address, Format, choose_array
from graticule.io.lazy import Box, FileArray, as_dask
from graticule.io.safety import require_modest

_MARK = b"\x89HDF\r\n\x1a\n"
MATLAB = b"MATLAB 7.3 MAT-file"
_LINKS = 32


def _sniff(path: Path, head: bytes) -> bool:
    # before it there may be room for what its owner likes: 512 bytes, or twice that, or ...
    marked = any(head.startswith(_MARK, start) for start in (0, 512, 1024, 2048))
    return marked and not head.startswith(MATLAB)


@dataclass(frozen=True)
class Dataset:
    """Reads a box of a dataset.

    Attributes
    ----------
    name : str
        The full path within the file, without soft links.
    """

    name: str

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values as they are stored."""
        import h5py

        with h5py.File(path, "r") as file:
            return np.asarray(require_own(resolve(file, self.name))[box])


def _open(address: Address, level: int) -> xr.DataArray:
    import h5py

    with h5py.File(address.path, "r") as file:
        item = resolve(file, address.inside)
        dataset = item if isinstance(item, h5py.Dataset) else _within(item)
        data = lazy(address.path, dataset)
        dims, coords = _axes(dataset)
        attrs = {**_attributes(dataset.parent), **_attributes(dataset)}
        units = str(attrs.get("units", ""))
        return build(data, dims, coords, header=attrs, units=units)


def resolve(file: Any, name: str) -> Any:
    """Return what a name leads to, link by link, so that none leads to another file.

    Raises
    ------
    UnsafeFileError
        If an external link is on the way.
    FormatError
        If there is nothing of this name.
    """
    import h5py

    parts = [part for part in name.split("/") if part not in ("", ".")]
    item, followed = file, 0
    while parts:
        part = parts.pop(0)
        link = item.get(part, getlink=True) if isinstance(item, h5py.Group) else None
        if isinstance(link, h5py.ExternalLink):
            raise UnsafeFileError(
                f"{part} is a link to another file, {link.filename}",
                hint="read that file, or copy the data into this one",
            )
        if isinstance(link, h5py.SoftLink):
            followed += 1
            if followed > _LINKS:
                raise FormatError(f"{name} runs through links that lead in a circle")
            item = file if link.path.startswith("/") else item
            parts = [piece for piece in link.path.split("/") if piece not in ("", ".")] + parts
            continue
        item = item.get(part) if link is not None else None
        if item is None:
            raise FormatError(
                f"holds nothing named {name!r}", hint=suggest(name, list(_arrays(file)))
            )
    return item


def require_own(dataset: Any) -> Any:
    """Return a dataset whose values are numbers that lie in its own file; else raise."""
    if dataset.dtype.kind not in "buifc":
        raise FormatError(f"{dataset.name} holds {dataset.dtype}, not numbers")
    if dataset.external:
        raise UnsafeFileError(f"the values of {dataset.name} lie in other files")
    if dataset.is_virtual:
        others = sorted({source.file_name for source in dataset.virtual_sources()} - {"."})
        if others:
            raise UnsafeFileError(
                f"the values of {dataset.name} lie in other files, as {others[0]}",
                hint="read those files, or copy the data into this one",
            )
    require_modest(dataset.chunks or (1,), what="a chunk")
    return dataset


def lazy(path: Path, dataset: Any, columns: np.dtype[Any] | None = None) -> Any:
    """Return a dask array over a dataset.

    With ``columns``, its axes are reversed and its values of that dtype.
    """
    require_own(dataset)
    if dataset.shape is None:
        raise FormatError(f"{dataset.name} holds nothing")
    dtype = dataset.dtype.newbyteorder("=")
    if not dataset.ndim or not dataset.size:
        return np.asarray(dataset[()], dtype if columns is None else columns).T
    unit = dataset.chunks or (1,) * (dataset.ndim - 1) + dataset.shape[-1:]
    array = FileArray(path, tuple(dataset.shape), dtype, Dataset(dataset.name))
    if columns is not None:
        order = range(dataset.ndim)[::-1]
        return as_dask(array.view(order, columns), unit[::-1])
    return as_dask(array, unit)


def _within(group: Any) -> Any:
    """Return the array of a group: what NeXus says to plot, or the only image."""
    followed = group
    for _ in range(_LINKS):
        name = _text(followed.attrs.get("signal", followed.attrs.get("default", "")))
        if not name:
            break
        followed = resolve(followed.file, f"{followed.name}/{name}")
        if hasattr(followed, "dtype"):
            return followed
    arrays = _arrays(group)
    return resolve(group.file, f"{group.name}/{choose_array(arrays, '')}")


def _arrays(group: Any) -> dict[str, Sequence[int]]:
    import h5py

    shapes: dict[str, Sequence[int]] = {}

    def visit(name: str, item: Any) -> None:
        # a group or a committed type is no array, though a type has a dtype
        if isinstance(item, h5py.Dataset) and item.dtype.kind in NUMERIC and item.shape:
            shapes[name] = item.shape

    group.visititems(visit)  # which follows neither soft nor external links
    return shapes


def _axes(dataset: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return dims and coordinates, by NXdata, by dimension scales, or by Fiji's element size."""
    group, ndim = dataset.parent, dataset.ndim
    fallback = default_dims(ndim)
    names = [""] * ndim
    scales: list[Any] = [None] * ndim
    axes = group.attrs.get("axes")
    signal = _text(group.attrs.get("signal", ""))
    if axes is not None and signal == dataset.name.rsplit("/", 1)[-1]:
        listed = [_text(axis) for axis in np.atleast_1d(axes)][:ndim]
        for at, name in enumerate(listed):
            names[at] = "" if name == "." else name
            scales[at] = _scale_of(group, names[at])
    for at, dim in enumerate(dataset.dims if not any(names) else ()):
        if dim.label or len(dim):
            names[at] = dim.label or dim[0].name.rsplit("/", 1)[-1]
            scales[at] = dim[0] if len(dim) else None
    dims = tuple(name or fallback[at] for at, name in enumerate(names))
    dims = dims if len(set(dims)) == ndim else fallback
    coords = {
        dim: made
        for dim, scale, size in zip(dims, scales, dataset.shape, strict=True)
        if scale is not None and (made := _coordinate(dim, scale, size)) is not None
    }
    return dims, coords or _element_size(dataset, dims)


def _scale_of(group: Any, name: str) -> Any:
    try:
        return resolve(group.file, f"{group.name}/{name}") if name else None
    except FormatError as error:
        if isinstance(error, UnsafeFileError):
            raise
        return None  # NeXus lets an axis be named that has no values


def _coordinate(dim: str, scale: Any, size: int) -> Any:
    if not hasattr(scale, "dtype") or scale.shape != (size,) or scale.dtype.kind not in "iuf":
        return None
    values = np.asarray(require_own(scale)[()])
    units = short_unit(_text(scale.attrs.get("units", "")))
    return dim, values.astype(values.dtype.newbyteorder("=")), {"units": units} if units else {}


def _element_size(dataset: Any, dims: Sequence[str]) -> dict[str, Any]:
    """Read ``element_size_um``, which Fiji and ilastik put there for z, y and x."""
    steps = np.ravel(dataset.attrs.get("element_size_um", ()))
    if steps.size != 3 or steps.dtype.kind not in "iuf":
        return {}
    sizes = dict(zip(dims, dataset.shape, strict=True))
    pairs = zip("zyx", steps.tolist(), strict=True)
    return {dim: coordinate(dim, sizes[dim], step, unit="um") for dim, step in pairs if dim in dims}


def _attributes(item: Any) -> Mapping[str, Any]:
    names = [name for name in item.attrs if name not in ("DIMENSION_LIST", "REFERENCE_LIST")]
    return {str(name): _plain(item.attrs[name]) for name in names}


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, (bytes, np.bytes_)) else plain(value)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


FORMAT = Format("HDF5", _sniff, _open, suffixes=(".h5", ".hdf5", ".nxs", ".nx"))
