"""TIFF: plain, OME, ImageJ; stacks, tiles and pyramids."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL
from graticule.io.axes import build, coordinate, default_dims
from graticule.io.format import Address, Format, Sizes, choose_array
from graticule.io.formats._tiff_axes import Axes, imagej_axes, ome_axes, plain_axes
from graticule.io.formats._tiff_pages import (
    Frames,
    Pages,
    images_of,
    page_box,
    require_chain,
    unit_of,
)
from graticule.io.formats._tiff_vendors import vendor_axes
from graticule.io.formats._tiff_write import write
from graticule.io.lazy import FileArray, Raw, as_dask
from graticule.io.safety import noted, require_complete

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LETTERS = {"Y": "y", "X": "x", "Z": "z", "C": "c", "S": "c", "T": "t"}
Lazy: TypeAlias = tuple[FileArray, tuple[int, ...]]
# what is said of damaged files when blocks are read is raised there; nobody has to see it twice
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(_MARKS)


def _open(address: Address, level: int) -> xr.DataArray:
    path = address.path
    from tifffile import TiffFile

    with noted("tifffile") as notes, TiffFile(path, _multifile=False) as tif:
        if not tif.is_ndpi:  # these have a list of their own kind
            require_chain(path)
        images = images_of(tif)
        name = _pick(images, address.inside)
        base = images[name]
        axes = _axes(tif, base, list(images).index(name), path)
        series = base.levels[level]
        letters, shape = _layout(series)
        array, unit = _lazy(path, series, shape, name, level)
        tags = base.keyframe.tags.values()
        header = {tag.name: tag.value for tag in tags if _is_short(tag)}
        factors = _factors(base, series)
    return _assemble(array, unit, letters, axes, header, factors, notes)


def _pick(images: Mapping[str, Any], inside: str) -> str:
    """Return the name of the image that is asked for, or of the only one."""
    titles = {each.name: name for name, each in images.items() if each.name}
    if len(titles) == len(images) > 1 and inside in titles:
        return titles[inside]
    if inside in images or (inside and len(images) > 1):
        return choose_array({name: each.shape for name, each in images.items()}, inside)
    if inside:
        raise FormatError("a TIFF holds one image, and nothing by name within")
    if len(images) == 1:
        return next(iter(images))
    titled = ", ".join(
        f"{name} ({f'{each.name}, ' if each.name else ''}{' x '.join(map(str, each.shape))})"
        for name, each in images.items()
    )
    raise FormatError(
        f"holds {len(images)} images: {titled}",
        hint=f"name one after the path, as .../{next(iter(images))}",
    )


def _axes(tif: Any, series: Any, number: int, path: Path) -> Axes:
    if tif.is_ome:
        return ome_axes(tif.pages[0].description, path.name, number)
    if tif.is_imagej:
        return imagej_axes(tif)
    return vendor_axes(tif) or plain_axes(series.keyframe)


def _lazy(path: Path, series: Any, shape: tuple[int, ...], image: str, level: int) -> Lazy:
    page = series.keyframe
    dtype = series.dtype.newbyteorder("=")
    if series.transform is not None:
        raise FormatError("needs a transform of its values that is not supported")
    offset = series.dataoffset
    if offset is not None and page.compression == 1 and page.fillorder == 1 and _is_whole(page):
        nbytes = math.prod(shape) * dtype.itemsize
        require_complete(path.stat().st_size, offset + nbytes)
        read: Any = Raw(offset, series.dtype.newbyteorder(series.parent.byteorder).str, shape)
        unit = (1,) * (len(shape) - 1) + shape[-1:]
        return FileArray(path, shape, dtype, read), unit
    outer = _outer(shape, page.shape, len(series.pages))
    unit = (1,) * len(outer) + unit_of(page)
    array = FileArray(path, shape, dtype, Pages(image, level, outer))
    try:
        for corner in ([0] * page.ndim, [size - 1 for size in page.shape]):
            page_box(series.pages[0], tuple(slice(at, at + 1) for at in corner))
    except RuntimeError:  # what every codec raises
        through_pillow = None if level or image != "0" else _through_pillow(path, array, page)
        if through_pillow is None:
            raise
        return through_pillow, (1,) * len(outer) + tuple(page.shape)
    return array, unit


def _layout(series: Any) -> tuple[str, tuple[int, ...]]:
    """Return letter and size of each axis, without the samples where a page has just one."""
    pairs = zip(series.get_axes(squeeze=False), series.get_shape(squeeze=False), strict=True)
    kept = [(axis, int(size)) for axis, size in pairs
            if axis != "S" or size > 1 or "S" in series.keyframe.axes]  # fmt: skip
    return "".join(axis for axis, _ in kept), tuple(size for _, size in kept)


def _is_whole(page: Any) -> bool:
    """Whether samples are stored as they are in memory, and not as bits or in between."""
    return bool(page.bitspersample == page.dtype.itemsize * 8 and page.predictor == 1)


def _outer(shape: tuple[int, ...], page: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the axes over pages: those that are left when a page has taken the last ones."""
    split = len(shape) - len(page)
    if split < 0 or shape[split:] != tuple(page) or math.prod(shape[:split]) != count:
        raise FormatError(f"has {count} pages of {page}, which do not make up {shape}")
    return shape[:split]


def _is_short(tag: Any) -> bool:
    return tag.count <= 1024 and tag.name not in ("StripOffsets", "StripByteCounts", "TileOffsets",
                                                  "TileByteCounts", "JPEGTables")  # fmt: skip


def _factors(base: Any, series: Any) -> dict[str, float]:
    return {
        letter: _factor(full, size)
        for letter, full, size in zip(base.axes, base.shape, series.shape, strict=True)
        if letter in "XYZ"
    }


def _factor(full: int, size: int) -> float:
    """Return how many samples became one; where sizes were rounded, the whole number meant."""
    whole = round(full / size)
    return float(whole) if abs(full - whole * size) < whole else full / size


def _assemble(
    array: FileArray,
    unit: tuple[int, ...],
    letters: str,
    axes: Axes,
    header: dict[str, Any],
    factors: dict[str, float],
    notes: Sequence[str],
) -> xr.DataArray:
    """Name the axes, drop those that only the format has, and place the samples."""
    kept = axes.letters or "".join(
        letter for letter, size in zip(letters, array.shape, strict=True)
        if size > 1 or letter in "YX"
    )  # fmt: skip
    order = [at for at, letter in enumerate(letters) if letter in kept]
    left = [letters[at] for at in order]
    array = array.view(order, np.dtype(bool) if axes.is_bool else array.dtype)
    data = as_dask(array, [unit[at] for at in order])
    dims = axes.dims or _names(left)
    coords = {}
    for letter, dim, size in zip(left, dims, data.shape, strict=True):
        if letter in axes.steps:
            step, origin, length = axes.steps[letter]
            factor = factors.get(letter, 1.0)
            origin += step * (factor - 1) / 2
            coords[dim] = coordinate(dim, size, step * factor, origin=origin, unit=length)
    image = build(
        data,
        dims,
        coords,
        header={**header, **axes.header},
        units=axes.units,
        notes=[*notes, *axes.notes],
    )
    depth = round(math.log2(max(factors.values(), default=1)))
    return image.assign_attrs({LEVEL: depth}) if depth else image


def _names(letters: list[str]) -> tuple[str, ...]:
    dims = [_LETTERS.get(letter, "") for letter in letters]
    if "C" in letters and "S" in letters:
        dims[letters.index("S")] = "rgb"
    if dims.count("") == 1 and "z" not in dims:
        dims[dims.index("")] = "z"  # a stack of pages that nobody named
    return tuple(dims) if all(dims) else tuple(default_dims(len(dims)))


def _through_pillow(path: Path, array: FileArray, page: Any) -> FileArray | None:
    """Return the same array read by Pillow, which forgives some flaws; None if it differs."""
    from graticule.io.formats.picture import frame, open_picture

    outer = array.shape[: len(array.shape) - page.ndim]
    try:
        with open_picture(path) as picture:
            first = frame(picture)
            same = getattr(picture, "n_frames", 1) == math.prod(outer)
    except Exception:  # the caller then raises what tifffile found wrong
        return None
    if not same or first.shape != page.shape or first.dtype.newbyteorder("=") != array.dtype:
        return None
    return replace(array, fetch=Frames(outer, array.dtype.str))


def _levels(address: Address) -> list[Sizes]:
    from tifffile import TiffFile

    with TiffFile(address.path, _multifile=False) as tif:
        images = images_of(tif)
        count = len(images[_pick(images, address.inside)].levels)
    opened = (_open(address, level) for level in range(count))
    return [{str(dim): int(size) for dim, size in image.sizes.items()} for image in opened]


FORMAT = Format("TIFF", _sniff, _open, suffixes=(".tif", ".tiff"), write=write, levels=_levels)
