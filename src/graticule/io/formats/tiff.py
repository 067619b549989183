"""TIFF: plain, OME, ImageJ; stacks, tiles and pyramids.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> from graticule.core import as_image
>>> stack = as_image(np.zeros((2, 3, 4), np.uint16), dims=("z", "y", "x"), spacing={"z": "2 um"})
>>> with tempfile.TemporaryDirectory() as folder:
...     read = gt.read(gt.write(Path(folder) / "stack.ome.tif", stack)).load()
>>> read.dims, read.z.values.tolist(), read.z.attrs["units"]
(('z', 'y', 'x'), [0.0, 2.0], 'um')
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL
from graticule.io.axes import GUESSED, build, coordinate, default_dims
from graticule.io.format import Address, Format, Sizes, choose_array
from graticule.io.formats._tiff_axes import Axes, exchanged, imagej_axes, ome_axes, plain_axes
from graticule.io.formats._tiff_chain import Chain, follow
from graticule.io.formats._tiff_images import itself, outline, page_count
from graticule.io.formats._tiff_levels import Found, series_of
from graticule.io.formats._tiff_series import Series
from graticule.io.formats._tiff_vendors import vendor_axes
from graticule.io.formats._tiff_write import write
from graticule.io.lazy import as_dask
from graticule.io.safety import noted

_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LETTERS = {"Y": "y", "X": "x", "Z": "z", "C": "c", "S": "c", "T": "t", "A": "angle", "P": "phase",
            "R": "tile", "H": "lifetime", "E": "wavelength", "L": "exposure", "V": "event",
            "M": "mosaic"}  # fmt: skip
_ORIENTATION = 274
_GAPPED = ("ome", "mmstack")
"""Of series that may lack pages."""
_ZEROED = "Missing data are zeroed"
"""What tifffile says of pages that are not there; here they are no values at all."""
# what is said of damaged files when blocks are read is raised there; nobody has to see it twice
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(_MARKS)


def _open(address: Address, level: int, *, indices: bool = False) -> xr.DataArray:
    with _opened(address) as (found, notes):
        header = {tag.name: tag.value for tag in found.base.keyframe.tags.values()
                  if _is_short(tag)}  # fmt: skip
        series = series_of(found, level, indices=indices)
        factors = _factors(found.base, found.base.levels[level])
    factors = exchanged(factors) if found.orientation >= 5 else factors
    return _assemble(series, found.axes, header, factors, notes)


def _open_labels(address: Address, level: int) -> xr.DataArray:
    return _open(address, level, indices=True)


@contextmanager
def _opened(address: Address) -> Iterator[tuple[Found, list[str]]]:
    """Find the image that is asked for, and collect what is to be told of its file."""
    from tifffile import TiffFile

    path = address.path
    with noted("tifffile") as notes, TiffFile(path, _multifile=False) as tif:
        images, chain = _outlined(tif, path)
        name = _pick(images, address.inside)
        base = images[name]
        axes = _axes(tif, images, name, path)
        orientation = _orientation(base, chain.alike, tif.is_geotiff, notes)
        if orientation >= 5:
            axes = replace(axes, steps=exchanged(axes.steps))
        _tell_of_pages(images, base, chain, notes)
        yield Found(path, name, base, axes, chain, orientation), notes


def _outlined(tif: Any, path: Path) -> tuple[dict[str, Any], Chain]:
    # NDPI has a list of pages of a kind of its own
    chain = Chain(len(tif.pages), True) if tif.is_ndpi else follow(path)
    return outline(tif, chain), chain


def _image_names(address: Address) -> list[str]:
    from tifffile import TiffFile

    with noted("tifffile"), TiffFile(address.path, _multifile=False) as tif:
        return list(_outlined(tif, address.path)[0])


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
    gaps = base.kind in _GAPPED  # of others each page would be read for this
    missing = sum(page is None for page in base.pages) if gaps else 0
    if missing:
        notes[:] = [note for note in notes if _ZEROED not in note]
        notes.append(f"lacks {missing} of its pages; what of them is read is an error")
    smaller = [level.keyframe for level in base.levels[1:]]
    if base.kind == "generic" and not all(p.is_reduced or p.is_subifd for p in smaller):
        notes.append("smaller pages are taken for levels of a pyramid, which nothing marks so")


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


def _axes(tif: Any, images: Mapping[str, Any], name: str, path: Path) -> Axes:
    if tif.is_ome:
        titles = [each.name for each in images.values()]
        return ome_axes(tif.pages[0].description, path.name, titles, list(images).index(name))
    if tif.is_imagej:
        return imagej_axes(tif)
    return vendor_axes(tif) or plain_axes(images[name].keyframe)


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
        return tuple(dims), [f"pages that nobody named are taken as z{GUESSED}"]
    return tuple(dims) if all(dims) else tuple(default_dims(len(dims))), []


def _levels(address: Address) -> list[Sizes]:
    with _opened(address) as (found, _):
        sizes = []
        for level in range(len(found.base.levels)):
            series = series_of(found, level, indices=False)
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
    names=_image_names,
)
