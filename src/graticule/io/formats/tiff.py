"""TIFF: plain, OME, ImageJ; stacks, tiles and pyramids."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL
from graticule.io.axes import build, coordinate, default_dims
from graticule.io.format import Address, Format, Sizes, choose_array
from graticule.io.formats._tiff_axes import Axes, exchanged, imagej_axes, ome_axes, plain_axes
from graticule.io.formats._tiff_chain import Chain, follow
from graticule.io.formats._tiff_colours import BLACK, RGB, YCBCR, coloured
from graticule.io.formats._tiff_pages import (
    JPEG,
    Pages,
    is_plain,
    itself,
    outline,
    page_count,
    require_segments,
    unit_of,
)
from graticule.io.formats._tiff_series import Series, masked, rescaled, upright
from graticule.io.formats._tiff_vendors import vendor_axes
from graticule.io.formats._tiff_write import write
from graticule.io.lazy import FileArray, Raw, as_dask
from graticule.io.safety import noted, require_complete

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LETTERS = {"Y": "y", "X": "x", "Z": "z", "C": "c", "S": "c", "T": "t", "A": "angle", "P": "phase",
            "R": "tile", "H": "lifetime", "E": "wavelength", "L": "exposure", "V": "event",
            "M": "mosaic"}  # fmt: skip
_PLAIN_KINDS = ("generic", "uniform", "shaped")
"""Of series whose palettes are their colours, and not a lookup table for a display."""
_ORIENTATION, _NODATA = 274, 42113
_ZEROED = "Missing data are zeroed"
"""What tifffile says of pages that are not there; here they are no values at all."""
# what is said of damaged files when blocks are read is raised there; nobody has to see it twice
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(_MARKS)


@dataclass(frozen=True)
class _Found:
    """The image that is asked for, in a file that is open.

    Attributes
    ----------
    path, name
        Its file, and its name there.
    base : TiffPageSeries
        Its full resolution.
    axes : Axes
        What the file says of them.
    chain : Chain
        The list of pages of the file.
    orientation : int
        In which its pages are stored; 1 for upright.
    """

    path: Path
    name: str
    base: Any
    axes: Axes
    chain: Chain
    orientation: int


def _open(address: Address, level: int, *, indices: bool = False) -> xr.DataArray:
    with _opened(address) as (found, notes):
        header = {tag.name: tag.value for tag in found.base.keyframe.tags.values()
                  if _is_short(tag)}  # fmt: skip
        series = _series(found, level, indices=indices)
        factors = _factors(found.base, found.base.levels[level])
    factors = exchanged(factors) if found.orientation >= 5 else factors
    return _assemble(series, found.axes, header, factors, notes)


def _open_labels(address: Address, level: int) -> xr.DataArray:
    return _open(address, level, indices=True)


@contextmanager
def _opened(address: Address) -> Iterator[tuple[_Found, list[str]]]:
    """Find the image that is asked for, and collect what is to be told of its file."""
    from tifffile import TiffFile

    path = address.path
    with noted("tifffile") as notes, TiffFile(path, _multifile=False) as tif:
        # NDPI has a list of pages of a kind of its own
        chain = Chain(len(tif.pages), True) if tif.is_ndpi else follow(path)
        images = outline(tif, chain)
        name = _pick(images, address.inside)
        base = images[name]
        axes = _axes(tif, base, list(images).index(name), path)
        orientation = _orientation(base, chain.alike, tif.is_geotiff, notes)
        if orientation >= 5:
            axes = replace(axes, steps=exchanged(axes.steps))
        _tell_of_pages(images, base, chain, notes)
        yield _Found(path, name, base, axes, chain, orientation), notes


def _orientation(base: Any, alike: bool, is_map: bool, notes: list[str]) -> int:
    """Return how the pages of an image are turned; 1 where that is left to the user, and told."""
    pages = [base.keyframe] if alike else [itself(page) for page in base.pages if page is not None]
    found = {int(page.keyframe.tags.valueof(_ORIENTATION, 1)) for page in pages}
    if len(found) > 1 or (is_map and found != {1}):
        several = ", ".join(map(str, sorted(found)))
        notes.append(f"is not turned upright, though its pages are of orientation {several}")
        return 1
    only = found.pop()
    return only if only in range(1, 9) else 1


def _tell_of_pages(images: Mapping[str, Any], base: Any, chain: Chain, notes: list[str]) -> None:
    known = sum(map(page_count, images.values()))
    if chain.count > known:
        notes.append(f"has {chain.count - known} pages more than its description tells of")
    missing = sum(page is None for page in base.pages)
    if missing:
        notes[:] = [note for note in notes if _ZEROED not in note]
        notes.append(f"lacks {missing} of its pages; what of them is read is an error")
    smaller = [level.keyframe for level in base.levels[1:]]
    if base.kind == "generic" and not all(p.is_reduced or p.is_subifd for p in smaller):
        notes.append("smaller pages are taken for levels of a pyramid, which nothing marks so")


def _series(found: _Found, level: int, *, indices: bool) -> Series:
    """Return the array of a level as it is meant: in colours, without missing values, upright."""
    base, kept = found.base, found.base.levels[level]
    page = kept.keyframe
    series = stored = _stored(found, level)
    palette = page.colormap if page.colormap is not None else base.keyframe.colormap
    if palette is not None and base.kind not in _PLAIN_KINDS:
        palette = None  # a microscope's choice of colours for its display
    if palette is not None and not found.chain.alike:
        tables = {str(np.asarray(itself(each).keyframe.colormap).tolist())
                  for each in kept.pages if each}  # fmt: skip
        palette = palette if len(tables) == 1 else None
    if not (page.is_subsampled and page.compression not in JPEG):  # else Pillow gives RGB
        series = coloured(series, page, palette, indices=indices)
    missing = base.keyframe.tags.get(_NODATA)
    if missing is not None and series.array is stored.array and not indices:
        series = masked(series, str(missing.value))
    elif missing is not None:
        series = series.told(f"its missing value (GDAL_NODATA) {missing.value} is not masked")
    return upright(series, found.orientation) if found.orientation > 1 else series


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


def _stored(found: _Found, level: int) -> Series:
    """Return the array of a level, with the scale that Molecular Dynamics' gels have."""
    kept = found.base.levels[level]
    array, unit = _array(found, level)
    series = Series(array, unit, _layout(kept)[0])
    if kept.transform is None:
        return series
    if kept.kind != "mdgel":
        raise FormatError("needs a transform of its values that is not supported")
    gel = kept.parent.mdgel_metadata
    over, under = gel["ScalePixel"]
    return rescaled(series, over / under if under else math.nan, 2 if gel["FileTag"] == 2 else 1)


def _array(found: _Found, level: int) -> tuple[FileArray, tuple[int, ...]]:
    """Return the samples of a level as they are stored, and what is decoded at once."""
    series = found.base.levels[level]
    _, shape = _layout(series)
    page, path = series.keyframe, found.path
    dtype = page.dtype.newbyteorder("=")
    offset = series.dataoffset if found.chain.alike or len(series.pages) == 1 else None
    if offset is not None and is_plain(page):
        nbytes = math.prod(shape) * dtype.itemsize
        require_complete(path.stat().st_size, offset + nbytes)
        read: Any = Raw(offset, page.dtype.newbyteorder(series.parent.byteorder).str, shape)
        return FileArray(path, shape, dtype, read), (1,) * (len(shape) - 1) + shape[-1:]
    require_segments(page)
    outer = _outer(shape, page.shape, len(series.pages))
    by_pillow = page.photometric in (BLACK, RGB, YCBCR) and not level and found.name == "0"
    fetch = Pages(found.name, level, outer, found.chain.alike, by_pillow)
    return FileArray(path, shape, dtype, fetch), (1,) * len(outer) + unit_of(page)


def _layout(series: Any) -> tuple[str, tuple[int, ...]]:
    """Return letter and size of each axis, without the samples where a page has just one."""
    page = series.keyframe
    pairs = zip(series.get_axes(squeeze=False), series.get_shape(squeeze=False), strict=True)
    kept = [(axis, int(size)) for axis, size in pairs
            if axis != "S" or size > 1 or "S" in page.axes]  # fmt: skip
    if tuple(size for _, size in kept[-page.ndim :]) != page.shape:
        kept = [(axis, size) for axis, size in kept if size > 1 or axis in page.axes]
    return "".join(axis for axis, _ in kept), tuple(size for _, size in kept)


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
    series: Series,
    axes: Axes,
    header: dict[str, Any],
    factors: dict[str, float],
    notes: Sequence[str],
) -> xr.DataArray:
    """Name the axes, drop those that only the format has, and place the samples."""
    order = _kept(series, axes)
    left = [series.letters[at] for at in order]
    dtype = np.dtype(bool) if axes.is_bool else series.array.dtype
    data = as_dask(series.array.view(order, dtype), [series.unit[at] for at in order])
    dims, unnamed = _names(left)
    dims = axes.dims or dims
    coords: dict[str, Any] = {}
    for letter, dim, size in zip(left, dims, data.shape, strict=True):
        if letter in axes.steps:
            step, origin, length = axes.steps[letter]
            factor = factors.get(letter, 1.0)
            origin += step * (factor - 1) / 2
            coords[dim] = coordinate(dim, size, step * factor, origin=origin, unit=length)
        elif letter == "S" and series.samples:
            coords[dim] = list(series.samples)
    image = build(
        data,
        dims,
        coords,
        header={**header, **axes.header},
        units=axes.units,
        notes=[*notes, *axes.notes, *series.notes, *([] if axes.dims else unnamed)],
    )
    depth = round(math.log2(max(factors.values(), default=1)))
    return image.assign_attrs({LEVEL: depth}) if depth else image


def _kept(series: Series, axes: Axes) -> list[int]:
    """Return the axes an image has: those that its file names, or else that are no formality."""
    kept = axes.letters or "".join(
        letter for letter, size in zip(series.letters, series.array.shape, strict=True)
        if size > 1 or letter in "YX"
    )  # fmt: skip
    return [at for at, letter in enumerate(series.letters) if letter in kept]


def _names(letters: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the axes, and a note where one is a guess."""
    dims = [_LETTERS.get(letter, "") for letter in letters]
    if "C" in letters and "S" in letters:
        dims[letters.index("S")] = "rgb"
    if dims.count("") == 1 and "z" not in dims:  # a stack of pages that nobody named
        dims[dims.index("")] = "z"
        return tuple(dims), ["pages that nobody named are taken as z; name them with dims="]
    return tuple(dims) if all(dims) else tuple(default_dims(len(dims))), []


def _levels(address: Address) -> list[Sizes]:
    with _opened(address) as (found, _):
        sizes = []
        for level in range(len(found.base.levels)):
            series = _series(found, level, indices=False)
            order = _kept(series, found.axes)
            dims = found.axes.dims or _names([series.letters[at] for at in order])[0]
            shape = [series.array.shape[at] for at in order]
            sizes.append(dict(zip(dims, shape, strict=True)))
    return sizes


FORMAT = Format(
    "TIFF",
    _sniff,
    _open,
    suffixes=(".tif", ".tiff"),
    write=write,
    open_labels=_open_labels,
    levels=_levels,
)
