"""Images larger than memory: read from their file, and filled into one, block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.image import Image, is_lazy, with_values
from graticule.core.settings import settings
from graticule.core.typing import Array
from graticule.io.safety import guard, require_modest

Box: TypeAlias = tuple[slice, ...]
BLOCK = 32 * 2**20
"""Bytes a block of a lazily opened image aims at."""
MOST_BLOCKS = 20_000
"""Above about this many blocks they are made larger than that."""


@dataclass(frozen=True)
class FileArray:
    """A picklable array that opens its file anew for every region it is asked for.

    Attributes
    ----------
    path : Path
        The file; it is opened by this path in whatever process the read happens.
    shape : tuple of int
        Size of each axis.
    dtype : dtype
        Of what is returned, in native byte order.
    fetch : callable
        ``fetch(path, box) -> array``: picklable; ``box`` is a slice of step 1 for each axis. One
        that decodes nothing says so by an attribute ``in_place`` that is True.
    unit : tuple of int
        Shape of what is decoded at once; empty where samples are stored as they are.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fetch: Callable[[Path, Box], Array]
    unit: tuple[int, ...] = ()

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> Array:
        """Return the part under an index: an integer, slice or list of integers for each axis."""
        box, rest = _split(key, self.shape)
        sizes = box_shape(box)
        if 0 in sizes:
            values = np.empty(sizes, self.dtype)
        else:
            with guard(self.path):
                require_modest(sizes, self.dtype.itemsize, what="a block")
                values = np.asarray(self.fetch(self.path, box), self.dtype)
                if values.shape != sizes:
                    raise FormatError(f"gave {values.shape} where {sizes} was asked for")
        # axis by axis, the last first, so that an integer does not move the axes still to come
        for axis in reversed(range(len(rest))):
            values = values[(slice(None),) * axis + (rest[axis],)]
        return values

    def view(self, order: Sequence[int], dtype: np.dtype[Any]) -> FileArray:
        """Return the array with its axes in another order; those left out have one sample.

        Done here and not by dask, so that slices are still fused into the read.
        """
        shape = tuple(self.shape[axis] for axis in order)
        return FileArray(self.path, shape, dtype, _View(self.fetch, tuple(order), self.ndim))

    def blocks(self, nbytes: int) -> tuple[int, ...]:
        """Return the shape of blocks of some bytes that are decoded each on its own."""
        return _blocks(self.shape, self.unit or (1,) * self.ndim, self.dtype.itemsize, nbytes)

    def decoded(self, shape: Sequence[int]) -> float:
        """Return how many samples are decoded for one, where blocks of a shape are read."""
        if not self.unit:
            return 1.0
        return math.prod(
            1.0 if size >= n or not size % piece else 1 + piece / size
            for n, piece, size in zip(self.shape, self.unit, shape, strict=True)
        )

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        """Identify the content for dask: the file as it is now, and how it is read."""
        from dask.base import normalize_token

        state = self.path.stat()
        how = (self.shape, str(self.dtype), self.fetch)
        return (str(self.path), state.st_mtime_ns, state.st_size, normalize_token(how))


@dataclass(frozen=True)
class _View:
    fetch: Callable[[Path, Box], Array]
    order: tuple[int, ...]
    ndim: int

    @property
    def in_place(self) -> bool:
        return getattr(self.fetch, "in_place", False)

    def __call__(self, path: Path, box: Box) -> Array:
        whole = [slice(0, 1)] * self.ndim
        for axis, part in zip(self.order, box, strict=True):
            whole[axis] = part
        values = self.fetch(path, tuple(whole))
        left = [axis for axis in range(self.ndim) if axis not in self.order]
        sizes = box_shape(box)
        return values.transpose([*self.order, *left]).reshape(sizes)


def box_shape(box: Box) -> tuple[int, ...]:
    """Return how many samples a box has along each axis."""
    return tuple(span.stop - span.start for span in box)


def _split(key: Any, shape: Sequence[int]) -> tuple[Box, list[Any]]:
    """Split an index into a box of step 1, and what is left to do within it for each axis."""
    keys = key if isinstance(key, tuple) else (key,)
    at = next((n for n, part in enumerate(keys) if part is Ellipsis), None)
    if at is not None:
        keys = keys[:at] + (slice(None),) * (len(shape) - len(keys) + 1) + keys[at + 1 :]
    keys += (slice(None),) * (len(shape) - len(keys))
    pairs = [_split_axis(index, size) for index, size in zip(keys, shape, strict=True)]
    return tuple(box for box, _ in pairs), [rest for _, rest in pairs]


def _split_axis(key: Any, size: int) -> tuple[slice, Any]:
    if isinstance(key, slice):
        taken = range(*key.indices(size))
        if not len(taken):
            return slice(0, 0), slice(None)
        low, high = sorted((taken[0], taken[-1]))
        return slice(low, high + 1), slice(None, None, key.step)
    if isinstance(key, (int, np.integer)):
        index = range(size)[key]
        return slice(index, index + 1), 0
    indices = _places(np.asarray(key), size)
    if not indices.size:
        return slice(0, 0), slice(None)
    low = int(indices.min())
    return slice(low, int(indices.max()) + 1), indices - low


def _places(key: Array, size: int) -> Array:
    """Return the places from 0 that a list of bools or of integers, maybe negative, names."""
    if key.dtype == bool:
        key = np.flatnonzero(key)
    if key.size and not -size <= int(key.min()) <= int(key.max()) < size:
        raise IndexError(f"there are {size} samples, and place {key.max()} is asked for")
    return np.where(key < 0, key + size, key)


def as_dask(array: FileArray, unit: Sequence[int]) -> Any:
    """Return a dask array over a file, in blocks that are multiples of what a read decodes.

    Parameters
    ----------
    array : FileArray
        The array in its file.
    unit : sequence of int
        Shape that the file stores as one piece.
    """
    import dask.array as da

    blocks = _blocks(array.shape, unit, array.dtype.itemsize)
    if not getattr(array.fetch, "in_place", False):
        array = replace(array, unit=tuple(map(int, unit)))
    # fancy: without it dask would not fuse slices into the read (asked of dask 2026.8)
    meta = np.empty((0,) * array.ndim, array.dtype)
    return da.from_array(
        array, chunks=blocks, asarray=False, fancy=True, inline_array=True, meta=meta
    )


def source_of(image: Image) -> FileArray | None:
    """Return the array in a file that a lazy image is, as it was opened; None of any other."""
    layers = getattr(getattr(image.data, "dask", None), "layers", {})
    layer = layers.get(getattr(image.data, "name", ""))
    read = (each for each, _ in getattr(layer, "indices", ()))
    return next((each for each in read if isinstance(each, FileArray)), None)


def _blocks(
    shape: Sequence[int], unit: Sequence[int], itemsize: int, nbytes: int = BLOCK
) -> tuple[int, ...]:
    """Grow the stored piece along the last axes first until a block is near some bytes."""
    blocks = [max(1, min(piece, size)) for piece, size in zip(unit, shape, strict=True)]
    # a region is cut out of the read whatever the block, but each block costs dask time
    least = max(nbytes, math.prod(shape) * itemsize // MOST_BLOCKS)
    for axis in reversed(range(len(shape))):
        room = least // max(1, math.prod(blocks) * itemsize)
        grown = blocks[axis] * max(1, room)
        blocks[axis] = min(max(1, shape[axis]), grown)
    return tuple(blocks)


_threads: ContextVar[int | None] = ContextVar("threads", default=None)


@contextmanager
def filling_threads(count: int) -> Iterator[None]:
    """Have images be filled by this many threads while the block runs, a block by each at once.

    Without it there are as many as the settings say.
    """
    token = _threads.set(count)
    try:
        yield
    finally:
        _threads.reset(token)


def fill_threads() -> int:
    """Return how many threads fill an image."""
    return _threads.get() or settings().workers


def store(image: Image, target: Any) -> None:
    """Compute an image block by block into anything that takes ``target[slices] = values``.

    Threads of this process do it whatever dask's default scheduler is: the target is an open
    file, which no other process could fill.
    """
    if not is_lazy(image):
        target[...] = image.values
        return
    import dask.array as da

    da.store(image.data, target, lock=False, scheduler="threads", num_workers=fill_threads())


def computed(image: Image) -> Image:
    """Return an image in memory, made block by block by threads of this process."""
    if not is_lazy(image):
        return image
    values = np.empty(image.shape, image.dtype)
    store(image, values)
    return with_values(image, values)


def native(image: Image) -> np.dtype[Any]:
    """Return the dtype of an image in native byte order."""
    return image.dtype.newbyteorder("=")
