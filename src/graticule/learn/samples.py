"""Which labelled samples a model is trained on: one image at a time, none of them held.

Every labelled sample has a key, a hash of the seed and its place. A class keeps the samples of
the smallest keys, so what is chosen does not depend on how an image is cut or stored, and a class
with few samples keeps them all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from graticule.core import as_image, filtered_dims
from graticule.core.errors import ImageError, ParameterError
from graticule.learn._shares import shares
from graticule.learn.labels import parts_of

Array: TypeAlias = np.ndarray[Any, Any]

CHANNEL = "c"
_LINES = 64
"""Lines of an image that are read at once, where they hold labels."""
_ALL_KEYS = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Pair:
    """An image with its labels, along the same dims in the same order; lazy or not.

    Attributes
    ----------
    image, labels : DataArray
        The labels have the image's dims but ``c``, in its order.
    where : callable or None
        Gives the mask of where labels may be used, or None for nowhere; None for everywhere.
    """

    image: xr.DataArray
    labels: xr.DataArray
    where: Callable[[], xr.DataArray | None] | None = None

    @property
    def dims(self) -> tuple[str, ...]:
        """Dims of the labels."""
        return tuple(str(dim) for dim in self.labels.dims)


@dataclass(frozen=True)
class Chosen:
    """The samples that were chosen.

    Attributes
    ----------
    index : tuple of ndarray
        For each image the places of its samples in raster order, ascending.
    codes : ndarray
        The class of each sample, image after image.
    counts : ndarray
        How many labelled samples there are of each class.
    """

    index: tuple[Array, ...]
    codes: Array
    counts: Array

    def only(self, known: Array) -> Chosen:
        """Return those of the samples that are known."""
        edges = np.cumsum([0, *(index.size for index in self.index)])
        spans = itertools.pairwise(edges)
        index = tuple(i[known[a:b]] for i, (a, b) in zip(self.index, spans, strict=True))
        return Chosen(index, self.codes[known], self.counts)


def several(given: Any) -> list[Any]:
    """Return a list of what may be one image or a sequence of them."""
    return [given] if _is_one(given) else list(given)


def _is_one(given: Any) -> bool:
    return isinstance(given, (xr.DataArray, np.ndarray)) or hasattr(given, "columns")


def pairs_of(images: Any, labels: Any, where: Any = None) -> list[Pair]:
    """Return images with their labels, checked against each other.

    Parameters
    ----------
    images, labels : DataArray or array_like, or sequences of them
        One label image for each image, of its sizes without ``c``.
    where : optional
        Masks of the samples that may be used; None for all samples of all images. In a sequence
        of masks, one for each image, None is nothing of that image, as in a `Fold`. An image of
        which nothing may be used is not read.

    Raises
    ------
    ImageError
        If their numbers, dims or sizes differ.
    """
    given, drawn = several(images), several(labels)
    masks = [None] * len(given) if where is None else [where] if _is_one(where) else where
    if not isinstance(masks, Sequence):
        raise ImageError(
            f"where must be a mask or a sequence of masks, not {type(where).__name__}",
            hint="of a fold, give its train",
        )
    if not given or len(given) != len(drawn) or len(given) != len(masks):
        counts = f"{len(given)} images, {len(drawn)} label images and {len(masks)} masks"
        raise ImageError(f"each image needs one label image and one mask or None, not {counts}")
    pairs = []
    for number, (image, label) in enumerate(zip(given, drawn, strict=True)):
        try:
            whole = as_image(image)
            allowed = None if where is None else partial(_mask, whole, masks, number)
            pairs.append(Pair(whole, _beside(whole, label, "label image"), allowed))
        except ImageError as error:
            raise error.at(f"image {number + 1}" if len(given) > 1 else "labels") from None
    return pairs


def _mask(image: xr.DataArray, masks: Sequence[Any], number: int) -> xr.DataArray | None:
    """Return the mask of an image, of a sequence that may make it only now; None for nothing."""
    given = masks[number]
    if given is None:
        return None
    mask = _beside(image, given, "mask")
    if mask.dtype != np.bool_:
        raise ImageError(f"where must be a mask of bools, not {mask.dtype}")
    return mask


def _beside(image: xr.DataArray, given: Any, what: str) -> xr.DataArray:
    """Return what lies over an image, its dims in the image's order."""
    dims = [dim for dim in filtered_dims(image) if dim != CHANNEL]
    if not isinstance(given, xr.DataArray):
        array = np.asarray(given)
        given = as_image(array, dims=dims if array.ndim == len(dims) else None)
    sizes = {dim: image.sizes[dim] for dim in dims}
    if {str(dim): size for dim, size in given.sizes.items()} != sizes:
        wanted = ", ".join(f"{dim} {size}" for dim, size in sizes.items())
        came = ", ".join(f"{dim} {size}" for dim, size in given.sizes.items())
        raise ImageError(f"the {what} must have the image's sizes ({wanted}), not {came}")
    laid: xr.DataArray = given.transpose(*dims)
    return laid


def choose(
    pairs: Sequence[Pair],
    code: Callable[[Array], Array],
    classes: int,
    *,
    most: int | None,
    seed: int,
    balance: bool = True,
) -> Chosen:
    """Choose samples to train on, at most so many of all classes together.

    Parameters
    ----------
    pairs : sequence of Pair
        Looked at one slab at a time.
    code : callable
        From label values to codes; -1 for what is not labelled.
    classes : int
        How many there are.
    most : int or None
        None takes all.
    seed : int
        Another seed chooses others.
    balance : bool
        Whether classes have even shares (as far as they have samples), or shares as they
        occur, with no less than a tenth of an even share for the rare.

    Returns
    -------
    Chosen
        It does not depend on how the images are cut into chunks.
    """
    if most is not None and most < classes:
        raise ParameterError(
            f"must be at least one for each of {classes} classes", where="max_samples"
        )
    sketch = _Sketch(classes, most)
    for number, pair in enumerate(pairs):
        for first, found in _coded(pair, code):
            sketch.add(found, number, first, seed)
    return sketch.chosen(len(pairs), balance)


def _coded(pair: Pair, code: Callable[[Array], Array]) -> Any:
    """Yield the codes of lines that hold labels, flat, with the index of their first sample."""
    first = pair.dims[0]
    row = pair.labels.size // max(1, pair.labels.sizes[first])
    mask = pair.where() if pair.where is not None else None
    if pair.where is not None and mask is None:
        return
    for start, slab in parts_of(pair.labels, pair.dims):
        at = {first: slice(start, start + slab.sizes[first])}
        found = code(slab.values)
        if mask is not None:
            found = np.where(mask.isel(at).values, found, np.int16(-1))
        for low in range(0, len(found), _LINES):
            part = found[low : low + _LINES]
            if (part >= 0).any():
                begin = start + low
                lines = pair.image.isel({first: slice(begin, begin + len(part))})
                unknown = missing(lines, pair.dims)
                if unknown is not None:
                    part = np.where(unknown, np.int16(-1), part)
                yield begin * row, np.ascontiguousarray(part).ravel()


def missing(image: xr.DataArray, dims: Sequence[str]) -> Array | None:
    """Return where an image has no number in one of its channels; None if it has all.

    Along ``dims``, in their order. Infinite values count as missing.
    """
    if image.dtype.kind != "f":
        return None
    known = np.isfinite(image.values)
    if known.all():
        return None
    unknown = xr.DataArray(~known, dims=image.dims)
    if CHANNEL in image.dims and CHANNEL not in dims:
        unknown = unknown.any(CHANNEL)
    found: Array = unknown.transpose(*dims).values
    return found


class _Sketch:
    """The samples of the smallest keys of each class, of what was seen so far."""

    def __init__(self, classes: int, most: int | None) -> None:
        self.most = most
        self.counts = np.zeros(classes, np.int64)
        self.limits = np.full(classes, _ALL_KEYS, np.uint64)
        self.held: list[list[tuple[Array, Array, Array]]] = [[] for _ in range(classes)]

    def add(self, found: Array, image: int, first: int, seed: int) -> None:
        """Take in the codes of a slab."""
        from graticule.learn._sampling_kernels import candidates

        salt = np.random.SeedSequence([seed, image]).generate_state(1, np.uint64)[0]
        position, keys = candidates(found, first, salt, self.limits, self.counts)
        codes = found[position]
        for number in np.unique(codes):
            own = codes == number
            index = position[own] + first
            owner = np.full(index.size, image, np.int64)
            self.held[number].append((keys[own], owner, index))
            self._shrink(number)

    def _shrink(self, number: int) -> None:
        """Keep no more than could be chosen."""
        if self.most is None or sum(part[0].size for part in self.held[number]) <= 2 * self.most:
            return
        keys, owner, index = self._joined(number)
        best = np.argpartition(keys, self.most - 1)[: self.most]
        self.held[number] = [(keys[best], owner[best], index[best])]
        self.limits[number] = keys[best].max()

    def _joined(self, number: int) -> tuple[Array, Array, Array]:
        parts = self.held[number]
        if not parts:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64)
        keys, owner, index = (np.concatenate(part) for part in zip(*parts, strict=True))
        return keys, owner, index

    def chosen(self, images: int, balance: bool) -> Chosen:
        """Return the samples of the smallest keys, as many of each class as are its share."""
        quotas = shares(self.counts, self.most, balance)
        owners, places, codes = [], [], []
        for number, quota in enumerate(quotas):
            keys, owner, index = self._joined(number)
            if quota < keys.size:
                best = np.argpartition(keys, quota - 1)[:quota] if quota else np.empty(0, np.int64)
                owner, index = owner[best], index[best]
            owners.append(owner)
            places.append(index)
            codes.append(np.full(index.size, number, np.int16))
        owner, index, code = (np.concatenate(part) for part in (owners, places, codes))
        order = np.lexsort((index, owner))
        owner, index, code = owner[order], index[order], code[order]
        edges = np.searchsorted(owner, np.arange(images + 1))
        split = tuple(index[a:b] for a, b in itertools.pairwise(edges))
        return Chosen(split, code, self.counts)


def weights(chosen: Chosen, balance: bool) -> Array | None:
    """Return what each chosen sample counts for; None where all count the same.

    Balanced, every class counts as much as every other; else each as much as it has labelled
    samples, however many of them were taken.
    """
    taken = np.bincount(chosen.codes, minlength=chosen.counts.size)
    present = np.maximum(taken, 1)
    per_class = 1 / present if balance else chosen.counts / present
    found: Array = per_class[chosen.codes]
    found = found * (found.size / found.sum())
    return None if np.allclose(found, 1.0, rtol=1e-12) else found
