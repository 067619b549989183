"""Labels found in tiles, joined at the seams and numbered as if there had been no tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.image import Image
from graticule.core.scope import Mapper, Stitched
from graticule.pipeline.nodes import StoredNode, is_node, tile_blocks, tile_regions

Scratch = Callable[[Mapping[Any, int], Any], Any]
"""From sizes by dim and dtype to an array to fill, in memory or on disk."""


def stitch_labels(
    scope: Stitched,
    inputs: Sequence[Any],
    params: Mapping[str, Any],
    tile: Mapping[str, int],
    mapper: Mapper = map,
    scratch: Scratch | None = None,
) -> StoredNode:
    """Label tile by tile, join across the seams, number by first appearance.

    Memory beyond the result is a tile, two planes for a seam, and a few numbers for a label.
    """
    from graticule.pipeline._kernels import apply_lookup, shift_labels

    template = next(item for item in inputs if is_node(item)).template
    dims = [str(dim) for dim in template.dims]
    shape = tuple(int(size) for size in template.shape)
    blocks = tile_blocks(inputs, tile)
    regions = tile_regions(template.sizes, tile)
    labels: Any = None
    attrs: Mapping[Any, Any] = {}
    firsts = [np.zeros(1, np.int64)]
    count = 0
    local = partial(_local, scope, dict(params), shape, dims)
    for region, (block, first) in zip(regions, mapper(local, blocks), strict=True):
        if labels is None:
            labels = scratch(template.sizes, np.int32) if scratch else np.empty(shape, np.int32)
            attrs = block.attrs
        if count + len(first) > np.iinfo(np.int32).max:
            raise ImageError("more than 2,147,483,647 objects", hint="smooth or threshold higher")
        values = np.array(block.values, np.int32, order="C")
        shift_labels(values.reshape(-1), count)
        labels[tuple(region.slices().values())] = values
        count += len(first)
        firsts.append(first)
    table = _final_numbers(np.concatenate(firsts), _pairs(scope, labels, dims, tile, params))
    for region in regions:
        slices = tuple(region.slices().values())
        values = np.array(labels[slices], order="C")
        apply_lookup(values.reshape(-1), table)
        labels[slices] = values
    zeros = np.broadcast_to(np.zeros((), np.int32), shape)
    return StoredNode(template.copy(data=zeros).assign_attrs(attrs), labels)


def _local(
    scope: Stitched,
    params: Mapping[str, Any],
    shape: Sequence[int],
    dims: Sequence[str],
    block: Any,
) -> tuple[Image, np.ndarray[Any, Any]]:
    """Return a block's labels 1..n and the raster position of each one's first sample."""
    from graticule.pipeline._kernels import first_places

    labels = scope.local(*block.load(), **params).transpose(*dims)
    flat = np.ascontiguousarray(labels.values).reshape(-1)
    places = first_places(flat, int(flat.max(initial=0)))
    within = np.unravel_index(places, labels.shape)
    first = np.zeros(len(places), np.int64)
    for axis, (dim, size) in enumerate(zip(dims, shape, strict=True)):
        first = first * size + within[axis] + block.info.offset[dim]
    return labels, first


def _pairs(
    scope: Stitched,
    labels: Any,
    dims: Sequence[str],
    tile: Mapping[str, int],
    params: Mapping[str, Any],
) -> np.ndarray[Any, Any]:
    """Return which provisional labels are the same object, over all seams."""
    import xarray as xr

    seams = [np.zeros((0, 2), np.int64)]
    for axis, dim in enumerate(dims):
        size = labels.shape[axis]
        others = [other for other in dims if other != dim]
        step = max(1, min(tile.get(dim, size), size))
        for seam in range(step, size, step):
            across = (slice(None),) * axis
            before = xr.DataArray(labels[(*across, seam - 1)], dims=others)
            after = xr.DataArray(labels[(*across, seam)], dims=others)
            pairs = np.asarray(scope.join(before, after, dim, **params), np.int64).reshape(-1, 2)
            seams.append(np.unique(pairs, axis=0))
    return np.concatenate(seams)


def _final_numbers(
    first: np.ndarray[Any, Any], pairs: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return the final label of every provisional one; ``first[0]`` belongs to background."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = len(first)
    links = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (size, size))
    _, component = connected_components(links, directed=False)
    earliest = np.full(component.max(initial=0) + 1, np.iinfo(np.int64).max)
    np.minimum.at(earliest, component[1:], first[1:])
    objects = np.unique(component[1:])
    rank = np.zeros(len(earliest), np.int32)
    rank[objects[np.argsort(earliest[objects], kind="stable")]] = np.arange(1, len(objects) + 1)
    final = rank[component]
    final[0] = 0
    return np.asarray(final, np.int32)
