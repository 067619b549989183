"""What the result of an op at a place depends on.

The planner reads nothing of an op but its scope: from it follows how the op can be cut into
tiles, spread over workers, or computed for the part of an image on screen.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graticule.core.errors import ImageError
from graticule.core.image import Image, is_image
from graticule.core.typing import Array

ALL = -1
"""A halo that reaches to both ends of a dim."""

Halo: TypeAlias = Mapping[str, int]
Params: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class BlockInfo:
    """Where a block lies in the whole image.

    Attributes
    ----------
    offset : mapping
        Index of the block's first sample, by dim.
    shape : mapping
        Size of the whole image, by dim.
    interior : mapping
        Start and stop of the block's own samples, counted within the block, by dim: what lies
        outside them is a halo. A dim that is not named has none.

    Examples
    --------
    >>> place = BlockInfo(offset={"x": 32}, shape={"x": 100}, interior={"x": (4, 36)})
    >>> start, stop = place.interior["x"]
    >>> place.offset["x"] + start, place.offset["x"] + stop  # its own samples in the whole image
    (36, 68)
    """

    offset: Mapping[str, int]
    shape: Mapping[str, int]
    interior: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, image: Image) -> BlockInfo:
        """Return the place of an image that is its own whole."""
        sizes = {str(dim): int(size) for dim, size in image.sizes.items()}
        return cls(dict.fromkeys(sizes, 0), sizes)


@dataclass(frozen=True)
class Block:
    """A part of the data, loaded when it is needed.

    Attributes
    ----------
    load : callable
        Gives the data of the block, one piece for each input of the op.
    info : BlockInfo
        Where it lies in the whole.
    """

    load: Callable[[], Sequence[Any]]
    info: BlockInfo


Mapper: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Pointwise:
    """The result at a place depends on that place alone.

    Parameters
    ----------
    index : callable, optional
        For ops that only select or reorder samples: from the whole image (its dims, sizes and
        coordinates; not its values) and the parameters to a slice by dim. The result is the
        image under these slices.
    memory : float
        Peak memory while it runs, as a multiple of the bytes of its input (of 4 bytes for samples
        of less).

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Image, op
    >>> def every_second(image, params):
    ...     return {"x": slice(None, None, 2)}
    >>> @op(version=1, scope=Pointwise(index=every_second), dtype="same", name="example.thinned")
    ... def thinned(image: Image) -> Image:
    ...     '''Keep every second sample along x.'''
    ...     return image.isel(x=slice(None, None, 2))
    >>> thinned(np.array([1, 2, 3]))
    array([1, 3])
    """

    index: Callable[[Image, Params], Mapping[str, slice]] | None = None
    memory: float = 4.0


@dataclass(frozen=True)
class Neighbourhood:
    """The result at a place depends on samples no further than a halo.

    Parameters
    ----------
    halo : callable
        From an image (its dims and coordinates) and the parameters to the reach in samples
        by dim; `ALL` for the full extent. A dim that is not named has reach 0.
    align : callable, optional
        From the same to a number of samples by dim: every block that the op is given starts at a
        multiple of it, counted from the start of the whole image. For what works on a lattice
        (windows, pooling), which must lie the same in every block.
    compute_region : callable, optional
        ``compute_region(*blocks, region=Region, **params)``: what the op gives, cut to a region
        of the blocks. For ops that need not compute the rest of a block, its halo, to know it.
    memory : float
        Peak memory while it runs, as a multiple of the bytes of its input (of 4 bytes for samples
        of less).

    Examples
    --------
    >>> from graticule.core import as_image
    >>> def halo(image, params):
    ...     return {"x": int(params["radius"])}
    >>> scope = Neighbourhood(halo)
    >>> scope.halo(as_image([0, 0, 0]), {"radius": 2})
    {'x': 2}
    """

    halo: Callable[[Image, Params], Halo]
    align: Callable[[Image, Params], Mapping[str, int]] | None = None
    compute_region: Callable[..., Any] | None = None
    memory: float = 4.0


@dataclass(frozen=True)
class Reduction:
    """The result is made of partial results of blocks, merged in a fixed order.

    Parameters
    ----------
    map : callable
        ``map(*blocks, block=BlockInfo, **params) -> partial``.
    merge : callable
        ``merge(partial, partial) -> partial``, associative.
    finish : callable, optional
        ``finish(partial, **params) -> result``; by default the merged partial itself.
    apply : callable, optional
        ``apply(*blocks, result=result, **params) -> DataArray``: where the op gives an image,
        its values on a block, given the result of the whole.
    prior : Reduction, optional
        A pass that must come first (the range, for a histogram). Its result is handed to
        ``map`` and ``finish`` as ``prior=``.
    halo : callable, optional
        From an image (its dims and coordinates) and the parameters to how many samples around
        its own ``map`` must see, by dim, as of a `Neighbourhood`; ``block.interior`` says which are
        the block's own.
    needed : callable, optional
        Of a prior pass: from the parameters to whether it must be made at all; where not,
        ``prior`` is None.
    memory : float
        Peak memory while it runs, as a multiple of the bytes of its input (of 4 bytes for samples
        of less).

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> total = Reduction(map=lambda image, block: image.values.sum(), merge=np.add)
    >>> int(total.whole(as_image([1, 2, 3])))
    6
    """

    map: Callable[..., Any]
    merge: Callable[[Any, Any], Any]
    finish: Callable[..., Any] = lambda partial, **_: partial
    apply: Callable[..., Any] | None = None
    prior: Reduction | None = None
    halo: Callable[[Image, Params], Halo] | None = None
    needed: Callable[[Params], bool] | None = None
    memory: float = 4.0

    def whole(self, *data: Any, **params: Any) -> Any:
        """Compute the op on whole images, as one block."""
        first = next(item for item in data if is_image(item))
        result = self.reduce([Block(lambda: data, BlockInfo.of(first))], **params)
        if self.apply is None:
            return result
        return self.apply(*data, result=result, **params)

    def reduce(self, blocks: Sequence[Block], mapper: Mapper = map, **params: Any) -> Any:
        """Map over blocks, merge in their order, and finish.

        The blocks are loaded once for each pass. ``mapper`` is `map` or a parallel version of
        it that keeps the order.
        """
        extra = {}
        if self.prior is not None:
            wanted = self.prior.needed is None or self.prior.needed(params)
            extra["prior"] = self.prior.reduce(blocks, mapper, **params) if wanted else None
        job = functools.partial(_map_block, self.map, {**extra, **params})
        return self.finish(functools.reduce(self.merge, mapper(job, blocks)), **extra, **params)


def _map_block(function: Callable[..., Any], params: Params, block: Block) -> Any:
    return function(*block.load(), block=block.info, **params)


@dataclass(frozen=True)
class Stitched:
    """Labels that are found block by block, and joined where they meet at a seam.

    The whole result is numbered by first appearance in raster order, so it does not depend
    on the blocks.

    Parameters
    ----------
    local : callable
        ``local(*blocks, **params) -> labels`` of a block, as a DataArray of integers.
    join : callable
        ``join(before, after, dim, **params) -> pairs``: from the label planes on both sides of
        a seam across ``dim`` (DataArrays without that dim, other dims in the image's order) to an
        ``(n, 2)`` array of labels that are the same object.
    memory : float
        Peak memory while it runs, as a multiple of the bytes of its input (of 4 bytes for samples
        of less).

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> def join(before, after, dim):
    ...     side_by_side = (before.values > 0) & (after.values > 0)
    ...     return np.stack([before.values[side_by_side], after.values[side_by_side]], axis=-1)
    >>> scope = Stitched(local=lambda mask: mask.astype("int32"), join=join)
    >>> scope.join(as_image([1, 0, 2]), as_image([4, 5, 0]), "y")
    array([[1, 4]])
    """

    local: Callable[..., Image]
    join: Callable[..., Array]
    memory: float = 4.0


@dataclass(frozen=True)
class Whole:
    """The result needs the full array.

    Parameters
    ----------
    why : str
        The reason, shown when the planner must refuse.
    memory : float
        Peak memory while it runs, as a multiple of the bytes of its inputs.

    Examples
    --------
    >>> Whole("a sample may be joined to any other", memory=6).why
    'a sample may be joined to any other'
    """

    why: str
    memory: float = 3.0


Scope: TypeAlias = Pointwise | Neighbourhood | Reduction | Stitched | Whole


def _whole(dim: str, span: Any) -> tuple[int, int]:
    """Return a start and stop as ints; raise `ImageError` if they are no whole numbers."""
    try:
        start, stop = map(operator.index, span)
    except (TypeError, ValueError):
        raise ImageError(
            f"{dim}: {span!r} is no start and stop in whole samples", hint="give them as (0, 64)"
        ) from None
    return start, stop


@dataclass(frozen=True)
class Region:
    """A box of an image: start and stop by dim, in samples of the whole.

    Attributes
    ----------
    bounds : mapping
        Start and stop by dim, the stop being the first sample outside; a dim that is not named is
        taken whole.

    Examples
    --------
    >>> region = Region({"y": (10, 20), "x": (0, 8)})
    >>> region.grown({"y": 4}, {"y": 22, "x": 8})
    Region(bounds={'y': (6, 22), 'x': (0, 8)})
    """

    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def full(cls, sizes: Mapping[Any, int]) -> Region:
        """Return the box of a whole image."""
        return cls({str(dim): (0, int(size)) for dim, size in sizes.items()})

    def grown(self, halo: Halo, sizes: Mapping[str, int]) -> Region:
        """Return the box grown by a halo and cut to the image."""
        grown = {}
        for dim, (start, stop) in self.bounds.items():
            reach = halo.get(dim, 0)
            if reach == ALL:
                grown[dim] = (0, sizes[dim])
            else:
                grown[dim] = (max(0, start - reach), min(sizes[dim], stop + reach))
        return Region(grown)

    def aligned(self, lattice: Mapping[str, int]) -> Region:
        """Return the box with each start moved back to a multiple of the lattice's step."""
        return Region(
            {
                dim: (start - start % lattice.get(dim, 1), stop)
                for dim, (start, stop) in self.bounds.items()
            }
        )

    def within(self, other: Region) -> Region:
        """Return the box in samples of a larger one."""
        origin = {dim: start for dim, (start, _) in other.bounds.items()}
        return Region(
            {
                dim: (start - origin.get(dim, 0), stop - origin.get(dim, 0))
                for dim, (start, stop) in self.bounds.items()
            }
        )

    def slices(self) -> dict[str, slice]:
        """Return the slices that cut this box out of a whole."""
        return {dim: slice(start, stop) for dim, (start, stop) in self.bounds.items()}

    def cut(self, image: Image) -> Image:
        """Return an image in the box, along those of its dims that the box names."""
        return image.isel({dim: span for dim, span in self.slices().items() if dim in image.dims})

    @property
    def sizes(self) -> dict[str, int]:
        """Size of the box by dim."""
        return {dim: stop - start for dim, (start, stop) in self.bounds.items()}

    def validate(self, sizes: Mapping[str, int]) -> Region:
        """Return the box with every dim of the image named; raise if it leaves the image."""
        unknown = [dim for dim in self.bounds if dim not in sizes]
        if unknown:
            raise ImageError(f"the region names {unknown}; the image has {list(sizes)}")
        bounds = {}
        for dim, size in sizes.items():
            start, stop = _whole(dim, self.bounds.get(dim, (0, size)))
            if not 0 <= start < stop <= size:
                raise ImageError(f"{dim}: {start} to {stop} is no part of 0 to {size}")
            bounds[dim] = (start, stop)
        return Region(bounds)
