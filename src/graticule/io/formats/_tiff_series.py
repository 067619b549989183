"""A series of pages as it is stored, and as it is meant: turned upright, without missing values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.io.lazy import Box, FileArray, box_shape

Fetch = Callable[[Path, Box], Array]


@dataclass(frozen=True)
class Series:
    """The array of a series, read when it is needed.

    Attributes
    ----------
    array : FileArray
        The samples in their file.
    unit : tuple of int
        Shape that is decoded at once.
    letters : str
        What TIFF readers call each axis.
    samples : sequence of str
        Names of the samples of a pixel; empty where they need none.
    notes : sequence of str
        What was done to the stored values, or left undone.
    """

    array: FileArray
    unit: tuple[int, ...]
    letters: str
    samples: Sequence[str] = ()
    notes: Sequence[str] = ()

    def told(self, *notes: str) -> Series:
        """Return the series with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def read_by(self, fetch: Fetch, **changes: Any) -> Series:
        """Return the series with another ``shape`` or ``dtype``, or else of its array."""
        array = replace(self.array, fetch=fetch, **changes)
        return replace(self, array=array)


def rescaled(series: Series, scale: float, power: int) -> Series:
    """Return a series whose stored values are a root, or a part, of what was measured."""
    read = _Rescaled(series.array.fetch, scale, power)
    note = f"its values are those stored{f' to the power of {power}' if power > 1 else ''}, times"
    return series.read_by(read, dtype=np.dtype("f4")).told(f"{note} {scale:g}, as its file says")


@dataclass(frozen=True)
class _Rescaled:
    fetch: Fetch
    scale: float
    power: int

    def __call__(self, path: Path, box: Box) -> Array:
        values = self.fetch(path, box).astype(np.float32) ** self.power
        return values * np.float32(self.scale)


def masked(series: Series, text: str) -> Series:
    """Make NaN of the value that GDAL was told to take for missing, as FITS does with BLANK."""
    dtype = series.array.dtype
    try:
        value = float(text.strip("\0 "))
    except ValueError:
        return series.told(f"its missing value (GDAL_NODATA) {text!r} is no number; none is masked")
    if math.isnan(value) and dtype.kind == "f":
        return series
    if dtype.kind not in "iuf" or not _holds(dtype, value):
        return series.told(f"its missing value (GDAL_NODATA) {text} is no {dtype}; none is masked")
    real = dtype if dtype.kind == "f" else np.dtype("f4" if dtype.itemsize <= 2 else "f8")
    missing = dtype.type(value if dtype.kind == "f" else int(value))
    changed = series.read_by(_Masked(series.array.fetch, missing, real), dtype=real)
    return changed.told(f"its missing values, stored as {text} (GDAL_NODATA), are NaN")


def _holds(dtype: np.dtype[Any], value: float) -> bool:
    if dtype.kind == "f":
        return True
    bounds = np.iinfo(dtype)
    return value.is_integer() and bounds.min <= value <= bounds.max


@dataclass(frozen=True)
class _Masked:
    fetch: Fetch
    missing: Any
    dtype: np.dtype[Any]

    def __call__(self, path: Path, box: Box) -> Array:
        stored = self.fetch(path, box)
        values = stored.astype(self.dtype)
        values[stored == self.missing] = np.nan
        return values


def upright(series: Series, orientation: int) -> Series:
    """Turn pages as every viewer does, by the tag of that name (TIFF 6.0, section 8)."""
    swapped = orientation >= 5
    flipped = (orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7))
    axes = (series.letters.index("Y"), series.letters.index("X"))
    read = _Turned(series.array.fetch, series.array.shape, axes, flipped, swapped)
    turned = series.read_by(read, shape=tuple(read.turned(series.array.shape)))
    unit = tuple(read.turned(series.unit))
    note = f"is turned upright, as its orientation {orientation} says"
    return replace(turned, unit=unit).told(note)


@dataclass(frozen=True)
class _Turned:
    """Reads a box of turned pages: rows and columns swapped, and then either of them reversed."""

    fetch: Fetch
    shape: tuple[int, ...]
    axes: tuple[int, int]
    flipped: tuple[bool, bool]
    swapped: bool

    def turned(self, parts: Sequence[Any]) -> list[Any]:
        """Return what belongs to each axis in the order of the turned axes, and back."""
        parts = list(parts)
        if self.swapped:
            rows, columns = self.axes
            parts[rows], parts[columns] = parts[columns], parts[rows]
        return parts

    def __call__(self, path: Path, box: Box) -> Array:
        sizes, spans = self.turned(self.shape), list(box)
        back = [slice(None)] * len(box)
        for axis in (axis for axis, flip in zip(self.axes, self.flipped, strict=True) if flip):
            spans[axis] = slice(sizes[axis] - box[axis].stop, sizes[axis] - box[axis].start)
            back[axis] = slice(None, None, -1)
        values = self.fetch(path, tuple(self.turned(spans)))
        values = values.swapaxes(*self.axes) if self.swapped else values
        return values[tuple(back)].reshape(box_shape(box))
