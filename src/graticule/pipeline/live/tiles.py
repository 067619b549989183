"""Images of which tiles are computed when they are looked at, and kept."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from graticule.core.image import Image, is_lazy, spatial_dims
from graticule.core.scope import Region
from graticule.core.typing import Array
from graticule.io.lazy import source_of
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.work import is_part, require_wanted, side_by_side, working_at
from graticule.pipeline.nodes import Node, OpNode, SourceNode

SIDE = 64
"""Samples along a side of a tile, of a plane."""
_SIDE_OF_VOLUME = 16
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


@dataclass(frozen=True)
class _Lattice:
    """How an image is cut into tiles: sizes of it and of a tile along each dim."""

    dims: tuple[str, ...]
    sizes: tuple[int, ...]
    sides: tuple[int, ...]

    def places(self, region: Region) -> Iterator[Place]:
        """Return the tiles that a region touches."""
        bounds = [region.bounds[dim] for dim in self.dims]
        return itertools.product(
            *(
                range(start // side, -(-stop // side))
                for (start, stop), side in zip(bounds, self.sides, strict=True)
            )
        )

    def region(self, low: Place, high: Place) -> Region:
        """Return what tiles from a first up to a last, that is not among them, hold together."""
        return Region(
            {
                dim: (first * side, min(last * side, size))
                for dim, first, last, side, size in zip(
                    self.dims, low, high, self.sides, self.sizes, strict=True
                )
            }
        )

    def spans(self, region: Region) -> list[dict[int, tuple[slice, slice]]]:
        """Return along each dim, by tile, which part of a region it holds, and where in itself."""
        found = []
        for dim, side in zip(self.dims, self.sides, strict=True):
            first, last = region.bounds[dim]
            spans = {}
            for number in range(first // side, -(-last // side)):
                start = number * side
                low, high = max(start, first), min(start + side, last)
                spans[number] = slice(low - first, high - first), slice(low - start, high - start)
            found.append(spans)
        return found


class TiledNode:
    """A node whose tiles are kept: each is computed once, together with those beside it.

    Along a dim of which one sample is asked for, as a slice or a frame, tiles are one sample thick;
    of an image in blocks they hold what is read with that sample, so that its neighbours are there.

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
    name : str
        What is worked at where they are computed: a step or an input.
    """

    def __init__(
        self, nodes: Sequence[Node], position: int, key: Hashable, kept: TileCache, name: str = ""
    ) -> None:
        self.nodes, self.position, self.key, self.kept = nodes, position, key, kept
        self.name = name
        self.template = nodes[position].template
        self._dims = tuple(str(dim) for dim in self.template.dims)
        self._sides = sides_of(self.template)
        self._thin = _read_together(nodes[position], self._sides)

    @property
    def result(self) -> Any:
        """What a reduction found of the whole image, where the values follow from that."""
        node = self.nodes[self.position]
        return getattr(getattr(node, "node", node), "result", None)

    def read(self, region: Region) -> Image:
        """Return the values in a region."""
        lattice = self._lattice(region)
        tiles = self._tiles(region, lattice)
        out = np.empty([region.sizes[dim] for dim in self._dims], self.template.dtype)
        spans = lattice.spans(region)
        for place, tile in tiles.items():
            parts = [span[number] for span, number in zip(spans, place, strict=True)]
            out[tuple(into for into, _ in parts)] = tile[tuple(of for _, of in parts)]
        return self.template.isel(region.slices()).copy(data=out)

    def prepare(self, region: Region) -> None:
        """Compute the tiles that a region touches."""
        self._tiles(region, self._lattice(region))

    def _lattice(self, region: Region) -> _Lattice:
        sizes = tuple(int(self.template.sizes[dim]) for dim in self._dims)
        sides = (
            self._thin.get(dim, 1) if region.sizes[dim] == 1 else self._sides[dim]
            for dim in self._dims
        )
        return _Lattice(self._dims, sizes, tuple(sides))

    def _tiles(self, region: Region, lattice: _Lattice) -> dict[Place, Array]:
        key = (self.key, self.position, lattice.sides)
        keys = {(key, place): place for place in lattice.places(region)}
        compute = partial(self._computed, lattice)
        found = self.kept.get_all(keys, compute, waits=not is_part())
        return {place: found[key] for key, place in keys.items()}

    def _computed(self, lattice: _Lattice, keys: Sequence[Hashable]) -> dict[Hashable, Array]:
        """Return the tiles of keys, computed in boxes as large as can be."""
        require_wanted()
        by_place: dict[Place, Hashable] = {key[1]: key for key in keys}  # type: ignore[index]
        boxes = merged(list(by_place))
        self._prepare_inputs([lattice.region(*box) for box in boxes])
        pieces = [piece for box in boxes for piece in _pieces(lattice, box)]
        regions = [lattice.region(*piece) for piece in pieces]
        found: dict[Hashable, Array] = {}
        values = side_by_side(self._values, regions)
        for (low, high), region, block in zip(pieces, regions, values, strict=True):
            spans = lattice.spans(region)
            for place in itertools.product(*map(range, low, high)):
                part = tuple(span[number][0] for span, number in zip(spans, place, strict=True))
                found[by_place[place]] = block[part].copy()
        return found

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

    def _values(self, region: Region) -> Array:
        with working_at(self.name):
            block = self.nodes[self.position].read(region)
        return np.asarray(block.transpose(*self._dims).values)


def _read_together(node: Node, sides: Mapping[str, int]) -> dict[str, int]:
    """Return by dim how many samples are kept where one is read, as a block is decoded whole.

    Tiles of so many lie in one block each.
    """
    if not isinstance(node, SourceNode) or not is_lazy(node.image):
        return {}
    source = source_of(node.image)
    pieces = [sizes[0] for sizes in node.image.chunks or ()] if source is None else source.unit
    return {
        dim: max(n for n in range(1, min(sides[dim], piece) + 1) if piece % n == 0)
        for dim, piece in zip(map(str, node.image.dims), pieces, strict=bool(pieces))
    }


def _pieces(lattice: _Lattice, box: tuple[Place, Place]) -> list[tuple[Place, Place]]:
    """Return a box cut along its longest side, so that every processor has a part."""
    low, high = box
    volume = math.prod(lattice.region(low, high).sizes.values())
    axis = max(range(len(low)), key=lambda n: high[n] - low[n])
    count = min(high[axis] - low[axis], os.cpu_count() or 1, max(1, volume // _WORTH))
    edges = [low[axis] + (high[axis] - low[axis]) * n // count for n in range(count + 1)]
    return [
        ((*low[:axis], a, *low[axis + 1 :]), (*high[:axis], b, *high[axis + 1 :]))
        for a, b in itertools.pairwise(edges)
    ]


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
