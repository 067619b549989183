"""Reading a box of a TIFF series: only the pages, and in them the strips or tiles, it touches."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.apart import filled_apart
from graticule.io.formats._picture_size import require_size_of_jpeg
from graticule.io.formats._tiff_images import images_of, itself
from graticule.io.lazy import Box, box_shape
from graticule.io.raw import Raw
from graticule.io.safety import quiet, require_complete, require_modest

_COPIES = 3
"""Copies of a strip or tile at the peak: as it is stored, unpacked, and where it is wanted."""
JPEG = (6, 7, 34892, 33007)
"""Compressions that are JPEG, whose tables may be shared."""
_LERC = 34887
_FEW = 300
"""Pages whose tags a process that knows nothing of them reads again in little time."""


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
    alike : bool
        Whether all pages of the file are stored in the same way.
    by_pillow : bool
        Whether Pillow, which forgives some flaws, may read what tifffile cannot decode.
    """

    image: str
    level: int
    outer: tuple[int, ...]
    alike: bool = True
    by_pillow: bool = False

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values in native byte order."""
        pages, dtype = self._pages(path)
        try:
            if _tells_own_size(pages[0]):
                decoded, few = partial(self._decoded, path, box), len(pages) < _FEW
                return filled_apart(decoded, box_shape(box), dtype, may_be_served=few)
            return self._decoded(path, box)
        except RuntimeError:  # what every codec raises
            values = self._forgiven(path, box, pages[0], dtype) if self.by_pillow else None
            if values is None:
                raise
            return values

    def _pages(self, path: Path) -> tuple[Sequence[Any], np.dtype[Any]]:
        state = path.stat()
        return _pages_of(path, state.st_mtime_ns, state.st_size, self.image, self.level, self.alike)

    def _decoded(self, path: Path, box: Box) -> Array:
        pages, dtype = self._pages(path)
        out = np.empty(box_shape(box), dtype)
        with path.open("rb") as file:
            for at, number in _numbers(self.outer, box):
                out[at] = page_box(file, pages[number], box[len(self.outer) :])
        return out

    def _forgiven(self, path: Path, box: Box, page: Any, dtype: np.dtype[Any]) -> Array | None:
        """Return the box as Pillow reads it; None if it reads other images, or none."""
        from graticule.io.formats.picture import frame, open_picture

        out = np.empty(box_shape(box), dtype)
        try:
            with quiet(UserWarning), open_picture(path) as picture:
                same = getattr(picture, "n_frames", 1) == math.prod(self.outer)
                for at, number in _numbers(self.outer, box) if same else ():
                    picture.seek(number)
                    values = frame(picture)
                    same = same and (values.shape, values.dtype) == (page.keyframe.shape, dtype)
                    out[at] = values[box[len(self.outer) :]]
        except Exception:  # the caller then raises what tifffile found wrong
            return None
        return out if same else None


def _tells_own_size(page: Any) -> bool:
    """Whether what is packed says again how large it is, and is decoded as large as it says.

    JPEG is looked at before it is decoded: see `require_size_of_jpeg`.
    """
    from tifffile import TIFF

    compression = page.keyframe.compression if page is not None else 1
    told = compression in TIFF.IMAGE_COMPRESSIONS or compression == _LERC
    return told and compression not in JPEG


@lru_cache(maxsize=8)
def _pages_of(
    path: Path, changed: int, size: int, image: str, level: int, alike: bool
) -> tuple[list[Any], np.dtype[Any]]:
    """Return the pages of a series, and the dtype of their values, for a file as it is now."""
    from tifffile import TiffFile

    with TiffFile(path, _multifile=False) as tif:
        series = images_of(tif, alike)[image].levels[level]
        if alike and not series.keyframe.is_subifd:  # many are read faster by the tags of one
            tif.pages.set_keyframe(series.keyframe.index)
            tif.pages.useframes = True
        # those of LSM are two kinds in turn, and corrected by tifffile
        alike = alike or series.kind == "lsm"
        kind = (series.keyframe.shape, series.keyframe.dtype)
        pages = [each if alike or each is None else itself(each) for each in series.pages]
        for keyframe in {page.keyframe for page in pages if page is not None}:
            keyframe.decode  # noqa: B018  made on first use, from the file while it is open
            if (keyframe.shape, keyframe.dtype) != kind:
                raise FormatError("has pages of several shapes or types in one stack")
    return pages, series.keyframe.dtype.newbyteorder("=")


def page_box(file: IO[bytes], page: Any, box: Box) -> Array:
    """Return a box of one page of an open file, over the page's own axes."""
    if page is None:
        raise FormatError("has no data for one of its pages")
    keyframe = page.keyframe
    if _in_one_piece(page):
        stored = keyframe.dtype.newbyteorder(keyframe.parent.byteorder).str
        return Raw(page.dataoffsets[0], stored, keyframe.shape)(Path(file.name), box)
    normal, kept = _normal(keyframe, box)
    out = np.empty(box_shape(normal), keyframe.dtype.newbyteorder("="))
    for number in _touched(keyframe, normal):
        values, at, shape = _segment(file, page, keyframe, number)
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


def is_plain(page: Any) -> bool:
    """Whether samples are stored as they are in memory, and not packed, as bits or in between."""
    whole = page.bitspersample == page.dtype.itemsize * 8 and page.predictor == 1
    return bool(whole and page.compression == 1 and page.fillorder == 1)


def _in_one_piece(page: Any) -> bool:
    """Whether all strips of a page follow one another, and are all there."""
    keyframe, offsets, counts = page.keyframe, page.dataoffsets, page.databytecounts
    if not is_plain(keyframe) or keyframe.is_tiled or len(offsets) != len(counts):
        return False
    ends = [at + count for at, count in zip(offsets, counts, strict=True)]
    size = math.prod(keyframe.shape) * keyframe.dtype.itemsize
    return bool(offsets) and ends[:-1] == list(offsets[1:]) and sum(counts) == size


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


def _grid(keyframe: Any) -> tuple[tuple[int, int, int], list[int]]:
    """Return the size of strips or tiles, and how many there are, by depth, row and column."""
    _, depth, rows, columns, _ = keyframe.shaped
    if keyframe.is_tiled:
        unit = (keyframe.tiledepth, keyframe.tilelength, keyframe.tilewidth)
    else:
        unit = (1, keyframe.rowsperstrip, columns)
    if min(unit) < 1:
        raise FormatError("has strips or tiles of no size")
    return unit, [math.ceil(n / u) for n, u in zip((depth, rows, columns), unit, strict=True)]


def require_segments(page: Any) -> None:
    """Raise `FormatError` if a page lists fewer strips or tiles than its size needs."""
    needed = page.keyframe.shaped[0] * math.prod(_grid(page.keyframe)[1])
    if len(page.dataoffsets) < needed:
        raise FormatError(
            f"lists {len(page.dataoffsets)} strips or tiles, and its size needs {needed}"
        )


def _touched(keyframe: Any, normal: Box) -> list[int]:
    """Return the numbers of the strips or tiles that a box meets."""
    unit, grid = _grid(keyframe)
    spans = [range(p.start // u, math.ceil(p.stop / u))
             for p, u in zip(normal[1:4], unit, strict=True)]  # fmt: skip
    return [
        ((plane * grid[0] + d) * grid[1] + r) * grid[2] + c
        for plane in range(normal[0].start, normal[0].stop)
        for d in spans[0]
        for r in spans[1]
        for c in spans[2]
    ]


def _segment(file: IO[bytes], page: Any, keyframe: Any, number: int) -> Any:
    """Decode one strip or tile; return its values, its place and its shape."""
    if number >= len(page.dataoffsets):
        require_segments(page)
    offset, count = page.dataoffsets[number], page.databytecounts[number]
    extra: dict[str, Any] = {}
    if keyframe.compression in JPEG:
        extra = {"jpegtables": page.jpegtables, "jpegheader": keyframe.jpegheader}
    decode = keyframe.decode
    if not offset or not count:
        return decode(None, number, **extra)
    require_complete(os.fstat(file.fileno()).st_size, offset + count)
    file.seek(offset)
    content = file.read(count)
    if keyframe.compression in JPEG:
        require_size_of_jpeg(content, _grid(keyframe)[0][1:])
    return decode(content, number, **extra)


def unit_of(keyframe: Any) -> tuple[int, ...]:
    """Return the shape of what is decoded at once, over the page's own axes."""
    sizes = {"Y": keyframe.rowsperstrip, "X": keyframe.imagewidth}
    if keyframe.is_tiled:
        sizes = {"Z": keyframe.tiledepth, "Y": keyframe.tilelength, "X": keyframe.tilewidth}
    sizes["S"] = keyframe.samplesperpixel if keyframe.planarconfig == 1 else 1
    unit = tuple(int(sizes.get(axis, 1)) for axis in keyframe.axes)
    # the last strip ends with the image, which a tile does not
    decoded = unit if keyframe.is_tiled else tuple(map(min, unit, keyframe.shape))
    copies = _COPIES * keyframe.dtype.itemsize
    require_modest(decoded, copies, what="a strip or tile")
    return unit


def _numbers(outer: tuple[int, ...], box: Box) -> Iterator[tuple[tuple[int, ...], int]]:
    """Give the place in the box, and the number in the file, of each page a box meets."""
    for place in np.ndindex(box_shape(box[: len(outer)])):
        index = tuple(i + part.start for i, part in zip(place, box, strict=False))
        yield place, int(np.ravel_multi_index(index, outer)) if index else 0
