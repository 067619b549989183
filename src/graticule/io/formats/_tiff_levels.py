"""A level of an image: its array as it is stored, and as it is meant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.io.formats._tiff_axes import Axes
from graticule.io.formats._tiff_chain import Chain
from graticule.io.formats._tiff_colours import BLACK, RGB, YCBCR, coloured
from graticule.io.formats._tiff_images import itself
from graticule.io.formats._tiff_pages import JPEG, Pages, is_plain, require_segments, unit_of
from graticule.io.formats._tiff_series import Series, masked, rescaled, upright
from graticule.io.lazy import FileArray
from graticule.io.raw import Raw
from graticule.io.safety import require_complete

_PLAIN_KINDS = ("generic", "uniform", "shaped")
"""Of series whose palettes are their colours, and not a lookup table for a display."""
_NODATA = 42113


@dataclass(frozen=True)
class Found:
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


def series_of(found: Found, level: int, *, indices: bool) -> Series:
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


def _stored(found: Found, level: int) -> Series:
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


def _array(found: Found, level: int) -> tuple[FileArray, tuple[int, ...]]:
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
