"""Deflated chunks of HDF5 data sets, unpacked here and into no more room than a chunk has.

HDF5 unpacks whatever there is and looks at its size afterwards, one chunk at a time in all threads.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.lazy import Box, box_shape

_DEFLATE, _SHUFFLE = 1, 2


def is_deflated(dataset: Any) -> bool:
    """Whether a data set holds plain numbers in chunks that are deflated, and shuffled at most."""
    import h5py

    if dataset.chunks is None or dataset.is_virtual or not dataset.ndim:
        return False
    kind = dataset.id.get_type()
    if not isinstance(kind, (h5py.h5t.TypeIntegerID, h5py.h5t.TypeFloatID)):
        return False
    stored = kind.dtype
    return _codes(dataset) in ([_DEFLATE], [_SHUFFLE, _DEFLATE]) and bool(
        stored.kind in "iuf" and h5py.h5t.py_create(stored) == kind
    )


def _codes(dataset: Any) -> list[int]:
    plist = dataset.id.get_create_plist()
    return [plist.get_filter(number)[0] for number in range(plist.get_nfilters())]


def unpacked(dataset: Any, box: Box) -> Array:
    """Return a box of a data set that `is_deflated`, in the byte order it is stored in.

    Raises
    ------
    FormatError
        If a chunk does not unpack to its size.
    """
    out = np.empty(box_shape(box), dataset.dtype)
    for corner, within, target in _chunks_under(dataset.chunks, box):
        if dataset.id.get_chunk_info_by_coord(corner).byte_offset is None:
            out[target] = dataset.fillvalue
        else:
            out[target] = _chunk(dataset, corner)[within]
    return out


def _chunk(dataset: Any, corner: tuple[int, ...]) -> Array:
    """Return the values of the chunk that begins at a sample."""
    import imagecodecs

    skipped, packed = dataset.id.read_direct_chunk(corner)
    count, size = math.prod(dataset.chunks), dataset.dtype.itemsize
    for number, code in reversed(list(enumerate(_codes(dataset)))):
        if skipped >> number & 1:
            continue
        if code == _DEFLATE:
            try:
                packed = imagecodecs.deflate_decode(packed, out=count * size)
            except imagecodecs.DeflateError as error:
                raise FormatError(
                    f"{dataset.name} has a chunk at {corner} that is damaged ({error})"
                ) from None
        elif len(packed) == count * size:
            planes = np.frombuffer(packed, np.uint8).reshape(size, count)
            packed = np.ascontiguousarray(planes.T).reshape(-1)
    if len(packed) != count * size:
        raise FormatError(f"{dataset.name} has a chunk at {corner} of a size that is not its own")
    return np.frombuffer(packed, dataset.dtype).reshape(dataset.chunks)


def _chunks_under(
    chunk: tuple[int, ...], box: Box
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """Give the chunks under a box: first sample, the part within, and its place in the box."""
    spans = list(zip(box, chunk, strict=True))
    for numbers in itertools.product(*(range(b.start // n, -(-b.stop // n)) for b, n in spans)):
        corner = tuple(number * n for number, n in zip(numbers, chunk, strict=True))
        ends = [
            (max(b.start, at), min(b.stop, at + n))
            for at, (b, n) in zip(corner, spans, strict=True)
        ]
        within = tuple(slice(a - at, b - at) for (a, b), at in zip(ends, corner, strict=True))
        target = tuple(slice(a - b.start, z - b.start) for (a, z), b in zip(ends, box, strict=True))
        yield corner, within, target
