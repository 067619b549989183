"""Reading a box of a TIFF series: only the pages, and in them the strips or tiles, it touches."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.lazy import Box, box_shape
from graticule.io.safety import require_complete, require_modest

_JPEG = (6, 7, 34892, 33007)


@dataclass(frozen=True)
class Pages:
    """Reads a box of a series at a pyramid level.

    Attributes
    ----------
    image : str
        Its name in `images_of`.
    level : int
        Of the file's own pyramid.
    outer : tuple of int
        Axes over the pages; the other axes are those of one page.
    """

    image: str
    level: int
    outer: tuple[int, ...]

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values in native byte order."""
        from tifffile import TiffFile

        with TiffFile(path, _multifile=False) as tif:
            series = images_of(tif)[self.image].levels[self.level]
            dtype = series.dtype.newbyteorder("=")
            out = np.empty(box_shape(box), dtype)
            for at, number in _numbers(self.outer, box):
                page = series.pages[number]
                out[at] = page_box(page, box[len(self.outer) :])
        return out


def images_of(tif: Any) -> dict[str, Any]:
    """Return the images of a file, as tifffile's series, by name: a number, and a title if any.

    Pages of one shape and type are one stack, whatever their compression.
    """
    series = list(tif.series)
    if len(series) > 1 and all(_is_loose(each) for each in series):
        series = _stacked(tif, series)
    return {str(number): each for number, each in enumerate(series)}


def _is_loose(series: Any) -> bool:
    """Whether nothing but their likeness makes pages a series."""
    return series.kind in ("generic", "uniform") and len(series.levels) == 1


def _stacked(tif: Any, series: list[Any]) -> list[Any]:
    """Return series with those of equal pages put together, in the order of the pages."""
    from tifffile import TiffPageSeries

    groups: dict[Any, list[Any]] = {}
    for each in series:
        keyframe = each.keyframe
        kind = (keyframe.shape, keyframe.axes, str(keyframe.dtype), keyframe.photometric,
                keyframe.is_reduced)  # fmt: skip
        groups.setdefault(kind, []).extend(each.pages)
    stacks = []
    for pages in groups.values():
        pages.sort(key=lambda page: page.index)
        first, count = pages[0].keyframe, len(pages)
        shape, axes = ((count,), "I") if count > 1 else ((), "")
        stacks.append(
            TiffPageSeries(
                pages, shape=(*shape, *first.shape), dtype=first.dtype, axes=axes + first.axes,
                parent=tif, kind="uniform",
            )
        )  # fmt: skip
    return stacks


def page_box(page: Any, box: Box) -> Array:
    """Return a box of one page, over its own axes."""
    if page is None:
        raise FormatError("has no data for one of its pages")
    keyframe = page.keyframe
    normal, kept = _normal(keyframe, box)
    out = np.empty(box_shape(normal), keyframe.dtype.newbyteorder("="))
    for number in _touched(keyframe, normal):
        values, at, shape = _segment(page, keyframe, number)
        inner, outer = [slice(at[0], at[0] + 1), *map(_span, at[1:], shape)], normal
        common = [slice(max(a.start, b.start), min(a.stop, b.stop))
                  for a, b in zip(inner, outer, strict=True)]  # fmt: skip
        to = tuple(slice(c.start - o.start, c.stop - o.start)
                   for c, o in zip(common, outer, strict=True))  # fmt: skip
        if values is None:
            out[to] = keyframe.nodata  # the file says that nothing is stored there
        else:
            part = tuple(slice(c.start - i.start, c.stop - i.start)
                         for c, i in zip(common[1:], inner[1:], strict=True))  # fmt: skip
            out[to] = values[part]
    return out.reshape(box_shape(kept))


def _span(start: int, size: int) -> slice:
    return slice(start, start + size)


def _normal(keyframe: Any, box: Box) -> tuple[Box, Box]:
    """Return the box over (plane, depth, row, column, sample), and over the page's own axes."""
    axes, parts = keyframe.axes, dict(zip(keyframe.axes, box, strict=True))
    one = slice(0, 1)
    planar = keyframe.planarconfig == 2 and "S" in axes
    sample = parts.get("S", one)
    normal = (
        sample if planar else one,
        parts.get("Z", one),
        parts.get("Y", one),
        parts.get("X", one),
        one if planar else sample,
    )
    return normal, box


def _touched(keyframe: Any, normal: Box) -> list[int]:
    """Return the numbers of the strips or tiles that a box meets."""
    _, depth, rows, columns, _ = keyframe.shaped
    if keyframe.is_tiled:
        unit = (keyframe.tiledepth, keyframe.tilelength, keyframe.tilewidth)
    else:
        unit = (1, keyframe.rowsperstrip, columns)
    if min(unit) < 1:
        raise FormatError("has strips or tiles of no size")
    grid = [math.ceil(n / u) for n, u in zip((depth, rows, columns), unit, strict=True)]
    spans = [range(p.start // u, math.ceil(p.stop / u))
             for p, u in zip(normal[1:4], unit, strict=True)]  # fmt: skip
    return [
        ((plane * grid[0] + d) * grid[1] + r) * grid[2] + c
        for plane in range(normal[0].start, normal[0].stop)
        for d in spans[0]
        for r in spans[1]
        for c in spans[2]
    ]


def _segment(page: Any, keyframe: Any, number: int) -> Any:
    """Decode one strip or tile; return its values, its place and its shape."""
    if number >= len(page.dataoffsets):
        raise FormatError("lists fewer strips or tiles than its size needs")
    offset, count = page.dataoffsets[number], page.databytecounts[number]
    handle = page.parent.filehandle
    extra: dict[str, Any] = {}
    if keyframe.compression in _JPEG:
        extra = {"jpegtables": page.jpegtables, "jpegheader": keyframe.jpegheader}
    decode = keyframe.decode  # made on first use, which moves the position in the file
    if not offset or not count:
        return decode(None, number, **extra)
    require_complete(handle.size, offset + count)
    handle.seek(offset)
    return decode(handle.read(count), number, **extra)


def unit_of(keyframe: Any) -> tuple[int, ...]:
    """Return the shape of what is decoded at once, over the page's own axes."""
    sizes = {"Y": keyframe.rowsperstrip, "X": keyframe.imagewidth}
    if keyframe.is_tiled:
        sizes = {"Z": keyframe.tiledepth, "Y": keyframe.tilelength, "X": keyframe.tilewidth}
    sizes["S"] = keyframe.samplesperpixel if keyframe.planarconfig == 1 else 1
    unit = tuple(int(sizes.get(axis, 1)) for axis in keyframe.axes)
    bounded = [min(u, n) for u, n in zip(unit, keyframe.shape, strict=True)]
    require_modest(bounded, what="a strip or tile")
    return unit


def require_chain(path: Path) -> None:
    """Raise `FormatError` unless the list of pages can be followed to its end.

    A file cut short ends within the list, and its first pages would pass for the whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = struct.unpack(order + "H", head[2:4])[0] == 43
        wide, tag = ("Q", 20) if big else ("I", 12)
        at = struct.unpack_from(order + wide, head, 8 if big else 4)[0]
        seen: set[int] = set()
        while at:
            if at in seen:
                raise FormatError("has a list of pages that runs in a circle")
            seen.add(at)
            at = _next(file, at, size, order, wide, tag)


def _next(file: IO[bytes], at: int, size: int, order: str, wide: str, tag: int) -> int:
    counter = order + ("Q" if wide == "Q" else "H")
    require_complete(size, at + struct.calcsize(counter))
    file.seek(at)
    count = struct.unpack(counter, file.read(struct.calcsize(counter)))[0]
    end = at + struct.calcsize(counter) + count * tag
    require_complete(size, end + struct.calcsize(order + wide))
    file.seek(end)
    return int(struct.unpack(order + wide, file.read(struct.calcsize(order + wide)))[0])


@dataclass(frozen=True)
class Frames:
    """Reads a box of a TIFF through Pillow, which forgives flaws that tifffile does not.

    Attributes
    ----------
    outer : tuple of int
        Axes over the pages; the other axes are those of one page.
    dtype : str
        Of the values.
    """

    outer: tuple[int, ...]
    dtype: str

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values in native byte order."""
        from graticule.io.formats.picture import frame, open_picture

        out = np.empty(box_shape(box), self.dtype)
        with open_picture(path) as picture:
            for at, number in _numbers(self.outer, box):
                picture.seek(number)
                out[at] = frame(picture)[box[len(self.outer) :]]
        return out


def _numbers(outer: tuple[int, ...], box: Box) -> Iterator[tuple[tuple[int, ...], int]]:
    """Give the place in the box, and the number in the file, of each page a box meets."""
    for place in np.ndindex(box_shape(box[: len(outer)])):
        index = tuple(i + part.start for i, part in zip(place, box, strict=False))
        yield place, int(np.ravel_multi_index(index, outer)) if index else 0
