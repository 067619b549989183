"""Arrays that lie uncompressed and in one piece in a file: read and written box by box.

They are read and not mapped: pages of a mapping count as memory of the process, and around every
sample that is touched the system maps some more.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from graticule.core.typing import Array
from graticule.io.lazy import Box, box_shape
from graticule.io.safety import require_complete

_BAND = 4 * 2**20
"""Bytes that are read at once where a box takes a little of each row."""
_SPARSE = 16
"""How many times more than the box rows may hold and still be read whole."""
_SHORT = 2**14
"""Bytes of a row from which it is read on its own."""


@dataclass(frozen=True)
class Raw:
    """Reads a box from an uncompressed array that lies in one piece in a file.

    Attributes
    ----------
    offset : int
        Byte at which it begins.
    dtype : str
        As stored, byte order included.
    shape : tuple of int
        As stored, in the order of ``order``.
    order : str
        ``"C"`` or ``"F"``.
    """

    offset: int
    dtype: str
    shape: tuple[int, ...]
    order: Any = "C"
    in_place: ClassVar[bool] = True

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values in native byte order."""
        stored = self.stored(path, box)
        return np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))

    def stored(self, path: Path, box: Box) -> Array:
        """Return the values as they are stored.

        Raises
        ------
        FormatError
            If the file ends before them.
        """
        if self.order == "F":
            turned = Raw(self.offset, self.dtype, self.shape[::-1])
            return turned.stored(path, box[::-1]).transpose()
        out = np.empty(box_shape(box), self.dtype)
        if out.size:
            with path.open("rb", buffering=0) as file:
                self._read(file, box, out)
        return out

    def _read(self, file: Any, box: Box, out: Array) -> None:
        axis = _last_cut(self.shape, box)
        inner = math.prod(self.shape[axis + 1 :]) * out.itemsize
        run = (box[axis].stop - box[axis].start) * inner
        row = self.shape[axis] * inner
        if axis and run < _SHORT and row <= min(_SPARSE * run, _BAND):
            self._read_bands(file, box, out, axis - 1)
            return
        for place, start in _runs(self.shape, box, axis):
            _fill(file, self.offset + start * out.itemsize, out[place])

    def _read_bands(self, file: Any, box: Box, out: Array, axis: int) -> None:
        """Read rows along an axis whole, some at a time, and take the box out of them."""
        row = math.prod(self.shape[axis + 1 :]) * out.itemsize
        step = max(1, _BAND // row)
        outer = (*box[: axis + 1], *(slice(0, size) for size in self.shape[axis + 1 :]))
        for place, start in _runs(self.shape, outer, axis):
            target = out[place]
            for first in range(0, target.shape[0], step):
                rows = target[first : first + step]
                band = np.empty((len(rows), *self.shape[axis + 1 :]), out.dtype)
                _fill(file, self.offset + start * out.itemsize + first * row, band)
                rows[...] = band[(slice(None), *box[axis + 1 :])]


class RawTarget:
    """An array in one piece in a file, filled box by box.

    Parameters
    ----------
    path : Path
        A file that is there, and is made as long as the array needs.
    offset : int
        Byte at which it begins.
    dtype : dtype
        As it is stored, byte order included.
    shape : sequence of int
        In C order.
    """

    def __init__(self, path: Path, offset: int, dtype: Any, shape: Sequence[int]) -> None:
        self.path, self.offset = path, offset
        self.dtype = np.dtype(dtype)
        self.shape = tuple(map(int, shape))
        end = offset + math.prod(self.shape) * self.dtype.itemsize
        if path.stat().st_size < end:
            os.truncate(path, end)

    def __setitem__(self, index: Any, values: Any) -> None:
        keys = index if isinstance(index, tuple) else (index,)
        keys = tuple(key for key in keys if key is not Ellipsis)
        keys += (slice(None),) * (len(self.shape) - len(keys))
        box = tuple(slice(*key.indices(n)[:2]) for key, n in zip(keys, self.shape, strict=True))
        block = np.ascontiguousarray(np.broadcast_to(values, box_shape(box)), self.dtype)
        if not block.size:
            return
        axis = _last_cut(self.shape, box)
        with self.path.open("r+b", buffering=0) as file:
            for place, start in _runs(self.shape, box, axis):
                file.seek(self.offset + start * self.dtype.itemsize)
                left = _bytes_of(block[place])
                while left:
                    left = left[file.write(left) or 0 :]


def _last_cut(shape: Sequence[int], box: Box) -> int:
    """Return the last axis of which a box does not take all; axis 0 if there is none."""
    cut = [
        axis for axis, size in enumerate(shape) if (box[axis].start, box[axis].stop) != (0, size)
    ]
    return max(cut, default=0)


def _runs(shape: Sequence[int], box: Box, axis: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Give the parts of a box that lie in one piece: place in the box, and first sample."""
    strides = [math.prod(shape[at + 1 :]) for at in range(len(shape))]
    first = sum(span.start * stride for span, stride in zip(box, strides, strict=True))
    for place in np.ndindex(box_shape(box[:axis])):
        yield place, first + sum(at * stride for at, stride in zip(place, strides, strict=False))


def _fill(file: Any, at: int, target: Array) -> None:
    """Fill an array that lies in one piece with the bytes of a file from a place on."""
    file.seek(at)
    left = _bytes_of(target)
    have, need = 0, len(left)
    while have < need:
        count = file.readinto(left[have:])
        if not count:
            require_complete(have, need)
        have += count


def _bytes_of(array: Array) -> memoryview:
    """Return the memory of an array that lies in one piece."""
    return array.reshape(-1).view(np.uint8).data
