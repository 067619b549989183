"""One Zarr array: opened lazily, with the dims, coordinates and packing that stand beside it."""

from __future__ import annotations

import base64
import math
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.typing import Array
from graticule.io.axes import build, colour_notes, default_dims, short_unit
from graticule.io.formats._zarr_metadata import (
    COPIES,
    EXTENSION,
    array_document,
    attributes,
    codec_names,
    inner_chunks,
    is_array,
    require_modest_chunks,
)
from graticule.io.formats._zarr_packing import Packing
from graticule.io.lazy import Box, FileArray, as_dask, box_shape
from graticule.io.safety import quiet, require_modest

_DIMS = "_ARRAY_DIMENSIONS"
_BASE64_OF_8 = 12
_CHUNK = re.compile(r"(?:c[/.])?(\d{1,19}(?:[./]\d{1,19})*)")
"""The path of the file of a chunk: its place, along each axis."""
_FEW = 1024
"""Of more chunks it is looked first which of them are there: zarr asks for every one."""


def lazy(folder: Path) -> Any:
    """Return an array as dask's, in blocks of whole chunks; no value is read."""
    array, said = _stored(folder)
    return as_dask(array, inner_chunks(said))


def _stored(folder: Path) -> tuple[FileArray, dict[str, Any]]:
    """Return the array of a folder, unpacked when it is read, and its metadata."""
    said, array = _described(folder)
    dtype = np.dtype(array.dtype).newbyteorder("=")
    shape = tuple(int(size) for size in array.shape)
    packing = _packing(said, attributes(folder), dtype)
    if packing is None:
        return FileArray(folder, shape, dtype, _fetch), said
    meant = dtype if dtype.kind == "f" and packing.is_plain else np.dtype(float)
    return FileArray(folder, shape, meant, packing), said


def open_array(folder: Path) -> xr.DataArray:
    """Return an array with what xarray, or another that keeps to its ways, wrote beside it.

    Dims are those of ``dimension_names`` or ``_ARRAY_DIMENSIONS``; of each dim the array of its
    name in the same group is the coordinate.
    """
    said, attrs = array_document(folder), attributes(folder)
    notes: list[str] = []
    dims = _dims(said, attrs, notes)
    coords: dict[str, Any] = {}
    for dim, size in zip(dims, map(int, said["shape"]), strict=True):
        beside = folder.parent / dim
        if beside.name == dim and beside != folder and beside.is_dir() and is_array(beside):
            coordinate = _coordinate(beside, dim, size, notes)
            coords |= {dim: coordinate} if coordinate else {}
    header = {key: value for key, value in attrs.items() if key != _DIMS}
    units = str(attrs.get("units") or "")
    return build(lazy(folder), dims, coords, header=header, units=units, notes=notes)


def _described(folder: Path) -> tuple[dict[str, Any], Any]:
    """Return the metadata of an array that is safe to open, and the array."""
    import zarr

    from graticule.io.formats._zarr_store import InsideStore

    said = array_document(folder)
    store = InsideStore(folder, read_only=True)
    store.packing = Packing.of(said)
    foreign = any(name.startswith(EXTENSION) for name in codec_names(said))
    with quiet(UserWarning) if foreign else nullcontext():  # zarr warns whoever reads such files
        array = zarr.open_array(store, mode="r")
    require_modest_chunks(said, array.dtype.itemsize)
    return said, array


def _fetch(folder: Path, box: Box) -> Array:
    """Read a box of an array: only the chunks it touches, and that are there."""
    _, array = _described(folder)
    unit = array.shards or array.chunks
    spans = [range(part.start // size, -(-part.stop // size))
             for part, size in zip(box, unit, strict=True)]  # fmt: skip
    count = math.prod(map(len, spans))
    if count <= _FEW or len(there := _there(folder, spans)) > count // 2:
        return np.asarray(array[box])
    fill = array.fill_value
    values = np.full(box_shape(box), 0 if fill is None else fill, array.dtype)
    for chunk in there:
        within = [slice(max(part.start, at * size), min(part.stop, (at + 1) * size))
                  for at, size, part in zip(chunk, unit, box, strict=True)]  # fmt: skip
        place = [slice(inner.start - part.start, inner.stop - part.start)
                 for inner, part in zip(within, box, strict=True)]  # fmt: skip
        values[tuple(place)] = array[tuple(within)]
    return values


def _there(folder: Path, spans: Sequence[range]) -> list[tuple[int, ...]]:
    """Return the places of those chunks, or shards, of some that have a file."""
    found = []
    for parent, _, files in os.walk(folder):
        at = Path(parent).relative_to(folder).as_posix()
        for name in files:
            match = _CHUNK.fullmatch(name if at == "." else f"{at}/{name}")
            place = tuple(map(int, re.split("[/.]", match[1]))) if match else ()
            if len(place) == len(spans) and all(
                n in span for n, span in zip(place, spans, strict=True)
            ):
                found.append(place)
    return found


@dataclass(frozen=True)
class _Packing:
    """Reads numbers that are stored as others: ``stored * scale + offset``, NaN for ``absent``."""

    scale: float
    offset: float
    absent: tuple[float, ...]

    def __call__(self, folder: Path, box: Box) -> Array:
        """Return the numbers that are meant."""
        stored = _fetch(folder, box)
        values = stored * self.scale + self.offset
        return np.where(np.isin(stored, self.absent), np.nan, values)

    @property
    def is_plain(self) -> bool:
        """Whether what is there is stored as it is meant."""
        return (self.scale, self.offset) == (1, 0)


def _packing(
    said: Mapping[str, Any], attrs: Mapping[str, Any], dtype: np.dtype[Any]
) -> _Packing | None:
    """Return how an array is packed by the CF conventions; None if it is not."""
    # of Zarr 2 the fill value of the array is the one of CF, where xarray wrote it
    of_array = said.get("fill_value") if _DIMS in attrs else None
    told = [
        _number(each) for each in (of_array, attrs.get("_FillValue"), attrs.get("missing_value"))
    ]
    absent = tuple(value for value in told if value is not None and not np.isnan(value))
    scale, offset = float(attrs.get("scale_factor", 1)), float(attrs.get("add_offset", 0))
    packing = _Packing(scale, offset, absent)
    packed = not packing.is_plain or (dtype.kind == "f" and any(absent))
    return packing if packed and dtype.kind in "iuf" else None


def _number(value: Any) -> float | None:
    """Return a number, or what xarray writes for one in Zarr 3: its eight bytes in base 64."""
    if isinstance(value, str) and len(value) == _BASE64_OF_8:
        return float(np.frombuffer(base64.b64decode(value), "<f8")[0])
    return float(value) if isinstance(value, (int, float)) else None


def _dims(said: Mapping[str, Any], attrs: Mapping[str, Any], notes: list[str]) -> tuple[str, ...]:
    fallback: Sequence[str] = default_dims(len(said["shape"]))
    named = said.get("dimension_names") or attrs.get(_DIMS)
    if not named or not any(named):
        notes += colour_notes(said["shape"])
        named = fallback
    return tuple(str(name or fallback[axis]) for axis, name in enumerate(named))


def _coordinate(folder: Path, dim: str, size: int, notes: list[str]) -> Any:
    """Return the positions of samples along a dim; None, with a note, of what are no positions."""
    shape = tuple(map(int, array_document(folder)["shape"]))
    if shape != (size,):
        return None
    require_modest(shape, COPIES * 8, what=f"the coordinate {dim}")
    values = _stored(folder)[0][...]
    if values.dtype.kind not in "iufU":
        notes.append(f"has a coordinate of {values.dtype} along {dim}, which is not read")
        return None
    attrs = attributes(folder)
    unit, _, since = str(attrs.get("units") or "").partition(" since ")
    if since:
        notes.append(f"counts {dim} in {unit} since {since}, which is taken for 0")
    return dim, values, {"units": short_unit(unit)} if unit else {}
