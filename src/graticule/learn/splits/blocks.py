"""Blocks of images, and how they are shared out among folds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import xarray as xr

from graticule.core.errors import CheckError, ParameterError
from graticule.core.typing import Array

Field: TypeAlias = tuple[xr.DataArray, Array]
_MOST_CLASSES = 256


@dataclass(frozen=True)
class Cut:
    """A box of one image: start and stop by spatial dim, in its order."""

    image: int
    bounds: Mapping[str, tuple[int, int]]

    @property
    def samples(self) -> int:
        """How many samples it holds."""
        return math.prod(stop - start for start, stop in self.bounds.values())

    def slices(self, dims: Sequence[str]) -> tuple[slice, ...]:
        """Return the slices that cut it out of an array with these dims."""
        return tuple(slice(*self.bounds[dim]) for dim in dims)

    def grown(self, margin: Mapping[str, int], sizes: Mapping[str, int]) -> Cut:
        """Return the box grown by a margin and cut to the image."""
        bounds = {
            dim: (max(0, a - margin.get(dim, 0)), min(sizes[dim], b + margin.get(dim, 0)))
            for dim, (a, b) in self.bounds.items()
        }
        return Cut(self.image, bounds)


def named(codes: xr.DataArray) -> Field:
    """Return class codes and which of them there are; negative ones are none."""
    if codes.dtype.kind not in "biu":
        raise CheckError(f"classes must be whole numbers or bools, not {codes.dtype}")
    values = np.unique(codes.values)
    values = values[values >= 0] if codes.dtype.kind == "i" else values
    if values.size > _MOST_CLASSES:
        raise CheckError(f"there are {values.size:,} classes; labels of objects are no classes")
    return codes, values


def within(shapes: Sequence[Mapping[str, int]], size: int | Mapping[str, int]) -> list[Cut]:
    """Cut every image into blocks of at least a size, without a narrow rest."""
    cuts = []
    for number, sizes in enumerate(shapes):
        parts = {}
        for dim, length in sizes.items():
            least = size.get(dim, length) if isinstance(size, Mapping) else size
            if least < 1:
                raise ParameterError(f"must be 1 or more, not {least}", where="size")
            parts[dim] = max(1, length // int(least))
        cuts += _grid(number, sizes, parts)
    return cuts


def _grid(number: int, sizes: Mapping[str, int], parts: Mapping[str, int]) -> list[Cut]:
    edges = {
        dim: list(itertools.pairwise(length * n // parts[dim] for n in range(parts[dim] + 1)))
        for dim, length in sizes.items()
    }
    return [
        Cut(number, dict(zip(sizes, bounds, strict=True)))
        for bounds in itertools.product(*edges.values())
    ]


def compact(
    shapes: Sequence[Mapping[str, int]],
    margins: Sequence[Mapping[str, int]],
    fields: Sequence[Field] | None,
    folds: int,
) -> tuple[list[Cut], Array]:
    """Cut every image into as many compact parts as there are folds, one for each.

    Of all grids that have that many parts (2 x 2, 4 x 1, 1 x 4), it is the one in which most
    folds have most classes, both to learn from and to be judged on; among those the one that
    loses least to the buffer. Where every grid leaves a fold without labels, as of strokes in
    one corner, parts with about as many labelled samples each are tried too.
    """
    cuts: list[Cut] = []
    home: list[int] = []
    for number, sizes in enumerate(shapes):
        field = fields[number] if fields is not None else None
        layouts = [
            _grid(number, sizes, dict(zip(sizes, parts, strict=True)))
            for parts in factors(folds, len(sizes))
            if all(n <= length for n, length in zip(parts, sizes.values(), strict=True))
        ]
        if not layouts:
            size = " x ".join(str(length) for length in sizes.values())
            raise CheckError(f"an image of {size} cannot be cut into {folds} parts")
        worths = [_worth(own, sizes, margins[number], field) for own in layouts]
        best = max(range(len(layouts)), key=lambda n: worths[n][1:])
        if field is not None and field[1].size > 1 and worths[best][0] < folds:
            layouts += list(_fitted(number, sizes, folds, field))
            worths += [_worth(own, sizes, margins[number], field) for own in layouts[len(worths) :]]
            best = max(range(len(layouts)), key=lambda n: worths[n])
        cuts += layouts[best]
        # the parts of one image take turns, so that no fold has all upper left corners
        home += [(part + number) % folds for part in range(folds)]
    return cuts, np.array(home)


def _fitted(number: int, sizes: Mapping[str, int], folds: int, field: Field) -> Iterator[list[Cut]]:
    """Give layouts of parts that have about as many labelled samples each."""
    codes, classes = field
    places = np.argwhere(np.isin(codes.values, classes))
    dims = [str(dim) for dim in codes.dims]
    for parts in factors(folds, len(dims)):
        for order in itertools.permutations([n for n, count in enumerate(parts) if count > 1]):
            boxes = [({dim: (0, sizes[dim]) for dim in dims}, places)]
            for axis in order:
                boxes = [
                    piece
                    for bounds, own in boxes
                    for piece in _halved(bounds, own, dims[axis], axis, parts[axis])
                ]
            if len(boxes) == folds:
                yield [Cut(number, {dim: bounds[dim] for dim in sizes}) for bounds, _ in boxes]


def _halved(
    bounds: Mapping[str, tuple[int, int]], places: Array, dim: str, axis: int, parts: int
) -> Iterator[tuple[dict[str, tuple[int, int]], Array]]:
    """Cut a box across one dim into parts with as many places each; fewer where it has too few."""
    along = np.sort(places[:, axis])
    start, stop = bounds[dim]
    inner = {int(along[along.size * n // parts]) for n in range(1, parts)} if along.size else set()
    edges = sorted({start, stop} | {edge for edge in inner if start < edge < stop})
    for low, high in itertools.pairwise(edges):
        own = places[(places[:, axis] >= low) & (places[:, axis] < high)]
        yield {**bounds, dim: (low, high)}, own


def factors(product: int, count: int) -> Iterator[tuple[int, ...]]:
    """Give all ways to write a number as a product of so many.

    Examples
    --------
    >>> list(factors(4, 2))
    [(1, 4), (2, 2), (4, 1)]
    """
    if count <= 1:
        yield (product,) * count
        return
    for first in range(1, product + 1):
        if product % first == 0:
            for rest in factors(product // first, count - 1):
                yield (first, *rest)


def _worth(
    cuts: Sequence[Cut],
    sizes: Mapping[str, int],
    margin: Mapping[str, int],
    field: Field | None,
) -> tuple[int, int, int]:
    """Return what cuts are worth, largest first.

    How many have labels to be judged on and two classes to learn from; in how many places a class
    is where it is needed; and the samples learned from.
    """
    wide = [cut.grown(margin, sizes) for cut in cuts]
    kept = min(math.prod(sizes.values()) - cut.samples for cut in wide)
    if field is None:
        return 0, 0, kept
    codes, classes = field
    dims = [str(dim) for dim in codes.dims]
    total = _tally(codes.values, classes)
    there = served = 0
    for cut, grown in zip(cuts, wide, strict=True):
        own = np.count_nonzero(_tally(codes.values[cut.slices(dims)], classes))
        rest = np.count_nonzero(total - _tally(codes.values[grown.slices(dims)], classes))
        there += int(own) + int(rest)
        served += int(own > 0 and rest > 1)
    return served, there, kept


def _tally(codes: Array, classes: Array) -> Array:
    return np.array([np.count_nonzero(codes == value) for value in classes])


def scattered(weights: Array, folds: int, seed: int) -> Array:
    """Share units out among folds so that each has about as much of every column.

    The unit with the largest share of any column comes first, and goes to the fold that has
    least of that column (then of the last column, the size).

    Parameters
    ----------
    weights : ndarray, (units, columns)
        As samples of each class; the last column is the size of the unit.
    folds : int
        How many.
    seed : int
        Of the order of units that are alike.

    Returns
    -------
    ndarray of int, (units,)
        The fold of each; none is empty where there are units enough.
    """
    totals = weights.sum(axis=0)
    shares = weights / np.where(totals > 0, totals, 1)
    order = np.random.default_rng(seed).permutation(len(weights))
    order = order[np.argsort(-shares[order].max(axis=1), kind="stable")]
    held = np.zeros((folds, weights.shape[1]))
    count = np.zeros(folds, int)
    home = np.zeros(len(weights), int)
    for place, unit in enumerate(order):
        column = int(np.argmax(shares[unit]))
        empty = count == 0
        left = len(order) - place
        # the last units fill what is still empty
        open_ = np.flatnonzero(empty if left <= np.count_nonzero(empty) else count >= 0)
        keys = (count[open_], held[open_, -1], np.round(held[open_, column], 12))
        chosen = int(open_[np.lexsort(keys)[0]])
        home[unit] = chosen
        held[chosen] += shares[unit]
        count[chosen] += 1
    return home


def summed(fields: Sequence[Field], home: Sequence[int]) -> Array:
    """Return how many samples of each class the images of each group have."""
    classes = sorted({int(value) for _, values in fields for value in values})
    counts = np.zeros((max(home) + 1, max(1, len(classes))))
    for (codes, _), group in zip(fields, home, strict=True):
        for at, value in enumerate(classes):
            counts[group, at] += np.count_nonzero(codes.values == value)
    return counts


def counted(cuts: Sequence[Cut], fields: Sequence[Field]) -> Array:
    """Return how many samples of each class each block has."""
    classes = sorted({int(value) for _, values in fields for value in values})
    counts = np.zeros((len(cuts), max(1, len(classes))))
    for row, cut in enumerate(cuts):
        codes = fields[cut.image][0]
        part = codes.values[cut.slices([str(dim) for dim in codes.dims])]
        for at, value in enumerate(classes):
            counts[row, at] = np.count_nonzero(part == value)
    return counts
