"""OME-Zarr 0.1 to 0.5, and other Zarr arrays; writes 0.5 with a pyramid.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> from graticule.core import as_image
>>> image = as_image(np.zeros((2100, 2400), np.uint16), spacing={"y": "0.5 um", "x": "0.5 um"})
>>> with tempfile.TemporaryDirectory() as folder:
...     file = gt.write(Path(folder) / "large.ome.zarr", image)
...     whole, coarse = gt.read(file).load(), gt.read(file, level=1).load()
>>> whole.shape, coarse.shape, float(coarse.x[1] - coarse.x[0]), coarse.x.attrs["units"]
((2100, 2400), (1050, 1200), 1.0, 'um')
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL
from graticule.io.axes import build, coordinate, short_unit
from graticule.io.format import Address, Format, Sizes
from graticule.io.formats._zarr_array import lazy, open_array
from graticule.io.formats._zarr_groups import images_within, is_zarr, only_image
from graticule.io.formats._zarr_metadata import array_document, attributes, below, is_array
from graticule.io.formats._zarr_write import NOTE, write, written_unit

_OLD_AXES = ("t", "c", "z", "y", "x")
_NEWEST = "0.5"


def _sniff(path: Path, head: bytes) -> bool:
    return is_zarr(path)


def _open(address: Address, level: int) -> xr.DataArray:
    folder = only_image(address.path)
    if is_array(folder):
        return open_array(folder)
    said = attributes(folder)
    scales = said["multiscales"][0]
    dataset = scales["datasets"][level]
    data = lazy(below(folder, str(dataset["path"])))
    dims, units = _axes(scales, data.ndim)
    note = said.get(NOTE) or {}
    notes = _notes(folder, said)
    coords = _coords(scales, dataset, dims, units, data.shape, note, notes)
    image = build(
        data,
        dims,
        coords,
        header=_header(said, note),
        units=str(note.get("units", "")),
        notes=notes,
    )
    depth = _depth(_shape(folder, scales["datasets"][0]), data.shape) if level else 0
    return image.assign_attrs({LEVEL: depth}) if depth else image


def _present(folder: Path, scales: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the levels from the first on that are there; the first always."""
    first, *further = scales["datasets"]
    return [first, *takewhile(lambda each: (folder / str(each["path"])).is_dir(), further)]


def _axes(scales: Mapping[str, Any], ndim: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and units; of versions before 0.4 too, whose axes are names or fixed."""
    said = scales.get("axes") or _OLD_AXES[-ndim:]
    axes = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in said]
    if len(axes) != ndim:
        raise FormatError(f"names {len(axes)} axes of an array that has {ndim}")
    names = [str(axis["name"]) for axis in axes]
    return (
        tuple(name.lower() if name.lower() in _OLD_AXES else name for name in names),
        tuple(short_unit(axis.get("unit")) for axis in axes),
    )


def _coords(
    scales: Mapping[str, Any],
    dataset: Mapping[str, Any],
    dims: Sequence[str],
    units: Sequence[str],
    shape: Sequence[int],
    note: Mapping[str, Any],
    notes: list[str],
) -> dict[str, Any]:
    placed = _placed(scales, dataset, len(dims), notes)
    if placed is None:
        if any(units) and not notes:
            notes.append("names units of its axes and no scale, so their spacing is not known")
        return {}
    step, origin = placed
    listed, coords = note.get("coordinates"), {}
    for axis, (dim, unit) in enumerate(zip(dims, units, strict=True)):
        sign = -1 if dim in note.get("backwards", ()) else 1
        told = bool(unit) or (step[axis], origin[axis]) != (1.0, 0.0)
        if not (told if listed is None else dim in listed):
            continue
        if not (step[axis] and math.isfinite(step[axis]) and math.isfinite(origin[axis])):
            notes.append(f"says a spacing of {step[axis]:g} along {dim}, which none can be")
            continue
        coords[dim] = coordinate(
            dim, shape[axis], sign * step[axis], origin=origin[axis], unit=unit
        )
    return coords


def _placed(
    scales: Mapping[str, Any], dataset: Mapping[str, Any], ndim: int, notes: list[str]
) -> tuple[list[float], list[float]] | None:
    """Apply the transformations of a level, then those of the whole pyramid; None without any."""
    step, origin, said = [1.0] * ndim, [0.0] * ndim, False
    for holder in (dataset, scales):
        for transform in holder.get("coordinateTransformations") or ():
            kind = transform.get("type")
            if kind == "identity":
                continue
            values = transform.get(kind)
            if kind not in ("scale", "translation") or not _are_numbers(values, ndim):
                notes.append(f"places its samples by a {kind} that is not understood")
                return None
            said = True
            if kind == "scale":
                step = [a * b for a, b in zip(step, values, strict=True)]
                origin = [a * b for a, b in zip(origin, values, strict=True)]
            else:
                origin = [a + b for a, b in zip(origin, values, strict=True)]
    return (step, origin) if said else None


def _are_numbers(values: Any, count: int) -> bool:
    listed = isinstance(values, Sequence) and len(values) == count
    return listed and all(isinstance(value, (int, float)) for value in values)


def _shape(folder: Path, dataset: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, array_document(below(folder, str(dataset["path"])))["shape"]))


def _depth(first: Sequence[int], here: Sequence[int]) -> int:
    """Return how often a level was halved, by its size against that of the first."""
    return round(math.log2(max(a / b for a, b in zip(first, here, strict=True) if b)))


def _header(said: Mapping[str, Any], note: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a group says but for the pyramid, whose name it keeps."""
    own = {k: v for k, v in said.items() if k not in ("multiscales", "version", "ome", NOTE)}
    header = {**own, **(note.get("header") or {})}
    omero = said.get("omero")
    if isinstance(omero, Mapping):
        header["channels"] = [c.get("label") for c in omero.get("channels") or ()]
    if said["multiscales"][0].get("name"):
        header["name"] = str(said["multiscales"][0]["name"])
    return header


def _notes(folder: Path, said: Mapping[str, Any]) -> list[str]:
    notes = []
    count = len(said["multiscales"])
    if count > 1:
        notes.append(f"describes {count} pyramids, of which the first is read")
    scales = said["multiscales"][0]
    named, there = len(scales["datasets"]), len(_present(folder, scales))
    if there < named:
        notes.append(f"names {named} levels, of which {there} are there")
    version = str(said.get("version") or scales.get("version") or "")
    if version > _NEWEST:
        notes.append(f"is of OME-Zarr {version}, newer than {_NEWEST}, the newest that is known")
    labels = attributes(folder / "labels").get("labels") or ()
    if labels:
        names = ", ".join(map(str, labels))
        notes.append(f"holds labels ({names}), by name as .../labels/{labels[0]}")
    return notes


def _levels(address: Address) -> list[Sizes]:
    folder = only_image(address.path)
    if is_array(folder):
        image = open_array(folder)
        return [{str(dim): int(size) for dim, size in image.sizes.items()}]
    scales = attributes(folder)["multiscales"][0]
    shapes = [_shape(folder, dataset) for dataset in _present(folder, scales)]
    return [dict(zip(_axes(scales, len(shape))[0], shape, strict=True)) for shape in shapes]


FORMAT = Format(
    "OME-Zarr",
    _sniff,
    _open,
    suffixes=(".ome.zarr", ".zarr"),
    is_folder=True,
    write=write,
    unit=written_unit,
    levels=_levels,
    names=lambda address: images_within(address.path),
)
