"""Images of which tiles are computed when they are looked at, and kept."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Hashable, Sequence

import numpy as np

from graticule.core.image import Image, spatial_dims
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.work import is_part, require_wanted, side_by_side
from graticule.pipeline.nodes import Node, OpNode

SIDE = 128
"""Samples along a side of a tile, of a plane."""
_SIDE_OF_VOLUME = 32
_LONGEST = 16
"""Samples of a tile along a dim that is no length, as channels."""
_WORTH = 2**17
"""Samples from which a piece of work is given to another processor."""

Place = tuple[int, ...]
"""A tile's number along each dim."""


def sides_of(template: Image) -> dict[str, int]:
    """Return the size of a tile by dim."""
    lengths = spatial_dims(template)
    side = SIDE if len(lengths) < 3 else _SIDE_OF_VOLUME
    return {str(d): min(n, side if d in lengths else _LONGEST) for d, n in template.sizes.items()}


def on_lattice(region: Region, template: Image, margin: int) -> Region:
    """Return a box grown along lengths: by a margin, and up to whole tiles."""
    sides, lengths = sides_of(template), spatial_dims(template)
    bounds = {}
    for dim, (start, stop) in region.bounds.items():
        side, size = sides[dim], int(template.sizes[dim])
        if dim in lengths:
            start = max(0, start - margin) // side * side
            stop = min(size, -(-(stop + margin) // side) * side)
        bounds[dim] = (start, stop)
    return Region(bounds)


class TiledNode:
    """A node whose tiles are kept: each is computed once, together with those beside it.

    Parameters
    ----------
    nodes : sequence of Node
        The outputs of one op, or an image; of one size.
    position : int
        Which of them this is.
    key : hashable
        What the values depend on.
    kept : TileCache
        Where tiles are kept.
    """

    def __init__(
        self, nodes: Sequence[Node], position: int, key: Hashable, kept: TileCache
    ) -> None:
        self.nodes, self.position, self.key, self.kept = nodes, position, key, kept
        self.template = nodes[position].template
        self._dims = [str(dim) for dim in self.template.dims]
        self._sides = sides_of(self.template)

    def read(self, region: Region) -> Image:
        """Return the values in a region."""
        tiles = self._tiles(region)
        out = np.empty([region.sizes[dim] for dim in self._dims], self.template.dtype)
        for place, tile in tiles.items():
            box = self._box(place)
            into, of = [], []
            for dim in self._dims:
                (start, stop), (first, last) = box.bounds[dim], region.bounds[dim]
                low, high = max(start, first), min(stop, last)
                into.append(slice(low - first, high - first))
                of.append(slice(low - start, high - start))
            out[tuple(into)] = tile[tuple(of)]
        return self.template.isel(region.slices()).copy(data=out)

    def prepare(self, region: Region) -> None:
        """Compute the tiles that a region touches."""
        self._tiles(region)

    def _tiles(self, region: Region) -> dict[Place, Array]:
        ranges = [
            range(region.bounds[dim][0] // side, -(-region.bounds[dim][1] // side))
            for dim, side in ((dim, self._sides[dim]) for dim in self._dims)
        ]
        keys = {(self.key, self.position, place): place for place in itertools.product(*ranges)}
        found = self.kept.get_all(keys, self._computed, waits=not is_part())
        return {place: found[key] for key, place in keys.items()}

    def _box(self, place: Place) -> Region:
        sizes = self.template.sizes
        return Region(
            {
                dim: (number * side, min((number + 1) * side, sizes[dim]))
                for dim, number, side in zip(self._dims, place, self._sides.values(), strict=True)
            }
        )

    def _computed(self, keys: Sequence[Hashable]) -> dict[Hashable, Array]:
        """Return the tiles of keys, computed in boxes as large as can be."""
        require_wanted()
        boxes = merged([key[2] for key in keys])  # type: ignore[index]
        regions = [self._region(box) for box in boxes]
        self._prepare_inputs(regions)
        found: dict[Hashable, Array] = {}
        pieces = [piece for box in boxes for piece in self._pieces(box)]
        for (low, high), values in zip(pieces, side_by_side(self._values, pieces), strict=True):
            origin = self._region((low, high)).bounds
            for place in itertools.product(*map(range, low, high)):
                bounds = self._box(place).bounds
                part = tuple(
                    slice(bounds[dim][0] - origin[dim][0], bounds[dim][1] - origin[dim][0])
                    for dim in self._dims
                )
                found[(self.key, self.position, place)] = np.ascontiguousarray(values[part])
        return found

    def _region(self, box: tuple[Place, Place]) -> Region:
        first, last = self._box(box[0]), self._box(tuple(n - 1 for n in box[1]))
        return Region({dim: (first.bounds[dim][0], last.bounds[dim][1]) for dim in self._dims})

    def _prepare_inputs(self, regions: Sequence[Region]) -> None:
        node = self.nodes[self.position]
        op_node = getattr(node, "node", node)
        if not isinstance(op_node, OpNode):
            return
        for region in regions:
            needed = op_node.input_region(region)
            for item in op_node.inputs:
                if isinstance(item, TiledNode):
                    sizes = item.template.sizes
                    item.prepare(
                        Region({str(d): needed.bounds.get(str(d), (0, sizes[d])) for d in sizes})
                    )

    def _pieces(self, box: tuple[Place, Place]) -> list[tuple[Place, Place]]:
        """Return a box cut along its longest side, so that every processor has a part."""
        volume = math.prod(self._region(box).sizes.values())
        low, high = box
        axis = max(range(len(low)), key=lambda n: high[n] - low[n])
        count = min(high[axis] - low[axis], os.cpu_count() or 1, max(1, volume // _WORTH))
        edges = [low[axis] + (high[axis] - low[axis]) * n // count for n in range(count + 1)]
        return [
            ((*low[:axis], a, *low[axis + 1 :]), (*high[:axis], b, *high[axis + 1 :]))
            for a, b in itertools.pairwise(edges)
        ]

    def _values(self, box: tuple[Place, Place]) -> Array:
        block = self.nodes[self.position].read(self._region(box))
        return np.asarray(block.transpose(*self._dims).values)


def merged(places: Sequence[Place]) -> list[tuple[Place, Place]]:
    """Return tiles as few boxes, each from a first place up to a last that is not in it.

    Examples
    --------
    >>> merged([(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)])
    [((0, 0), (2, 2)), ((2, 0), (3, 1))]
    """
    boxes = sorted((place, tuple(number + 1 for number in place)) for place in places)
    for axis in reversed(range(len(places[0]))):
        boxes.sort(key=lambda box: (*_other(box[0], axis), *_other(box[1], axis), box[0][axis]))
        joined = boxes[:1]
        for low, high in boxes[1:]:
            before, after = joined[-1]
            alike = _other(before, axis) == _other(low, axis)
            if alike and _other(after, axis) == _other(high, axis) and after[axis] == low[axis]:
                joined[-1] = (before, high)
            else:
                joined.append((low, high))
        boxes = joined
    return sorted(boxes)


def _other(place: Place, axis: int) -> Place:
    return (*place[:axis], *place[axis + 1 :])
