"""Which samples a model learns from, and which it is judged on.

Neighbouring samples of an image look alike, and features reach beyond their sample, so a model
that learned from one sample has all but seen the next one. Samples drawn one by one (or halves
without a gap) therefore flatter every method, and most those that memorise. The splits here hold
out whole images, groups of images, or blocks of an image with a buffer around them that is as
wide as the features reach; the flattering ones are there too, to show by how much they flatter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import CheckError, ParameterError
from graticule.learn.splits.blocks import (
    Block,
    ClassCodes,
    assign_folds,
    class_codes_of,
    class_counts_by_group,
    compact_blocks,
    grid_blocks,
)
from graticule.learn.splits.fold import (
    Buffer,
    Fold,
    Masks,
    everywhere,
    margin_of,
    require_labels,
    sizes_of,
)

__all__ = ["Buffer", "Fold", "Masks", "by_blocks", "by_group", "by_image", "by_samples",
           "fixed_test", "naive_halves"]  # fmt: skip


def by_image(
    images: Sequence[xr.DataArray],
    folds: int = 5,
    *,
    labels: Sequence[xr.DataArray] | None = None,
    seed: int = 0,
) -> list[Fold]:
    """Hold out whole images, each once.

    Parameters
    ----------
    images : sequence of DataArray
        Only their dims and sizes are looked at.
    folds : int
        How many parts; no more than there are images.
    labels : sequence of DataArray, optional
        Class codes (negative: unlabelled). With them every fold gets of every class what it can.
    seed : int
        Of the order of images that are alike.

    Returns
    -------
    list of Fold
        Each holds out about as many images.

    Raises
    ------
    CheckError
        If there are fewer than two images.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> images = [as_image(np.zeros((4, 5))) for _ in range(3)]
    >>> [fold.test.images for fold in by_image(images, 3)]
    [(2,), (0,), (1,)]
    """
    return by_group(images, range(len(images)), folds, labels=labels, seed=seed, kind="images")


def by_group(
    images: Sequence[xr.DataArray],
    groups: Sequence[Any],
    folds: int = 5,
    *,
    labels: Sequence[xr.DataArray] | None = None,
    seed: int = 0,
    kind: str = "groups",
) -> list[Fold]:
    """Hold out whole groups of images (a patient, a specimen, a day), each once.

    Parameters
    ----------
    images : sequence of DataArray
        Only their dims and sizes are looked at.
    groups : sequence
        The group of each image.
    folds : int
        How many parts; no more than there are groups.
    labels : sequence of DataArray, optional
        As for `by_image`.
    seed : int
        As for `by_image`.
    kind : str
        What the folds are called.

    Returns
    -------
    list of Fold
        No group is in both parts of a fold.

    Raises
    ------
    CheckError
        If there are fewer than two groups.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> images = [as_image(np.zeros((4, 5))) for _ in range(4)]
    >>> [fold.test.images for fold in by_group(images, ["a", "b", "a", "b"], 2)]
    [(0, 2), (1, 3)]
    """
    if len(groups) != len(images):
        raise ParameterError(f"needs a group for each of {len(images)} images, not {len(groups)}")
    names = list(dict.fromkeys(groups))
    folds = _fold_count(folds, len(names), kind)
    counts = np.zeros((len(names), 1))
    if labels is not None:
        counts = class_counts_by_group(
            [class_codes_of(codes) for codes in labels],
            [codes.values for codes in labels],
            [names.index(group) for group in groups],
        )
    fold_of = assign_folds(np.hstack([counts, np.ones((len(names), 1))]), folds, seed)
    of_image = [fold_of[names.index(group)] for group in groups]
    result = []
    for number in range(folds):
        masks = [
            [partial(everywhere, image) if bool(fold == number) is held else None
             for image, fold in zip(images, of_image, strict=True)]
            for held in (False, True)
        ]  # fmt: skip
        result.append(Fold(Masks(masks[0]), Masks(masks[1]), f"{kind} {number + 1} of {folds}"))
    return result


def fixed_test(
    images: Sequence[xr.DataArray],
    tested: Sequence[bool],
    *,
    labels: Sequence[xr.DataArray] | None = None,
) -> Fold:
    """Learn from some images, and judge on the others.

    Parameters
    ----------
    images : sequence of DataArray
        Only their dims and sizes are looked at.
    tested : sequence of bool
        Which images are judged on.
    labels : sequence of DataArray, optional
        Class codes (negative: unlabelled), to see that both parts have labels.

    Returns
    -------
    Fold
        The images that are not judged on are learned from.

    Raises
    ------
    CheckError
        If these hold no label.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> fold = fixed_test([as_image(np.zeros((4, 5))) for _ in range(3)], [False, False, True])
    >>> fold.train.images, fold.test.images
    ((0, 1), (2,))
    """
    masks = [
        [
            partial(everywhere, image) if bool(own) == held else None
            for image, own in zip(images, tested, strict=True)
        ]
        for held in (False, True)
    ]
    fold = Fold(Masks(masks[0]), Masks(masks[1]), "test set")
    require_labels([fold], None if labels is None else [class_codes_of(each) for each in labels])
    return fold


def by_blocks(
    images: xr.DataArray | Sequence[xr.DataArray],
    *,
    folds: int = 4,
    size: int | Mapping[str, int] | None = None,
    buffer: Buffer = 0,
    labels: xr.DataArray | Sequence[xr.DataArray] | None = None,
    seed: int = 0,
) -> list[Fold]:
    """Hold out blocks of the images, and leave a buffer around them out of training.

    A sample is learned from only if it lies more than ``buffer`` samples, along some dim, from
    every sample that is held out. With a buffer as wide as the features reach, no value of a
    held-out sample is in any feature that was learned from.

    Parameters
    ----------
    images : DataArray or sequence of DataArray
        Two or three spatial dims (or any); only dims and sizes are looked at.
    folds : int
        How many parts; fewer, without ``size``, where labels lie too close together for so many.
    size : int or mapping, optional
        Least side of a block, in samples, by dim. By default an image is cut into as many compact
        parts as there are folds, which loses least to the buffer; with ``size`` there are more
        blocks, shared out so that every fold has its part of every class.
    buffer : int or mapping
        In samples, by dim.
    labels : DataArray or sequence of DataArray, optional
        Class codes (negative: unlabelled): blocks are laid so that every fold has every class to
        learn from and to be judged on, where that is possible.
    seed : int
        Of the order of blocks that are alike.

    Returns
    -------
    list of Fold
        Every sample is held out exactly once.

    Raises
    ------
    CheckError
        If there are fewer blocks than folds, the buffer leaves nothing to learn from, or labels
        lie so close together that a fold has none to be judged on or to learn from.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> image = as_image(np.zeros((40, 40)))
    >>> first = by_blocks(image, folds=4, buffer=3)[0]
    >>> int(first.test[0].sum()), int(first.train[0].sum())
    (400, 1071)
    """
    image_list = [images] if isinstance(images, xr.DataArray) else list(images)
    classes = [labels] if isinstance(labels, xr.DataArray) else labels
    if folds < 2:
        raise ParameterError(f"needs 2 or more, not {folds}", where="folds")
    shapes = [sizes_of(image) for image in image_list]
    margins = [margin_of(image, buffer) for image in image_list]
    class_codes = [class_codes_of(codes) for codes in classes] if classes is not None else None
    parts = partial(_folds_of_blocks, image_list, shapes, margins, class_codes, seed=seed)
    faults = []
    for count in range(folds, 1, -1):
        try:
            result = parts(count, size)
            require_labels(result, class_codes)
        except CheckError as fault:
            faults.append(fault)
            if size is not None or class_codes is None:
                break
        else:
            return result
    raise faults[0]


def _folds_of_blocks(
    image_list: Sequence[xr.DataArray],
    shapes: Sequence[Mapping[str, int]],
    margins: Sequence[Mapping[str, int]],
    class_codes: Sequence[ClassCodes] | None,
    folds: int,
    size: int | Mapping[str, int] | None,
    *,
    seed: int,
) -> list[Fold]:
    """Return folds of blocks."""
    if size is None:
        blocks, fold_of = compact_blocks(shapes, margins, class_codes, folds)
    else:
        blocks = grid_blocks(shapes, size)
        if len(blocks) < folds:
            raise CheckError(
                f"{folds} folds need as many blocks; there {'is' if len(blocks) == 1 else 'are'} "
                f"{len(blocks)} of side {size}",
                hint="make size smaller, or take fewer folds",
            )
        weights = np.array([[float(block.samples)] for block in blocks])
        if class_codes is not None:
            parts = [block.cut(class_codes[block.image][0]) for block in blocks]
            counts = class_counts_by_group(class_codes, parts, range(len(blocks)))
            weights = np.hstack([counts, weights])
        fold_of = assign_folds(weights, folds, seed)
    return [
        _block_fold(
            image_list,
            [block for block, fold in zip(blocks, fold_of, strict=True) if fold == number],
            margins,
            f"blocks {number + 1} of {folds}",
        )
        for number in range(folds)
    ]


def naive_halves(images: xr.DataArray | Sequence[xr.DataArray]) -> list[Fold]:
    """Learn from one half of every image and judge on the other, without a gap between them.

    Only there to be shown beside an honest split. The halves touch, and there are but two places
    in the image, so the number is flattered and has no interval worth the name.

    Parameters
    ----------
    images : DataArray or sequence of DataArray
        Only their dims and sizes are looked at.

    Returns
    -------
    list of Fold
        Two: each half of the longest dim is judged on once.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> first, second = naive_halves(as_image(np.zeros((4, 6))))
    >>> first.test[0].values[0].astype(int)
    array([0, 0, 0, 1, 1, 1])
    """
    image_list = [images] if isinstance(images, xr.DataArray) else list(images)
    halves: list[list[Block]] = [[], []]
    for number, image in enumerate(image_list):
        sizes = sizes_of(image)
        longest = max(sizes, key=lambda dim: sizes[dim])
        middle = sizes[longest] // 2
        for part, (start, stop) in enumerate(((middle, sizes[longest]), (0, middle))):
            bounds = {**{dim: (0, size) for dim, size in sizes.items()}, longest: (start, stop)}
            halves[part].append(Block(number, bounds))
    none: list[dict[str, int]] = [{} for _ in image_list]
    return [
        _block_fold(image_list, half, none, f"half {number} of 2, no gap")
        for number, half in enumerate(halves, 1)
    ]


def by_samples(
    images: xr.DataArray | Sequence[xr.DataArray], folds: int = 4, *, seed: int = 0
) -> list[Fold]:
    """Draw samples one by one, so that nearly each has its neighbours in the other part.

    Only there to be shown beside an honest split: it measures how well a method remembers.

    Parameters
    ----------
    images : DataArray or sequence of DataArray
        Only their dims and sizes are looked at.
    folds : int
        How many parts.
    seed : int
        Of the draw.

    Returns
    -------
    list of Fold
        Each sample is judged on in one of them.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> fold = by_samples(as_image(np.zeros((20, 20))), 4)[0]
    >>> bool((fold.train[0] ^ fold.test[0]).all())
    True
    """
    image_list = [images] if isinstance(images, xr.DataArray) else list(images)

    def drawn(number: int, part: int, held_out: bool) -> xr.DataArray:
        sizes = sizes_of(image_list[number])
        rng = np.random.default_rng([seed, number])
        fold_of = rng.integers(0, folds, size=tuple(sizes.values()), dtype=np.int16)
        return xr.DataArray((fold_of == part) == held_out, dims=tuple(sizes))

    def masks(part: int, held_out: bool) -> Masks:
        return Masks([partial(drawn, n, part, held_out) for n in range(len(image_list))])

    return [
        Fold(masks(part, False), masks(part, True), f"samples {part + 1} of {folds}")
        for part in range(folds)
    ]


def _block_fold(
    images: Sequence[xr.DataArray],
    held_out: Sequence[Block],
    margins: Sequence[Mapping[str, int]],
    name: str,
) -> Fold:
    """Return a fold of blocks; refuse one whose buffer leaves nothing to learn from."""

    def mask(index: int, train: bool) -> xr.DataArray:
        sizes = sizes_of(images[index])
        found = np.full(tuple(sizes.values()), train)
        for block in held_out:
            if block.image == index:
                wide = block.grown(margins[index], sizes) if train else block
                found[wide.slices(tuple(sizes))] = not train
        return xr.DataArray(found, dims=tuple(sizes))

    touched = {block.image for block in held_out}
    test = [partial(mask, n, False) if n in touched else None for n in range(len(images))]
    train = [partial(mask, n, True) for n in range(len(images))]
    widest = {dim: max(m.get(dim, 0) for m in margins) for m in margins for dim in m}
    fold = Fold(Masks(train), Masks(test), name, widest, tuple(held_out))
    if not any(mask is not None and bool(mask.any()) for mask in fold.train):
        wide = ", ".join(f"{dim} {samples}" for dim, samples in fold.buffer.items())
        raise CheckError(
            f"{name}: the buffer ({wide} samples) leaves no sample to learn from",
            hint="take larger blocks, more images, or methods whose features reach less far",
        )
    return fold


def _fold_count(folds: int, units: int, kind: str) -> int:
    if folds < 2:
        raise ParameterError(f"needs 2 or more, not {folds}", where="folds")
    if units < 2:
        raise CheckError(
            f"a split by {kind} needs 2 or more of them, not {units}",
            hint="split by blocks where there is one image",
        )
    return min(folds, units)
