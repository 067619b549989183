"""The samples of the smallest keys.

Every labelled sample has a key, a hash of the seed and its place. A class keeps the samples of
the smallest keys, so what is chosen does not depend on how an image is cut or stored, and a class
with few samples keeps them all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.sampling.class_quotas import class_quotas

_ALL_KEYS = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class SampleSelection:
    """The samples that were chosen.

    Attributes
    ----------
    index : tuple of ndarray
        For each image the places of its samples in raster order, ascending.
    codes : ndarray
        The class of each sample, image after image.
    counts : ndarray
        How many labelled samples there are of each class.
    balance : bool
        Whether classes are to count the same.
    """

    index: tuple[Array, ...]
    codes: Array
    counts: Array
    balance: bool

    def require_two(self, names: Sequence[str]) -> None:
        """Refuse to learn where fewer than two classes have a sample that may be used."""
        present = [names[code] for code in np.unique(self.codes)]
        if len(present) < 2:
            have = f"only {present[0]} has" if present else "none has"
            raise ImageError(
                f"of {len(names)} classes {have} labelled samples that may be used",
                hint="samples that are missing in the image or outside `where` are not used",
            )

    def only(self, known: Array) -> SampleSelection:
        """Return those of the samples that are known."""
        edges = np.cumsum([0, *(index.size for index in self.index)])
        spans = itertools.pairwise(edges)
        index = tuple(i[known[a:b]] for i, (a, b) in zip(self.index, spans, strict=True))
        return SampleSelection(index, self.codes[known], self.counts, self.balance)


class BottomKSampler:
    """The samples of the smallest keys of each class, of what was seen so far.

    Parameters
    ----------
    classes : int
        How many there are.
    most : int or None
        Samples to choose, at most, of all classes together.
    """

    def __init__(self, classes: int, most: int | None) -> None:
        self.most = most
        self.counts = np.zeros(classes, np.int64)
        self.limits = np.full(classes, _ALL_KEYS, np.uint64)
        nothing = (np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.int64))
        self.kept: list[list[tuple[Array, Array, Array]]] = [[nothing] for _ in range(classes)]

    def add(self, slab: Array, image: int, first: int, seed: int) -> None:
        """Take in the codes of a slab."""
        from graticule.learn.sampling._kernels import candidates

        salt = np.random.SeedSequence([seed, image]).generate_state(1, np.uint64)[0]
        position, keys = candidates(slab, first, salt, self.limits, self.counts)
        codes = slab[position]
        for number in np.unique(codes):
            of_class = codes == number
            index = position[of_class] + first
            owner = np.full(index.size, image, np.int64)
            self.kept[number].append((keys[of_class], owner, index))
            self._shrink(number)

    def _shrink(self, number: int) -> None:
        """Keep no more than could be chosen."""
        if self.most is None or sum(part[0].size for part in self.kept[number]) <= 2 * self.most:
            return
        keys, owner, index = self._joined(number)
        best = np.argpartition(keys, self.most - 1)[: self.most]
        self.kept[number] = [(keys[best], owner[best], index[best])]
        self.limits[number] = keys[best].max()

    def _joined(self, number: int) -> tuple[Array, Array, Array]:
        keys, owner, index = map(np.concatenate, zip(*self.kept[number], strict=True))
        return keys, owner, index

    def chosen(self, images: int, balance: bool, weighed: bool) -> SampleSelection:
        """Return the samples of the smallest keys, as many of each class as are its share."""
        quotas = class_quotas(self.counts, self.most, balance, weighed=weighed)
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
        return SampleSelection(split, code, self.counts, balance)
