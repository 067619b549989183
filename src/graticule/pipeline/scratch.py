"""Arrays on disk for results that must be complete but need not fit into memory."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Box: TypeAlias = tuple[tuple[int, int], ...]


class ScratchArray:
    """An array in a file of its own, chunk after chunk, of which only what is used is mapped.

    The pages of a mapping count as memory of the process while it is open, so one chunk is
    mapped at a time, and only while it is read or written. The file goes when the array does.

    Parameters
    ----------
    folder : Path
        Where the file is made.
    shape : sequence of int
        As of an array.
    dtype : dtype
        As of an array.
    chunk : sequence of int, optional
        Size of what lies together in the file; by default all of it.

    Examples
    --------
    >>> array = ScratchArray(Path(tempfile.mkdtemp()), (4, 6), np.int32, chunk=(2, 4))
    >>> array[1:3, 2:5] = 7
    >>> array[2, 1:4]
    array([0, 7, 7], dtype=int32)
    """

    def __init__(
        self, folder: Path, shape: Sequence[int], dtype: Any, chunk: Sequence[int] | None = None
    ) -> None:
        self.shape = tuple(int(size) for size in shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self.chunk = tuple(max(1, int(size)) for size in (chunk or self.shape))
        self._counts = tuple(
            max(1, math.ceil(size / step))
            for size, step in zip(self.shape, self.chunk, strict=True)
        )
        self._slot = math.prod(self.chunk) * self.dtype.itemsize
        folder.mkdir(parents=True, exist_ok=True)
        handle, self.path = tempfile.mkstemp(dir=folder, prefix="scratch-", suffix=".bin")
        with os.fdopen(handle, "wb") as file:
            file.truncate(math.prod(self._counts) * self._slot)
        weakref.finalize(self, _remove, self.path, os.getpid())

    @classmethod
    def for_tiles(
        cls, folder: Path, sizes: Mapping[Any, int], dtype: Any, tile: Mapping[str, int]
    ) -> ScratchArray:
        """Return an array for an image that is worked on in tiles: a chunk for each."""
        chunk = [min(tile.get(str(dim), size), size) for dim, size in sizes.items()]
        return cls(folder, list(sizes.values()), dtype, chunk)

    def __getitem__(self, index: Any) -> np.ndarray[Any, Any]:
        box, single = _box(index, self.shape)
        out = np.empty([stop - start for start, stop in box], self.dtype)
        for chunk, within, target in self._chunks_under(box):
            out[target] = self._mapped(chunk, "r")[within]
        return np.asarray(out[single])

    def __setitem__(self, index: Any, values: Any) -> None:
        box, single = _box(index, self.shape)
        block = np.broadcast_to(np.empty((), self.dtype), [b - a for a, b in box])
        broadcast = np.broadcast_to(values, block[single].shape).reshape(block.shape)
        for chunk, within, target in self._chunks_under(box):
            self._mapped(chunk, "r+")[within] = broadcast[target]

    def _mapped(self, chunk: tuple[int, ...], mode: Any) -> np.memmap[Any, Any]:
        offset = int(np.ravel_multi_index(chunk, self._counts)) * self._slot if chunk else 0
        return np.memmap(self.path, self.dtype, mode, offset=offset, shape=self.chunk)

    def _chunks_under(
        self, box: Box
    ) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]]:
        """Give the chunks under a box: which, the part within it, and its place in the box."""
        ranges = [
            range(start // step, -(-stop // step))
            for (start, stop), step in zip(box, self.chunk, strict=True)
        ]
        for chunk in itertools.product(*ranges):
            within, target = [], []
            for number, step, (start, stop) in zip(chunk, self.chunk, box, strict=True):
                low, high = max(start, number * step), min(stop, (number + 1) * step)
                within.append(slice(low - number * step, high - number * step))
                target.append(slice(low - start, high - start))
            yield chunk, tuple(within), tuple(target)


def _box(index: Any, shape: Sequence[int]) -> tuple[Box, tuple[Any, ...]]:
    """Return start and stop along each axis, and the index that drops axes of one integer."""
    keys = index if isinstance(index, tuple) else (index,)
    keys += (slice(None),) * (len(shape) - len(keys))
    box: list[tuple[int, int]] = []
    single: list[Any] = []
    for key, size in zip(keys, shape, strict=True):
        if isinstance(key, slice):
            start, stop, _ = key.indices(size)
            box.append((start, max(start, stop)))
            single.append(slice(None))
        else:
            position = range(size)[key]
            box.append((position, position + 1))
            single.append(0)
    return tuple(box), tuple(single)


def _remove(path: str, owner: int) -> None:
    """Remove the file, in the process that made it and in no copy of the array elsewhere."""
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            os.unlink(path)
