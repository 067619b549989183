"""Writing OME-TIFF: tiled, compressed, a strip of tiles in memory at a time."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.axes import axis_of
from graticule.io.formats._tiff_axes import NOTE
from graticule.io.lazy import native

_TILE = 512
_KINDS = ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64",
          "complex64", "complex128")  # fmt: skip
_WANTED = {"t": "T", "time": "T", "z": "Z", "c": "C"}
_LENGTHS = ("nm", "um", "mm", "cm", "m", "km", "pm", "Angstrom")
_TIMES = ("s", "ms", "us", "ns", "min", "h", "d")


def write(path: Path, image: xr.DataArray, labels: bool) -> None:
    """Write an image of up to five axes; names and origins go into an annotation."""
    from tifffile import TiffWriter

    stored, full, axes, metadata = _planned(image)
    with TiffWriter(path, ome=True, bigtiff=_is_big(full, stored)) as tiff:
        tiff.write(
            _tiles(full, axes, stored),
            shape=full.shape,
            dtype=stored,
            tile=_tile(full, axes),
            photometric="rgb" if axes.endswith("S") else "minisblack",
            planarconfig="contig" if axes.endswith("S") else None,
            compression="adobe_deflate",
            compressionargs={"level": 1},
            metadata=metadata,
        )


def write_zeros(path: Path, image: xr.DataArray) -> None:
    """Write zeros in the place of an image, one after the other, so that they can be mapped."""
    from tifffile import TiffWriter

    stored, full, _, metadata = _planned(image)
    with TiffWriter(path, ome=True, bigtiff=_is_big(full, stored)) as tiff:
        tiff.write(shape=full.shape, dtype=stored, photometric="minisblack", metadata=metadata)


def _planned(image: xr.DataArray) -> tuple[np.dtype[Any], xr.DataArray, str, dict[str, Any]]:
    """Return the dtype that is stored, the image with rows, its axes, and what is said of it."""
    dtype = native(image)
    if dtype.name not in _KINDS or not image.size or not image.ndim:
        raise FormatError(
            f"an OME-TIFF holds {', '.join(_KINDS)} of at least one sample, "
            f"not {dtype} of {image.shape}",
            hint="convert with .astype first, or write .ome.zarr",
        )
    letters = _letters([str(dim) for dim in image.dims], image.sizes.get("c", 0))
    stored = dtype if dtype.kind != "b" else np.dtype(np.uint8)
    full = image if "Y" in letters else image.expand_dims("_row")
    axes = letters if "Y" in letters else "Y" + letters
    return stored, full, axes, _metadata(image, letters, axes)


def _is_big(image: xr.DataArray, dtype: np.dtype[Any]) -> bool:
    return image.size * dtype.itemsize > 2**31


def _tile(image: xr.DataArray, axes: str) -> tuple[int, int]:
    """Return rows and columns of a tile: no more than the image needs, in sixteens as TIFF asks."""
    sizes = dict(zip(axes, image.shape, strict=True))
    rows, columns = (min(_TILE, -(-sizes[axis] // 16) * 16) for axis in "YX")
    return rows, columns


def _letters(dims: list[str], colours: int) -> str:
    """Return the letter of each dim: the last two are Y and X, before a c of colours."""
    tail = "YX"
    if len(dims) >= 3 and dims[-1] == "c" and colours in (3, 4):
        tail = "YXS"
    tail = tail[-len(dims) :] if len(dims) < 2 else tail
    outer = dims[: len(dims) - len(tail)]
    free = [letter for letter in "ZTC" if letter not in {_WANTED.get(dim) for dim in outer}]
    letters = [_WANTED.get(dim) or (free.pop(0) if free else "") for dim in outer]
    if not all(letters) or len(set(letters)) < len(letters) or (tail == "YXS" and "C" in letters):
        raise FormatError(f"an OME-TIFF has no place for the dims {dims}", hint="write .ome.zarr")
    return "".join(letters) + tail


def _tiles(image: xr.DataArray, axes: str, dtype: np.dtype[Any]) -> Iterator[Any]:
    """Give tiles in the order of the file; compute a row of them at a time."""
    split = len(axes) - len(axes.rstrip("S")) + 2
    outer = image.shape[: image.ndim - split]
    rows, columns = image.shape[len(outer) : len(outer) + 2]
    for at in np.ndindex(outer):
        page = image[at] if at else image
        for top in range(0, rows, _TILE):
            strip = np.asarray(page[top : top + _TILE].values, dtype)
            for left in range(0, columns, _TILE):
                yield np.ascontiguousarray(strip[:, left : left + _TILE])


def _metadata(image: xr.DataArray, letters: str, axes: str) -> dict[str, Any]:
    said: dict[str, Any] = {"axes": axes}
    noted = {}
    for letter, dim in zip(letters, map(str, image.dims), strict=True):
        axis = axis_of(image, dim)
        if axis is None:
            continue
        step, origin, unit = axis
        noted[letter] = {"step": step, "origin": origin, "units": unit}
        if letter in "XYZ" and unit in _LENGTHS and math.isfinite(step):
            said[f"PhysicalSize{letter}"] = abs(step)
            said[f"PhysicalSize{letter}Unit"] = _ome_unit(unit)
        elif letter == "T" and unit in _TIMES:
            said["TimeIncrement"], said["TimeIncrementUnit"] = abs(step), _ome_unit(unit)
    note = {
        "dims": list(map(str, image.dims)),
        "letters": letters,
        "axes": noted,
        "units": str(image.attrs.get("units", "")),
        "bool": image.dtype.kind == "b",
    }
    text = json.dumps(note)
    # By default it is of the clock and the machine, and equal images would be unequal files.
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{text} {image.shape} {image.dtype}")
    return {**said, "UUID": f"urn:uuid:{identifier}", "MapAnnotation": {NOTE: text}}


def _ome_unit(unit: str) -> str:
    return {"um": "µm", "us": "µs", "Angstrom": "Å"}.get(unit, unit)
