"""The images of a TIFF: which of its pages belong together."""

from __future__ import annotations

import math
from typing import Any

from graticule.io.formats._tiff_chain import Chain

_PLAIN_FLAGS = {"uniform", "geotiff", "gdal", "fei", "sem"}
"""Of files that tifffile knows nothing of that would make their pages more than a stack."""


def outline(tif: Any, chain: Chain) -> dict[str, Any]:
    """Return `images_of` a file; of many alike pages that are one stack only the first is read."""
    if chain.alike and chain.count > 1 and {"uniform"} <= tif.flags <= _PLAIN_FLAGS:
        first = tif.pages.first
        return {"0": _stack_of(tif, [first] * chain.count)}
    return images_of(tif, chain.alike)


def images_of(tif: Any, alike: bool) -> dict[str, Any]:
    """Return the images of a file, as tifffile's series, by name: a number, and a title if any.

    Pages of one shape and type are one stack, whatever their compression. ``alike`` says that
    all pages are stored in the same way, of which tifffile looks at a few only.
    """
    if not alike:
        tif.is_uniform = False
    series = list(tif.series)
    if len(series) > 1 and all(_is_loose(each) for each in series):
        series = _stacked(tif, series)
    return {str(number): each for number, each in enumerate(series)}


def _is_loose(series: Any) -> bool:
    """Whether nothing but their likeness makes pages a series."""
    return series.kind in ("generic", "uniform") and len(series.levels) == 1


def _stacked(tif: Any, series: list[Any]) -> list[Any]:
    """Return series with those of equal pages put together, in the order of the pages."""
    groups: dict[Any, list[Any]] = {}
    for each in series:
        keyframe = each.keyframe
        kind = (keyframe.shape, keyframe.axes, str(keyframe.dtype), keyframe.photometric,
                keyframe.is_reduced)  # fmt: skip
        groups.setdefault(kind, []).extend(each.pages)
    return [_stack_of(tif, sorted(pages, key=lambda page: page.index)) for pages in groups.values()]


def _stack_of(tif: Any, pages: list[Any]) -> Any:
    from tifffile import TiffPageSeries

    first, count = pages[0].keyframe, len(pages)
    shape, axes = ((count,), "I") if count > 1 else ((), "")
    return TiffPageSeries(
        pages, shape=(*shape, *first.shape), dtype=first.dtype, axes=axes + first.axes,
        parent=tif, kind="uniform",
    )  # fmt: skip


def page_count(series: Any) -> int:
    """Return how many pages of the list of a file make up a series and its levels."""
    levels = [level for level in series.levels if not level.keyframe.is_subifd]
    planes = [math.prod(level.get_shape(squeeze=False)) // max(1, level.keyframe.size)
              for level in levels]  # fmt: skip
    return sum(map(max, planes, (len(level.pages) for level in levels)))


def itself(page: Any) -> Any:
    """Return a page with tags of its own, and not those of another one."""
    return page if not page.is_frame or page.is_virtual else page.aspage()
