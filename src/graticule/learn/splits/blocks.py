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

ClassCodes: TypeAlias = tuple[xr.DataArray, Array]
_MOST_CLASSES = 256


@dataclass(frozen=True)
class Block:
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

    def cut(self, codes: xr.DataArray) -> Array:
        """Return the part of class codes that lies in it."""
        part: Array = codes.values[self.slices([str(dim) for dim in codes.dims])]
        return part

    def grown(self, margin: Mapping[str, int], sizes: Mapping[str, int]) -> Block:
        """Return the box grown by a margin and cut to the image."""
        bounds = {
            dim: (max(0, a - margin.get(dim, 0)), min(sizes[dim], b + margin.get(dim, 0)))
            for dim, (a, b) in self.bounds.items()
        }
        return Block(self.image, bounds)


def class_codes_of(codes: xr.DataArray) -> ClassCodes:
    """Return class codes and which of them there are; negative ones are none."""
    if codes.dtype.kind not in "biu":
        raise CheckError(f"classes must be whole numbers or bools, not {codes.dtype}")
    values = np.unique(codes.values)
    values = values[values >= 0] if codes.dtype.kind == "i" else values
    if values.size > _MOST_CLASSES:
        raise CheckError(f"there are {values.size:,} classes; labels of objects are no classes")
    return codes, values


def grid_blocks(shapes: Sequence[Mapping[str, int]], size: int | Mapping[str, int]) -> list[Block]:
    """Cut every image into blocks of at least a size, without a narrow rest."""
    blocks = []
    for number, sizes in enumerate(shapes):
        parts = {}
        for dim, length in sizes.items():
            least = size.get(dim, length) if isinstance(size, Mapping) else size
            if least < 1:
                raise ParameterError(f"must be 1 or more, not {least}", where="size")
            parts[dim] = max(1, length // int(least))
        blocks += _grid(number, sizes, parts)
    return blocks


def _grid(number: int, sizes: Mapping[str, int], parts: Mapping[str, int]) -> list[Block]:
    edges = {
        dim: list(itertools.pairwise(length * n // parts[dim] for n in range(parts[dim] + 1)))
        for dim, length in sizes.items()
    }
    return [
        Block(number, dict(zip(sizes, bounds, strict=True)))
        for bounds in itertools.product(*edges.values())
    ]


def compact_blocks(
    shapes: Sequence[Mapping[str, int]],
    margins: Sequence[Mapping[str, int]],
    class_codes: Sequence[ClassCodes] | None,
    folds: int,
) -> tuple[list[Block], Array]:
    """Cut every image into as many compact parts as there are folds, one for each.

    Of all grids that have that many parts (2 x 2, 4 x 1, 1 x 4), it is the one in which most
    folds have most classes, both to learn from and to be judged on; among those the one that
    loses least to the buffer. Where every grid leaves a fold without labels, as of strokes in
    one corner, parts with about as many labelled samples each are tried too.
    """
    blocks: list[Block] = []
    fold_of: list[int] = []
    for number, sizes in enumerate(shapes):
        codes_of_image = class_codes[number] if class_codes is not None else None
        layouts = [
            _grid(number, sizes, dict(zip(sizes, parts, strict=True)))
            for parts in factorisations(folds, len(sizes))
            if all(n <= length for n, length in zip(parts, sizes.values(), strict=True))
        ]
        if not layouts:
            size = " x ".join(str(length) for length in sizes.values())
            raise CheckError(f"an image of {size} cannot be cut into {folds} parts")
        scores = [_layout_score(own, sizes, margins[number], codes_of_image) for own in layouts]
        best = max(range(len(layouts)), key=lambda n: scores[n][1:])
        if codes_of_image is not None and codes_of_image[1].size > 1 and scores[best][0] < folds:
            layouts += list(_label_balanced_layouts(number, sizes, folds, codes_of_image))
            scores += [
                _layout_score(own, sizes, margins[number], codes_of_image)
                for own in layouts[len(scores) :]
            ]
            best = max(range(len(layouts)), key=lambda n: scores[n])
        blocks += layouts[best]
        # the parts of one image take turns, so that no fold has all upper left corners
        fold_of += [(part + number) % folds for part in range(folds)]
    return blocks, np.array(fold_of)


def _label_balanced_layouts(
    number: int, sizes: Mapping[str, int], folds: int, codes_of_image: ClassCodes
) -> Iterator[list[Block]]:
    """Give layouts of parts that have about as many labelled samples each."""
    codes, classes = codes_of_image
    positions = np.argwhere(np.isin(codes.values, classes))
    dims = [str(dim) for dim in codes.dims]
    for parts in factorisations(folds, len(dims)):
        for order in itertools.permutations([n for n, count in enumerate(parts) if count > 1]):
            boxes = [({dim: (0, sizes[dim]) for dim in dims}, positions)]
            for axis in order:
                boxes = [
                    piece
                    for bounds, own in boxes
                    for piece in _split_along(bounds, own, dims[axis], axis, parts[axis])
                ]
            if len(boxes) == folds:
                yield [Block(number, {dim: bounds[dim] for dim in sizes}) for bounds, _ in boxes]


def _split_along(
    bounds: Mapping[str, tuple[int, int]], positions: Array, dim: str, axis: int, parts: int
) -> Iterator[tuple[dict[str, tuple[int, int]], Array]]:
    """Cut a box across one dim into parts that hold as many positions; fewer if it has few."""
    along = np.sort(positions[:, axis])
    start, stop = bounds[dim]
    inner = {int(along[along.size * n // parts]) for n in range(1, parts)} if along.size else set()
    edges = sorted({start, stop} | {edge for edge in inner if start < edge < stop})
    for low, high in itertools.pairwise(edges):
        own = positions[(positions[:, axis] >= low) & (positions[:, axis] < high)]
        yield {**bounds, dim: (low, high)}, own


def factorisations(product: int, count: int) -> Iterator[tuple[int, ...]]:
    """Give all ways to write a number as a product of so many.

    Examples
    --------
    >>> list(factorisations(4, 2))
    [(1, 4), (2, 2), (4, 1)]
    """
    if count <= 1:
        yield (product,) * count
        return
    for first in range(1, product + 1):
        if product % first == 0:
            for rest in factorisations(product // first, count - 1):
                yield (first, *rest)


def _layout_score(
    blocks: Sequence[Block],
    sizes: Mapping[str, int],
    margin: Mapping[str, int],
    codes_of_image: ClassCodes | None,
) -> tuple[int, int, int]:
    """Return what blocks are worth, largest first.

    How many have labels to be judged on and two classes to learn from; in how many blocks a class
    is where it is needed; and the samples learned from.
    """
    wide = [block.grown(margin, sizes) for block in blocks]
    kept = min(math.prod(sizes.values()) - block.samples for block in wide)
    if codes_of_image is None:
        return 0, 0, kept
    codes, classes = codes_of_image
    total = _class_counts(codes.values, classes)
    there = served = 0
    for block, grown in zip(blocks, wide, strict=True):
        own = np.count_nonzero(_class_counts(block.cut(codes), classes))
        rest = np.count_nonzero(total - _class_counts(grown.cut(codes), classes))
        there += int(own) + int(rest)
        served += int(own > 0 and rest > 1)
    return served, there, kept


def _class_counts(codes: Array, classes: Sequence[int] | Array) -> Array:
    return np.array([np.count_nonzero(codes == value) for value in classes])


def assign_folds(weights: Array, folds: int, seed: int) -> Array:
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
    fold_of = np.zeros(len(weights), int)
    for place, unit in enumerate(order):
        column = int(np.argmax(shares[unit]))
        empty = count == 0
        left = len(order) - place
        # the last units fill what is still empty
        open_ = np.flatnonzero(empty if left <= np.count_nonzero(empty) else count >= 0)
        keys = (count[open_], held[open_, -1], np.round(held[open_, column], 12))
        chosen = int(open_[np.lexsort(keys)[0]])
        fold_of[unit] = chosen
        held[chosen] += shares[unit]
        count[chosen] += 1
    return fold_of


def class_counts_by_group(
    class_codes: Sequence[ClassCodes], parts: Sequence[Array], group_of: Sequence[int]
) -> Array:
    """Return how many samples of each class the parts (of codes) of each group have."""
    classes = sorted({int(value) for _, values in class_codes for value in values})
    counts = np.zeros((max(group_of) + 1, len(classes)))
    for part, group in zip(parts, group_of, strict=True):
        counts[group] += _class_counts(part, classes)
    return counts
