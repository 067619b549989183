"""The split of a training document, made for its images and methods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graticule.core.errors import CheckError
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.data.overlap import require_disjoint, require_distinct
from graticule.learn.document.document import SplitSpec
from graticule.learn.methods.method import REAL, Method
from graticule.learn.splits.splits import (
    Fold,
    by_blocks,
    by_group,
    by_samples,
    fixed_test,
    naive_halves,
)


@dataclass(frozen=True)
class Split:
    """The folds all methods are compared on, and those that flatter.

    Attributes
    ----------
    folds, naive : tuple of Fold
        ``naive`` is empty where none was asked for.
    words : str
        What was done, for people.
    buffer : dict of int
        In samples by dim; empty where whole images are held out.
    widest : str
        The method whose reach is the buffer; empty where the buffer was given.
    test : Fold or None
        The fixed test set, if there is one: a fold of the images joined with those of the test.
    """

    folds: tuple[Fold, ...]
    naive: tuple[Fold, ...]
    words: str
    buffer: Mapping[str, int]
    widest: str = ""
    test: Fold | None = None


def groups_by_pattern(names: Sequence[str], pattern: str) -> tuple[str, ...]:
    """Return the group of each image: what the pattern's first group finds in its name.

    Raises
    ------
    CheckError
        If it finds nothing in a name.

    Examples
    --------
    >>> groups_by_pattern(["a_1", "a_2", "b_1"], "^([a-z])")
    ('a', 'a', 'b')
    """
    groups = []
    for name in names:
        match = re.search(pattern, name)
        if match is None:
            raise CheckError(f"{pattern!r} finds no group in {name!r}", where="split.group")
        groups.append(match.group(1) or "")
    return tuple(groups)


def make_split(
    split: SplitSpec,
    data: LabelledImages,
    methods: Sequence[Method],
    extra: Mapping[str, LabelledImages] | None = None,
    test: LabelledImages | None = None,
) -> Split:
    """Return the folds for images and methods, after all images were found to be different.

    Parameters
    ----------
    split : SplitSpec
        What is asked for.
    data : LabelledImages
        The images.
    methods : sequence of Method
        All that will be compared; with ``buffer: auto`` the buffer is as wide as the widest of
        them reaches, so that all get the same split.
    extra : mapping of LabelledImages, optional
        Further training images; none may share content with those that are judged on.
    test : LabelledImages, optional
        The fixed test set; nothing that is learned from may share content with it.

    Raises
    ------
    CheckError
        If images share content, or a fold could not be learned from or judged on.
    """
    found = _folds(split, data, methods, extra or {})
    return (
        found if test is None else replace(found, test=_test_fold(split, data, extra or {}, test))
    )


def _test_fold(
    split: SplitSpec,
    data: LabelledImages,
    extra: Mapping[str, LabelledImages],
    test: LabelledImages,
) -> Fold:
    """Return the fold of a fixed test set, none of whose images or groups is learned from."""
    if split.by == "group":
        groups = groups_by_pattern(test.names, split.group)
        both = [
            name for name, group in zip(test.names, groups, strict=True) if group in data.groups
        ]
        if both:
            raise CheckError(
                f"the image {both[0]} of the test set is of a group that is learned from",
                where="split.test",
                hint="take the group out of one of them",
            )
    train = dict(zip(data.names, data.images, strict=True))
    for name, own in extra.items():
        train |= {f"{name}/{n}": image for n, image in zip(own.names, own.images, strict=True)}
    tested = {f"test/{n}": image for n, image in zip(test.names, test.images, strict=True)}
    try:
        require_disjoint(train, tested)
    except CheckError as error:
        hint = "take it out of the test set, or out of what is learned from"
        raise CheckError(error.what, where="split.test", hint=hint) from None
    joined = data.joined(test)
    codes = [joined.codes(n) for n in range(len(joined.images))] if data.classes else None
    flags = [False] * len(data.images) + [True] * len(test.images)
    return fixed_test(joined.images, flags, labels=codes)


def _folds(
    split: SplitSpec,
    data: LabelledImages,
    methods: Sequence[Method],
    extra: Mapping[str, LabelledImages],
) -> Split:
    """Return the folds of the images, which were found to be different."""
    images, seed = list(data.images), split.seed
    if len(images) > 1:
        require_distinct(data.names, images, data.groups)
    tested = dict(zip(data.names, images, strict=True))
    for name, own in extra.items():
        train = {f"{name}/{n}": im for n, im in zip(own.names, own.images, strict=True)}
        require_disjoint(train, tested)
    codes = [data.codes(n) for n in range(len(images))] if data.classes else None
    naive: list[Fold] = []
    if split.naive != "none":
        halves = split.naive == "halves"
        naive = naive_halves(images) if halves else by_samples(images, split.folds, seed=seed)
    by = split.by if split.by != "auto" else "blocks" if len(images) == 1 else "image"
    if by != "blocks":
        groups = data.groups if by == "group" else range(len(images))
        folds = by_group(images, groups, split.folds, labels=codes, seed=seed, kind=f"{by}s")
        words = f"whole {by}s are held out, in {len(folds)} folds"
        return Split(tuple(folds), tuple(naive), words, {})
    buffer, widest = _buffer(split, data, methods)
    folds = by_blocks(
        images, folds=split.folds, size=split.size, buffer=buffer, labels=codes, seed=seed
    )
    wide = ", ".join(f"{n} along {dim}" for dim, n in buffer.items())
    if len(set(buffer.values())) == 1:
        wide = str(next(iter(buffer.values())))
    fewer = ""
    if len(folds) < split.folds:
        fewer = f" (labels lie too close together for {split.folds})"
    words = f"blocks are held out, in {len(folds)} folds{fewer}, with a buffer of {wide} samples"
    return Split(tuple(folds), tuple(naive), words, buffer, widest)


def _buffer(
    split: SplitSpec, data: LabelledImages, methods: Sequence[Method]
) -> tuple[dict[str, int], str]:
    """Return the buffer by dim, and the method that needs it."""
    buffer: dict[str, int] = {}
    reach, widest = -1, ""
    for method in methods:
        for image in data.images if REAL in method.on else ():
            for dim, samples in method.reach(image).items():
                buffer[dim] = max(samples, buffer.get(dim, 0))
                if samples > reach:
                    reach, widest = samples, method.name
    if split.buffer == "auto":
        return buffer, widest
    if split.buffer < reach:
        raise CheckError(
            f"the buffer of {split.buffer} samples is narrower than {widest} reaches "
            f"({reach}), so held-out samples would be in what it learns from",
            where="split.buffer",
            hint="say buffer: auto, or leave it out",
        )
    return dict.fromkeys(buffer, split.buffer), ""
