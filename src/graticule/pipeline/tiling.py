"""Tiles: what one takes of memory, and the one that is done soonest within a budget."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graticule.core.image import Image
from graticule.core.scope import ALL
from graticule.pipeline.budget import estimate_bytes
from graticule.pipeline.nodes import as_template
from graticule.pipeline.spec import Spec

_MIN_TILE = 16
_MOST_TILES = 50_000
"""Above about this many tiles the time goes into what each costs."""
_COST = 1 << 16
"""Samples that are computed in about the time that a tile costs beside its samples."""
_MUCH, _NEAR = 1.6, 1.25
"""How much longer than it could an image takes for more memory to be advised, and then at most."""


@dataclass(frozen=True)
class Tiling:
    """A way to cut an image.

    Attributes
    ----------
    tile : mapping
        Size by dim.
    peak : int
        Bytes that the steps take on one, with its halo.
    overlap : float
        Samples that are computed for each sample of the image, at most: halos are computed anew.
    count : int
        Tiles that there are.
    """

    tile: Mapping[str, int]
    peak: int
    overlap: float
    count: int

    def cost(self, threads: int) -> float:
        """Return the time by which tilings are compared, in samples for each of the image."""
        work = self.overlap + _COST / math.prod(self.tile.values())
        return work / min(threads, self.count)


@dataclass(frozen=True)
class Room:
    """What there is for tiles.

    Attributes
    ----------
    nbytes : int
        Bytes for all tiles that are under way, and for what is written of them.
    workers : int
        Tiles that are to be under way at once.
    decoding : int
        Bytes to decode what tiles read, for all workers.
    writing : int
        Bytes that a thread takes to write a piece of a result, beside the tile it computes for it.
    """

    nbytes: int
    workers: int
    decoding: int
    writing: int

    def needed(self, peak: int, threads: int = 1) -> int:
        """Return the bytes that tiles of such a peak take, so many written at once."""
        parts = self.workers + 1
        return max(peak * parts + self.decoding, threads * (peak + self.writing))

    def threads(self, peak: int) -> int:
        """Return how many tiles can be computed and written at once; 0 where none fits."""
        fits = self.needed(peak) <= self.nbytes
        return min(self.workers, self.nbytes // max(1, peak + self.writing)) if fits else 0


def tilings(pipeline: Spec, image: Image, input_itemsize: int) -> Iterator[Tiling]:
    """Give tilings from the whole image on, each tile half of the last along its longest dim."""
    sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
    tile = dict(sizes)
    halos = _extents(pipeline, image, "halo")
    # the dims some step needs in full
    uncut = {dim for halo in halos for dim, reach in halo.items() if reach == ALL}
    reach = dict.fromkeys(tile, 0)
    for halo in halos:
        for dim in reach.keys() & halo.keys():
            reach[dim] += max(halo[dim], 0)
    for lattice in _extents(pipeline, image, "align"):
        for dim in reach.keys() & lattice.keys():
            reach[dim] += (lattice[dim] + 1) // 2
    while (count := math.prod(-(-sizes[dim] // size) for dim, size in tile.items())) <= _MOST_TILES:
        padded = {dim: min(sizes[dim], size + 2 * reach[dim]) for dim, size in tile.items()}
        peak = estimate_bytes(pipeline, padded, image.dtype, input_itemsize)
        overlap = math.prod(padded.values()) / math.prod(tile.values())
        yield Tiling(dict(tile), peak, overlap, count)
        dims = [dim for dim, size in tile.items() if dim not in uncut and size > _MIN_TILE]
        if not dims:
            return
        longest = max(dims, key=lambda dim: tile[dim])
        tile[longest] = -(-tile[longest] // 2)


def soonest(ways: Sequence[Tiling], room: Room) -> tuple[Tiling, int]:
    """Return the tiling that is done soonest of those that fit, and how many threads write it.

    If none fits, that with the smallest tiles, and no threads.
    """
    fitting = [(way, room.threads(way.peak)) for way in ways]
    fitting = [(way, threads) for way, threads in fitting if threads]
    return min(fitting, key=lambda found: found[0].cost(found[1]), default=(ways[-1], 0))


def faster(ways: Sequence[Tiling], room: Room, whole: int, cost: float) -> tuple[int, float] | None:
    """Return the bytes with which an image takes much less than a cost, and what share of it.

    ``whole`` bytes are enough for the image at once, which all workers compute. None is returned
    where more memory helps little.
    """
    options = [(whole, 1 / room.workers)]
    for way in ways:
        threads = min(room.workers, way.count)
        options.append((room.needed(way.peak, threads), way.cost(threads)))
    options = [(needed, time) for needed, time in options if needed <= whole]
    best = min(time for _, time in options)
    if cost < _MUCH * best:
        return None
    needed, time = min((needed, time) for needed, time in options if time < _NEAR * best)
    return needed, time / cost


def _extents(pipeline: Spec, image: Image, of: str) -> list[Mapping[str, int]]:
    """Return what the scopes of steps say under a name, where they say it, by dim."""
    template = as_template(image)
    steps = [(step, getattr(step.op.scope, of, None)) for step in pipeline.steps.values()]
    return [extent(template, step.params) for step, extent in steps if extent is not None]
