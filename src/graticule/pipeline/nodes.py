"""Nodes: images that are read region by region, from a source or through an op."""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from graticule.core.image import Image, is_lazy
from graticule.core.op import Op
from graticule.core.scope import (
    ALL,
    Block,
    BlockInfo,
    Halo,
    Mapper,
    Neighbourhood,
    Pointwise,
    Reduction,
    Region,
)


class Node(Protocol):
    """An image that can be read region by region.

    Attributes
    ----------
    template : DataArray
        Dims, sizes, coordinates, dtype and header of the whole; its values mean nothing and
        take no memory.
    """

    @property
    def template(self) -> Image:
        """What the whole looks like."""
        ...

    def read(self, region: Region) -> Image:
        """Return the values in a region."""
        ...


def as_template(image: Image) -> Image:
    """Return the image with values that take no memory, and each dim's step written down."""
    import xarray as xr

    zeros = np.broadcast_to(np.zeros((), image.dtype), image.shape)
    bare = xr.DataArray(zeros, dims=image.dims, coords=image.coords, attrs=image.attrs)
    return bare.assign_coords({dim: _positions(image, dim) for dim in image.dims})


def _positions(image: Image, dim: Any) -> Any:
    """Return a dim's coordinate with its step, so that one sample alone still has a spacing."""
    if dim not in image.coords:
        return (dim, np.arange(image.sizes[dim]), {"step": 1.0, "counted": True})
    coordinate = image.coords[dim]
    positions = coordinate.values
    if positions.dtype.kind not in "iuf" or positions.size < 2 or "step" in coordinate.attrs:
        return coordinate
    steps = np.diff(positions)
    step = float(positions[-1] - positions[0]) / (positions.size - 1)
    if step == 0 or not np.allclose(steps, step, rtol=1e-3, atol=0):
        return coordinate
    return coordinate.assign_attrs(step=abs(step), inferred=True)


def strip_template_marks(image: Image) -> Image:
    """Return the image without what `as_template` added to its coordinates."""
    counted = [dim for dim in image.dims if image[dim].attrs.get("counted")]
    image = image.drop_vars([dim for dim in counted if dim in image.coords])
    for dim in image.dims:
        if dim in image.coords and "inferred" in image.coords[dim].attrs:
            coordinate = image.coords[dim]
            added = ("step", "inferred")
            attrs = {key: value for key, value in coordinate.attrs.items() if key not in added}
            image = image.assign_coords({dim: (dim, coordinate.values, attrs)})
    return image


class SourceNode:
    """An image in memory, or lazy on disk."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.template = as_template(image)

    def read(self, region: Region) -> Image:
        """Return the values in a region, loading no more than that."""
        slices = region.slices()
        data = self.image.isel(slices).data
        values = np.asarray(data.compute(scheduler="synchronous") if is_lazy(self.image) else data)
        return self.template.isel(slices).copy(data=values)


class StoredNode:
    """A complete result: an array in memory or on disk, and what it looks like."""

    def __init__(self, template: Image, array: Any) -> None:
        self.template = template
        self.array = array

    def read(self, region: Region) -> Image:
        """Return the values in a region."""
        slices = {str(dim): region.slices()[str(dim)] for dim in self.template.dims}
        values = np.asarray(self.array[tuple(slices.values())])
        return self.template.isel(slices).copy(data=values)


class OpNode:
    """The result of a pointwise or neighbourhood op, computed for the region that is asked for.

    ``inputs`` holds a `Node` for each image and the value itself for anything else.
    """

    def __init__(
        self,
        op: Op,
        inputs: Sequence[Any],
        params: Mapping[str, Any],
        *,
        result: Any = None,
    ) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.params = dict(params)
        self.result = result
        self.first: Node = next(item for item in inputs if is_node(item))
        self._recent: OrderedDict[str, tuple[Image, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._templates: tuple[Image, ...] | None = None

    def __getstate__(self) -> dict[str, Any]:
        state = {key: value for key, value in vars(self).items() if key != "_lock"}
        return {**state, "_recent": OrderedDict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def outputs(self) -> tuple[Node, ...]:
        """Return a node for each output of the op."""
        if len(self.op.outputs) == 1:
            return (self,)
        return tuple(_OutputNode(self, position) for position in range(len(self.op.outputs)))

    @property
    def template(self) -> Image:
        """What the whole looks like, learned from the first sample."""
        return self.templates[0]

    @property
    def templates(self) -> tuple[Image, ...]:
        """A template for each output."""
        if self._templates is None:
            self._templates = self._infer_templates()
        return self._templates

    def _index(self) -> Mapping[str, slice] | None:
        scope = self.op.scope
        if isinstance(scope, Pointwise) and scope.index is not None:
            return scope.index(self.first.template, self.params)
        return None

    def _infer_templates(self) -> tuple[Image, ...]:
        index = self._index()
        if index is not None:
            return (self.first.template.isel(index),)
        whole = self.first.template
        halo = self._halo()
        full = [str(d) for d in whole.dims if halo.get(str(d)) == ALL or whole.sizes[d] == 1]
        probe = Region({str(d): (0, whole.sizes[d] if str(d) in full else 1) for d in whole.dims})
        return tuple(_template(out, whole, full) for out in self._compute(probe, crop=probe))

    def _halo(self) -> Mapping[str, int]:
        scope = self.op.scope
        if isinstance(scope, Neighbourhood):
            return scope.halo(self.first.template, self.params)
        if isinstance(scope, Reduction) and scope.halo is not None:
            # of the values on a block only what needs a dim in full
            halo = scope.halo(self.first.template, self.params)
            return {dim: reach for dim, reach in halo.items() if reach == ALL}
        return {}

    def _lattice(self) -> Mapping[str, int]:
        scope = self.op.scope
        if isinstance(scope, Neighbourhood) and scope.align is not None:
            return scope.align(self.first.template, self.params)
        return {}

    def input_region(self, region: Region) -> Region:
        """Return the region of the first input that a region of the result depends on."""
        sizes = {str(dim): int(size) for dim, size in self.first.template.sizes.items()}
        index = self._index()
        if index is not None:
            return Region(
                {d: _source_range(index.get(d), region.bounds[d], sizes[d])[0] for d in sizes}
            )
        known = Region({dim: region.bounds.get(dim, (0, size)) for dim, size in sizes.items()})
        return known.grown(self._halo(), sizes).aligned(self._lattice())

    def read(self, region: Region) -> Image:
        """Return the values of the first output in a region."""
        return self.read_all(region)[0]

    def read_all(self, region: Region) -> tuple[Image, ...]:
        """Return the values of every output in a region; the last few are remembered."""
        if len(self.op.outputs) == 1:
            return self._read(region)
        name = repr(sorted(region.bounds.items()))
        with self._lock:
            if name in self._recent:
                return self._recent[name]
        blocks = self._read(region)
        with self._lock:
            self._recent[name] = blocks
            while len(self._recent) > 4:
                self._recent.popitem(last=False)
        return blocks

    def _read(self, region: Region) -> tuple[Image, ...]:
        index = self._index()
        if index is not None:
            needed, sizes = self.input_region(region), self.first.template.sizes
            local = {
                dim: _source_range(index.get(dim), region.bounds[dim], sizes[dim])[1]
                for dim in needed.bounds
            }
            return (self.first.read(needed).isel(local),)
        return self._compute(self.input_region(region), crop=region)

    def _compute(self, needed: Region, *, crop: Region) -> tuple[Image, ...]:
        data = [read_block(item, needed) for item in self.inputs]
        inner = crop.within(needed)
        if isinstance(self.op.scope, Reduction):
            assert self.op.scope.apply is not None
            return (inner.cut(self.op.scope.apply(*data, result=self.result, **self.params)),)
        out = self.op.run(data, self.params, inner)
        return tuple(out) if len(self.op.outputs) > 1 else (out,)


class _OutputNode:
    """One of several outputs of an op."""

    def __init__(self, node: OpNode, position: int) -> None:
        self.node = node
        self.position = position

    @property
    def template(self) -> Image:
        return self.node.templates[self.position]

    def read(self, region: Region) -> Image:
        return self.node.read_all(region)[self.position]


def is_node(value: object) -> bool:
    """Whether a value is read region by region."""
    return hasattr(value, "read") and hasattr(value, "template")


def _template(block: Image, whole: Image, full: Sequence[str]) -> Image:
    """Return what the whole result looks like, given its first sample."""
    import xarray as xr

    complete = [dim for dim in block.dims if dim in full or dim not in whole.dims]
    sizes = [block.sizes[dim] if dim in complete else whole.sizes[dim] for dim in block.dims]
    coords = {name: c for name, c in whole.coords.items() if set(c.dims) <= set(block.dims)}
    coords = {name: c for name, c in coords.items() if not set(c.dims) & set(complete)}
    coords |= {name: c for name, c in block.coords.items() if set(c.dims) & set(complete)}
    zeros = np.broadcast_to(np.zeros((), block.dtype), sizes)
    return as_template(
        xr.DataArray(zeros, dims=block.dims, coords=coords, attrs=block.attrs, name=block.name)
    )


def _source_range(
    index: slice | None, bounds: tuple[int, int], size: int
) -> tuple[tuple[int, int], slice]:
    """Return the box to read and the slice within it, for samples start..stop under a slice."""
    positions = range(size)[index or slice(None)][bounds[0] : bounds[1]]
    low, high = min(positions[0], positions[-1]), max(positions[0], positions[-1])
    last = positions[-1] - low + (1 if positions.step > 0 else -1)
    local = slice(positions[0] - low, None if last < 0 else last, positions.step)
    return (low, high + 1), local


def read_block(value: Any, region: Region) -> Any:
    """Return an input of an op in a region (all of a dim it does not name), or the value itself."""
    if not is_node(value):
        return value
    sizes = value.template.sizes
    return value.read(Region({str(d): region.bounds.get(str(d), (0, sizes[d])) for d in sizes}))


def tile_regions(sizes: Mapping[Any, int], tile: Mapping[str, int]) -> list[Region]:
    """Return the tiles of an image in raster order; the last along a dim may be smaller."""
    ranges = []
    for dim, size in sizes.items():
        step = max(1, min(tile.get(str(dim), size), size))
        ranges.append([(start, min(start + step, size)) for start in range(0, size, step)])
    dims = [str(dim) for dim in sizes]
    return [Region(dict(zip(dims, box, strict=True))) for box in itertools.product(*ranges)]


def assemble(node: Node, tile: Mapping[str, int], mapper: Mapper = map) -> Image:
    """Compute a node tile by tile into one image."""
    template = node.template
    target = np.empty(template.shape, template.dtype)
    compute_into(target, node, tile, mapper)
    return strip_template_marks(template.copy(data=target))


def compute_into(target: Any, node: Node, tile: Mapping[str, int], mapper: Mapper = map) -> None:
    """Compute a node tile by tile into an array of its shape."""
    compute_together([target], [node], tile, mapper)


def compute_together(
    targets: Sequence[Any], nodes: Sequence[Node], tile: Mapping[str, int], mapper: Mapper = map
) -> None:
    """Compute nodes of one size tile by tile into an array each.

    Outputs of one op are then worked out once a tile.
    """
    regions = tile_regions(nodes[0].template.sizes, tile)
    for region, blocks in zip(regions, mapper(partial(_values_of, nodes), regions), strict=True):
        for target, block in zip(targets, blocks, strict=True):
            target[tuple(region.slices().values())] = block


def _values_of(nodes: Sequence[Node], region: Region) -> list[np.ndarray[Any, Any]]:
    return [_values(node, region) for node in nodes]


def _values(node: Node, region: Region) -> np.ndarray[Any, Any]:
    block = node.read(region)
    return np.asarray(block.transpose(*node.template.dims).values)


class _ArrayView:
    """A node as dask wants an array: sliced by numbers; what is large is put together of tiles."""

    def __init__(self, node: Node, tile: Mapping[str, int]) -> None:
        self.node = node
        self.tile = tile
        self.shape = node.template.shape
        self.dtype = node.template.dtype
        self.ndim = node.template.ndim

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        ranges = [range(size)[part] for size, part in zip(self.shape, index, strict=True)]
        sizes = [len(positions) for positions in ranges]
        if math.prod(sizes) == 0:
            return np.empty(sizes, self.dtype)
        dims = [str(dim) for dim in self.node.template.dims]
        parts = tile_regions(dict(zip(dims, sizes, strict=True)), self.tile)
        if len(parts) == 1:
            return _values(self.node, self._moved(parts[0], ranges))
        out = np.empty(sizes, self.dtype)
        for part in parts:
            out[tuple(part.slices().values())] = _values(self.node, self._moved(part, ranges))
        return out

    def _moved(self, part: Region, ranges: Sequence[range]) -> Region:
        """Return a part of what was asked for in samples of the whole."""
        pairs = zip(part.bounds.items(), ranges, strict=True)
        return Region({d: (a + span.start, b + span.start) for (d, (a, b)), span in pairs})


def node_to_dask(node: Node, tile: Mapping[str, int], unit: Mapping[str, int]) -> Image:
    """Return a node as a lazy image whose blocks are computed when they are written.

    Parameters
    ----------
    node : Node
        The image.
    tile : mapping
        Largest size of what is computed at once, by dim.
    unit : mapping
        Size of what is written as one piece, by dim: blocks are as many of these as a tile holds.
    """
    import dask.array as da
    import xarray as xr

    template = node.template
    chunks = []
    for dim, size in template.sizes.items():
        most, piece = tile.get(str(dim), size), unit.get(str(dim), 1)
        chunks.append(min(max(most // piece, 1) * piece, size))
    view, meta = _ArrayView(node, tile), np.empty((0,) * template.ndim, template.dtype)
    array = da.from_array(view, chunks=tuple(chunks), name=False, asarray=False, meta=meta)
    lazy = xr.DataArray(array, dims=template.dims, coords=template.coords, attrs=template.attrs)
    lazy.name = template.name  # else that of dask's array, which differs each time
    return strip_template_marks(lazy)


def tile_blocks(
    inputs: Sequence[Any], tile: Mapping[str, int], halo: Halo | None = None
) -> list[Block]:
    """Return the inputs of an op as blocks, one for each tile of the first image, with its halo."""
    first: Node = next(item for item in inputs if is_node(item))
    shape = {str(dim): int(size) for dim, size in first.template.sizes.items()}
    blocks = []
    for region in tile_regions(shape, tile):
        seen = region.grown(halo or {}, shape)
        offset = {dim: start for dim, (start, _) in seen.bounds.items()}
        inner = region.within(seen).bounds
        blocks.append(Block(partial(_load, tuple(inputs), seen), BlockInfo(offset, shape, inner)))
    return blocks


def _load(inputs: Sequence[Any], region: Region) -> list[Any]:
    return [read_block(item, region) for item in inputs]
