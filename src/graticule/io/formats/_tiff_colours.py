"""What the samples of a TIFF stand for: palettes, inks, Lab and YCbCr become RGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.io.formats._tiff_series import Fetch, Series
from graticule.io.lazy import Box
from graticule.io.safety import quiet

WHITE, BLACK, RGB, PALETTE, MASK, INKS, YCBCR = range(7)
LAB, ICC_LAB = 8, 9
"""Photometric interpretations (TIFF 6.0, section 8 and on; ICCLab of technical note 4)."""
_OPACITY = (1, 2)  # of ExtraSamples: associated, unassociated
_CMYK = 1  # of InkSet
_PLAIN_COMPRESSIONS = (1, 5, 8, 32771, 32773, 32946, 34925, 50000, 50013)
"""Those that keep samples as they are; others keep pictures, which decode to RGB."""
_LUMA = (0.299, 0.587, 0.114)
_REFERENCE = (0.0, 255.0, 128.0, 255.0, 128.0, 255.0)


def coloured(series: Series, page: Any, palette: Any, *, indices: bool) -> Series:
    """Return a series in grey, or in red, green and blue, whatever the samples of a page are.

    Parameters
    ----------
    series : Series
        As stored.
    page : TiffPage
        One for all of its pages.
    palette : array or None
        The colours that values name; None where they name none.
    indices : bool
        Whether the values of a palette are wanted and not the colours.
    """
    kind = page.photometric
    if kind == PALETTE:
        return series if indices else _from_palette(series, page, palette)
    if kind == WHITE:
        series = series.told("0 is white in it (MinIsWhite); values are as stored")
    turn = _turn(page, series.array.dtype)
    if turn is not None:
        name = {INKS: "CMYK inks", YCBCR: "YCbCr"}.get(kind, "Lab")
        series = _converted(series, turn, page).told(f"its {name} are turned into RGB")
    elif kind in (INKS, LAB, ICC_LAB) or not (kind is None or kind <= ICC_LAB):
        series = series.told(f"its samples are {_name(page)}, and are not turned into grey or RGB")
    return _with_extra_samples(series, page)


def _name(page: Any) -> str:
    named = getattr(page.photometric, "name", str(page.photometric))
    return "inks other than CMYK" if page.photometric == INKS else named


def _turn(page: Any, dtype: np.dtype[Any]) -> Callable[[Array], Array] | None:
    """Return what makes RGB of the samples of a page, the last axis; None where nothing does."""
    kind, wide = page.photometric, dtype in (np.uint8, np.uint16)
    colours = page.samplesperpixel - len(page.extrasamples)
    if kind == INKS and colours == 4 and wide and page.tags.valueof(332, _CMYK) == _CMYK:
        return from_inks
    if kind in (LAB, ICC_LAB) and colours == 3 and dtype.itemsize <= 2 and dtype.kind in "iu":
        return partial(from_lab, icc=kind == ICC_LAB)
    plain = page.compression in _PLAIN_COMPRESSIONS and not page.is_subsampled
    if kind == YCBCR and plain and dtype == np.uint8 and colours == 3:
        luma, reference = page.tags.valueof(529), page.tags.valueof(532)
        return partial(from_ycbcr, luma=_ratios(luma, _LUMA),
                       reference=_ratios(reference, _REFERENCE))  # fmt: skip
    return None


def _ratios(value: Any, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    """Return rationals, as pairs or one after another, as numbers."""
    if value is None:
        return otherwise
    flat = np.asarray(value, float).reshape(-1, 2)
    good = len(flat) == len(otherwise) and flat[:, 1].all()
    return tuple((flat[:, 0] / flat[:, 1]).tolist()) if good else otherwise


def from_inks(values: Array) -> Array:
    """Return RGB of cyan, magenta, yellow and black, without a profile of any printer."""
    most = np.iinfo(values.dtype).max
    left = most - values.astype(np.float64)
    rgb: Array = np.rint(left[..., :3] * left[..., 3:] / most).astype(values.dtype)
    return rgb


def from_lab(values: Array, icc: bool) -> Array:
    """Return RGB of CIE L*a*b* as TIFF keeps it, or as ICC profiles do."""
    from skimage.color import lab2rgb

    width = values.dtype.itemsize * 8
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    most = np.iinfo(unsigned).max
    stored = values.view(unsigned)
    light = stored[..., :1] * (100 / most)
    if icc:
        chroma = stored[..., 1:] / (257 if width == 16 else 1) - 128
    else:
        chroma = stored[..., 1:].view(f"i{values.dtype.itemsize}") / 2 ** (width - 8)
    with quiet(UserWarning):  # of colours that no screen can show
        rgb: Array = lab2rgb(np.concatenate([light, chroma], axis=-1))
    return np.asarray(np.rint(rgb * most), unsigned)


def from_ycbcr(values: Array, luma: tuple[float, ...], reference: tuple[float, ...]) -> Array:
    """Return RGB of luminance and two differences of colour (TIFF 6.0, section 21)."""
    black, white = np.array(reference[::2]), np.array(reference[1::2])
    span = np.array([255.0, 127.0, 127.0])
    y, blue, red = np.moveaxis((values - black) * span / (white - black), -1, 0)
    red = red * (2 - 2 * luma[0]) + y
    blue = blue * (2 - 2 * luma[2]) + y
    green = (y - luma[2] * blue - luma[0] * red) / luma[1]
    rgb = np.clip(np.stack([red, green, blue], -1), 0, 255)
    return np.asarray(np.rint(rgb), values.dtype)


def _converted(series: Series, turn: Callable[[Array], Array], page: Any) -> Series:
    """Return a series whose first samples become three; those after them stay."""
    axis, shape = series.letters.index("S"), list(series.array.shape)
    stored, extra = shape[axis], len(page.extrasamples)
    shape[axis] = 3 + extra
    unit = [3 + extra if at == axis else size for at, size in enumerate(series.unit)]
    read = _Turning(series.array.fetch, axis, stored, stored - extra, turn)
    changed = series.read_by(read, shape=tuple(shape), dtype=np.dtype(f"u{_size(series)}"))
    return replace(changed, unit=tuple(unit))


def _size(series: Series) -> int:
    return series.array.dtype.itemsize


@dataclass(frozen=True)
class _Turning:
    """Reads all samples of a box, makes others of the first ones, and cuts out those wanted."""

    fetch: Fetch
    axis: int
    stored: int
    colours: int
    turn: Callable[[Array], Array]

    def __call__(self, path: Path, box: Box) -> Array:
        whole = [*box[: self.axis], slice(0, self.stored), *box[self.axis + 1 :]]
        values = np.ascontiguousarray(np.moveaxis(self.fetch(path, tuple(whole)), self.axis, -1))
        turned = self.turn(np.ascontiguousarray(values[..., : self.colours]))
        values = np.concatenate([turned, values[..., self.colours :].astype(turned.dtype)], -1)
        return np.moveaxis(values[..., box[self.axis]], -1, self.axis)


def _from_palette(series: Series, page: Any, palette: Any) -> Series:
    if palette is None or "S" in series.letters or series.array.dtype.kind != "u":
        return series.told("its values name colours of a palette, and are as stored")
    table = _table(np.asarray(palette).T, 2 ** min(16, page.bitspersample))
    if (table == table[:, :1]).all():
        grey = _Named(series.array.fetch, table[:, 0])
        return series.read_by(grey, dtype=table.dtype).told("its palette of greys is applied")
    shape = (*series.array.shape, 3)
    changed = series.read_by(_Named(series.array.fetch, table), shape=shape, dtype=table.dtype)
    note = "its palette is applied; read as labels it gives the numbers of the colours"
    return replace(
        changed, unit=(*series.unit, 3), letters=series.letters + "S"
    ).told(note)  # fmt: skip


def _table(palette: Array, count: int) -> Array:
    """Return the colours of a palette, one a row, in 8 bits where they have no more.

    Writers scale 8 bits to the 16 of the tag by 257 or by 256, or leave them as they are.
    """
    for scale in (257, 256, 1):
        if not (palette % scale).any() and palette.max(initial=0) <= 255 * scale:
            palette = (palette // scale).astype(np.uint8)
            break
    missing = np.zeros((max(0, count - len(palette)), 3), palette.dtype)
    return np.concatenate([palette, missing])


@dataclass(frozen=True, eq=False)
class _Named:
    """Reads a box of the colours that values name; the last axis is that of the colours."""

    fetch: Fetch
    table: Array

    def __call__(self, path: Path, box: Box) -> Array:
        if self.table.ndim == 1:
            return self.table[self.fetch(path, box)]
        return self.table[self.fetch(path, box[:-1])][..., box[-1]]


def _with_extra_samples(series: Series, page: Any) -> Series:
    """Name the samples of a pixel where one is its opacity, so that it is not taken for a value."""
    extra = [int(each) for each in page.extrasamples]
    if not extra or "S" not in series.letters:
        return series
    count = series.array.shape[series.letters.index("S")]
    colours = {1: ("grey",), 3: ("red", "green", "blue")}.get(count - len(extra), ())
    if 1 in extra:
        series = series.told("its values are multiplied by the opacity, as stored")
    if colours and any(each in _OPACITY for each in extra):
        names = ["opacity" if each in _OPACITY else f"sample {number}"
                 for number, each in enumerate(extra, len(colours))]  # fmt: skip
        if (len(colours), len(extra)) != (3, 1):  # RGBA needs no names
            return replace(series, samples=(*colours, *names))
    elif len(colours) == 3:
        series = series.told("its samples beyond red, green and blue are no opacity")
    return series
