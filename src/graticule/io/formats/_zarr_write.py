"""Writing OME-Zarr 0.5: sharded, with a pyramid of halves."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.image import SPATIAL, is_lazy
from graticule.core.typing import Array
from graticule.io.axes import LONG_NAMES, axis_of, plain
from graticule.io.lazy import box_shape, fill_threads, native, store

NOTE = "graticule"
_CHUNK = {1: 2**16, 2: 512, 3: 64}
_PER_SHARD = {1: 16, 2: 4, 3: 4}
_SMALLEST = 2048
"""A pyramid ends when its largest side is no longer than this."""
_AXIS_TYPES = {"t": "time", "time": "time", "c": "channel"}
_LONG = {short: long for long, short in reversed(LONG_NAMES.items())}


def write(path: Path, image: xr.DataArray, labels: bool) -> None:
    """Write an image and its pyramid along ``z y x``."""
    import zarr

    if not image.ndim or not image.size:
        raise FormatError("an OME-Zarr image has at least one axis and one sample")
    dtype = native(image)
    shapes = _pyramid([str(dim) for dim in image.dims], image.shape)
    group = zarr.create_group(path, zarr_format=3, attributes=_attributes(image, shapes, labels))
    arrays = [_array(group, str(n), image, shape, dtype) for n, shape in enumerate(shapes)]
    _fill(image, arrays[0])
    for finer, coarser in itertools.pairwise(arrays):
        in_memory = finer is arrays[0] and not is_lazy(image)
        _halve(image.values if in_memory else finer, finer.chunks, coarser, labels)


def _pyramid(dims: list[str], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    shapes = [shape]
    while max((n for d, n in zip(dims, shapes[-1], strict=True) if d in SPATIAL), default=0) > (
        _SMALLEST
    ):
        last = zip(dims, shapes[-1], strict=True)
        shapes.append(tuple(math.ceil(n / 2) if d in SPATIAL else n for d, n in last))
    return shapes


def _array(group: Any, name: str, image: xr.DataArray, shape: Any, dtype: Any) -> Any:
    from zarr.codecs import BloscCodec

    chunks, shards = _layout([str(dim) for dim in image.dims], shape)
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        shards=shards,
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
        dimension_names=[str(dim) for dim in image.dims],
        config={"write_empty_chunks": True},
    )


def _layout(dims: list[str], shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return chunks that a viewer reads, and shards of them that a disk likes."""
    named = [dim for dim in dims if dim in SPATIAL] or dims[-2:]
    tiled = [dim for dim in named if shape[dims.index(dim)] > 1] or named[-1:]
    side, per = _CHUNK[min(len(tiled), 3)], _PER_SHARD[min(len(tiled), 3)]
    chunks = tuple(min(n, side) if d in tiled else 1 for d, n in zip(dims, shape, strict=True))
    shards = tuple(min(c * per, c * math.ceil(n / c)) for c, n in zip(chunks, shape, strict=True))
    return chunks, (shards if shards != chunks else None)


def _blocks(array: Any) -> list[tuple[slice, ...]]:
    """Return the pieces that can be written side by side: one file each."""
    unit = array.shards or array.chunks
    ranges = [range(0, n, u) for n, u in zip(array.shape, unit, strict=True)]
    return [
        tuple(slice(a, min(a + u, n)) for a, u, n in zip(at, unit, array.shape, strict=True))
        for at in itertools.product(*ranges)
    ]


def _fill(image: xr.DataArray, array: Any) -> None:
    if is_lazy(image):
        unit = array.shards or array.chunks
        store(
            image if _is_aligned(image, unit) else image.copy(data=image.data.rechunk(unit)), array
        )
        return
    values = image.values

    def put(block: tuple[slice, ...]) -> None:
        array[block] = values[block]

    _in_threads(put, _blocks(array))


def _is_aligned(image: xr.DataArray, unit: tuple[int, ...]) -> bool:
    """Whether no two blocks of an image lie in one file."""
    return all(
        size % piece == 0
        for sizes, piece in zip(image.data.chunks, unit, strict=True)
        for size in sizes[:-1]
    )


def written_unit(image: xr.DataArray) -> tuple[int, ...]:
    """Return the shape of what is written as one piece: a file."""
    chunks, shards = _layout([str(dim) for dim in image.dims], image.shape)
    return tuple(shards or chunks)


def _halve(finer: Any, chunks: tuple[int, ...], coarser: Any, labels: bool) -> None:
    factors = [2 if a != b else 1 for a, b in zip(finer.shape, coarser.shape, strict=True)]

    axis = factors.index(2)
    # a strip of the finer level is in memory at a time, one row of its chunks high
    step = max(1, chunks[axis] // 2)

    def put(block: tuple[slice, ...]) -> None:
        out = np.empty(box_shape(block), coarser.dtype)
        for start in range(0, out.shape[axis], step):
            rows = slice(start, min(start + step, out.shape[axis]))
            target = (slice(None),) * axis + (rows,)
            first = block[axis].start
            wanted = (*block[:axis], slice(first + rows.start, first + rows.stop))
            parts = zip((*wanted, *block[axis + 1 :]), factors, finer.shape, strict=True)
            source = tuple(slice(p.start * f, min(p.stop * f, n)) for p, f, n in parts)
            out[target] = halved(np.asarray(finer[source]), factors, labels)
        coarser[block] = out

    _in_threads(put, _blocks(coarser))


def _in_threads(put: Any, blocks: list[tuple[slice, ...]]) -> None:
    with ThreadPoolExecutor(fill_threads()) as pool:
        list(pool.map(put, blocks))


def halved(values: Array, factors: list[int], labels: bool) -> Array:
    """Return every second sample, or the mean of each two, along axes of factor 2.

    The last sample of an odd axis stands alone. Means of integers are rounded half up.

    Examples
    --------
    >>> halved(np.array([1, 2, 5], np.uint8), [2], labels=False)
    array([2, 5], dtype=uint8)
    """
    if labels or values.dtype.kind == "b":
        return np.asarray(values[tuple(slice(None, None, factor) for factor in factors)])
    wide = np.int64 if values.dtype.itemsize > 2 else np.int32
    whole = values.dtype.kind in "ui"
    total = values
    for axis, factor in enumerate(factors):
        if factor == 1:
            continue
        if total.shape[axis] % 2:
            last = total.take([-1], axis=axis)
            total = np.concatenate([total, last], axis=axis)
        even = (slice(None),) * axis + (slice(0, None, 2),)
        odd = (slice(None),) * axis + (slice(1, None, 2),)
        kind = wide if whole else total.dtype
        total = np.add(total[even], total[odd], dtype=kind)
    count = math.prod(factors)
    mean = (total + count // 2) // count if whole else total / np.asarray(count, total.dtype)
    return np.asarray(mean, values.dtype)


def _attributes(image: xr.DataArray, shapes: list[Any], labels: bool) -> dict[str, Any]:
    dims = [str(dim) for dim in image.dims]
    placed = {dim: axis for dim in dims if (axis := axis_of(image, dim)) is not None}
    axes = []
    for dim in dims:
        axes.append({"name": dim, "type": _AXIS_TYPES.get(dim, "space")})
        if dim in placed and (unit := placed[dim][2]):
            axes[-1]["unit"] = _LONG.get(unit, unit)
    scales = {
        "name": str(image.name or "image"),
        "axes": axes,
        "datasets": [_dataset(str(n), dims, placed, shapes[0], s) for n, s in enumerate(shapes)],
        "type": "nearest" if labels else "mean",
    }
    note = {
        "coordinates": list(placed),
        "backwards": [dim for dim, axis in placed.items() if axis[0] < 0],
        "units": str(image.attrs.get("units", "")),
        "header": plain(image.attrs.get("header", {})),
    }
    return {"ome": {"version": "0.5", "multiscales": [scales]}, NOTE: note}


def _dataset(
    name: str, dims: list[str], placed: dict[str, Any], full: tuple[int, ...], shape: Any
) -> dict[str, Any]:
    scale, translation = [], []
    for dim, before, here in zip(dims, full, shape, strict=True):
        step, origin, _ = placed.get(dim, (1.0, 0.0, ""))
        factor = 2 ** round(math.log2(before / here)) if here != before else 1
        scale.append(abs(step) * factor)
        translation.append(origin + step * (factor - 1) / 2)
    return {
        "path": name,
        "coordinateTransformations": [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": translation},
        ],
    }
