"""OME-Zarr 0.4 and 0.5, and other Zarr arrays; writes 0.5 with a pyramid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL
from graticule.core.typing import Array
from graticule.io.axes import build, coordinate, default_dims, short_unit
from graticule.io.format import Address, Format, Sizes, choose_array
from graticule.io.formats._zarr_metadata import (
    array_document,
    attributes,
    below,
    inner_chunks,
    is_array,
)
from graticule.io.formats._zarr_write import NOTE, write
from graticule.io.lazy import Box, FileArray, as_dask

_MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_OLD_AXES = ("t", "c", "z", "y", "x")


def _sniff(path: Path, head: bytes) -> bool:
    return any((path / mark).is_file() for mark in _MARKS)


def _attributes_and_array(folder: Path) -> tuple[dict[str, Any], Any]:
    """Return the metadata of an array that is safe to open, and the array."""
    import zarr

    from graticule.io.formats._zarr_store import InsideStore

    said = array_document(folder)
    return said, zarr.open_array(InsideStore(folder, read_only=True), mode="r")


def _fetch(folder: Path, box: Box) -> Array:
    """Read a box of an array: only the chunks it touches."""
    return np.asarray(_attributes_and_array(folder)[1][box])


def _open(address: Address, level: int) -> xr.DataArray:
    folder = address.path
    if is_array(folder):
        return build(_lazy(folder), _array_dims(folder), header=attributes(folder))
    said = attributes(folder)
    if not said.get("multiscales"):
        return _open(Address(_only_array(folder, said)), level)
    scales = said["multiscales"][0]
    datasets = scales["datasets"]
    data = _lazy(below(folder, str(datasets[level]["path"])))
    dims, units = _axes(scales, data.ndim)
    note = said.get(NOTE) or {}
    coords = _coords(scales, datasets[level], dims, units, data.shape, note)
    image = build(
        data, dims, coords, header=_header(said, note), units=str(note.get("units", ""))
    )  # fmt: skip
    return image.assign_attrs({LEVEL: depth}) if (depth := _depth(scales, level)) else image


def _lazy(folder: Path) -> Any:
    said, array = _attributes_and_array(folder)
    dtype = np.dtype(array.dtype).newbyteorder("=")
    shape = tuple(int(size) for size in array.shape)
    return as_dask(FileArray(folder, shape, dtype, _fetch), inner_chunks(said))


def _array_dims(folder: Path) -> tuple[str, ...]:
    said = array_document(folder)
    named = said.get("dimension_names") or attributes(folder).get("_ARRAY_DIMENSIONS")
    fallback = default_dims(len(said["shape"]))
    if not named:
        return fallback
    return tuple(str(name or fallback[axis]) for axis, name in enumerate(named))


def _only_array(folder: Path, said: Mapping[str, Any]) -> Path:
    """Return the only array, or the only image, of a group that is no image itself."""
    if "plate" in said or "well" in said:
        raise FormatError(
            "is a plate or well, which holds many images",
            hint="name one by its folder, as .../A/1/0",
        )
    children = [child for child in sorted(folder.iterdir()) if _sniff(child, b"")]
    images = [child for child in children if attributes(child).get("multiscales")]
    if len(images) == 1:
        return images[0]
    if images:
        names = ", ".join(child.name for child in images)
        raise FormatError(f"holds {len(images)} images: {names}", hint="name one after the path")
    shapes = {child.name: array_document(child)["shape"] for child in children if is_array(child)}
    return below(folder, choose_array(shapes, ""))


def _axes(scales: Mapping[str, Any], ndim: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and units; of versions before 0.4 too, whose axes are names or fixed."""
    said = scales.get("axes") or _OLD_AXES[-ndim:]
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in said]
    if len(axes) != ndim:
        raise FormatError(f"names {len(axes)} axes of an array that has {ndim}")
    return (
        tuple(str(axis["name"]) for axis in axes),
        tuple(short_unit(axis.get("unit")) for axis in axes),
    )


def _coords(
    scales: Mapping[str, Any],
    dataset: Mapping[str, Any],
    dims: Sequence[str],
    units: Sequence[str],
    shape: Sequence[int],
    note: Mapping[str, Any],
) -> dict[str, Any]:
    step, origin = _placed(scales, dataset, len(dims))
    listed, coords = note.get("coordinates"), {}
    for axis, (dim, unit) in enumerate(zip(dims, units, strict=True)):
        sign = -1 if dim in note.get("backwards", ()) else 1
        told = bool(unit) or (step[axis], origin[axis]) != (1.0, 0.0)
        if told if listed is None else dim in listed:
            coords[dim] = coordinate(
                dim, shape[axis], sign * step[axis], origin=origin[axis], unit=unit
            )
    return coords


def _placed(
    scales: Mapping[str, Any], dataset: Mapping[str, Any], ndim: int
) -> tuple[list[float], list[float]]:
    """Apply the transformations of a level, then those of the whole pyramid."""
    step, origin = [1.0] * ndim, [0.0] * ndim
    for holder in (dataset, scales):
        for transform in holder.get("coordinateTransformations") or ():
            kind = transform.get("type")
            if kind == "identity":
                continue
            values = [float(value) for value in transform.get(kind) or ()]
            if kind not in ("scale", "translation") or len(values) != ndim:
                raise FormatError(f"places its samples by a {kind} that is not supported")
            if kind == "scale":
                step = [a * b for a, b in zip(step, values, strict=True)]
                origin = [a * b for a, b in zip(origin, values, strict=True)]
            else:
                origin = [a + b for a, b in zip(origin, values, strict=True)]
    return step, origin


def _depth(scales: Mapping[str, Any], level: int) -> int:
    """Return how often a level was halved, by its spacing against that of the first."""
    if not level:
        return 0
    ndim = len(scales.get("axes") or _OLD_AXES)
    first, here = (_placed({}, scales["datasets"][at], ndim)[0] for at in (0, level))
    return round(math.log2(max(b / a for a, b in zip(first, here, strict=True))))


def _header(said: Mapping[str, Any], note: Mapping[str, Any]) -> dict[str, Any]:
    header = dict(note.get("header") or {})
    omero = said.get("omero")
    if isinstance(omero, Mapping):
        header["channels"] = [c.get("label") for c in omero.get("channels") or ()]
    if said["multiscales"][0].get("name"):
        header["name"] = str(said["multiscales"][0]["name"])
    return header


def _levels(address: Address) -> list[Sizes]:
    scales = attributes(address.path).get("multiscales")
    count = len(scales[0]["datasets"]) if scales else 1
    images = (_open(address, level) for level in range(count))
    return [{str(dim): int(size) for dim, size in image.sizes.items()} for image in images]


FORMAT = Format(
    "OME-Zarr",
    _sniff,
    _open,
    suffixes=(".ome.zarr", ".zarr"),
    is_folder=True,
    write=write,
    levels=_levels,
)
