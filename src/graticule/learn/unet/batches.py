"""Batches: each made from the seed and the number of its step, so that any can be made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from graticule.learn.unet.augment import Augment
from graticule.learn.unet.patches import Sampler, Source

Array: TypeAlias = np.ndarray[Any, Any]
Parts: TypeAlias = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Batches:
    """Training batches by number.

    Attributes
    ----------
    sampler : Sampler
        Where patches are drawn from.
    augment : Augment or None
        How they are varied.
    size : int
        Patches in a batch.
    seed : int
        Of everything that is random here.
    """

    sampler: Sampler
    augment: Augment | None
    size: int
    seed: int

    def __getitem__(self, step: int) -> Parts:
        """Return images ``(n, c, ...)``, truth ``(n, ...)`` and weights of a step."""
        return stacked(
            [self._patch(np.random.default_rng([self.seed, step, n])) for n in range(self.size)]
        )

    def _patch(self, rng: np.random.Generator) -> Parts:
        extent = self.sampler.extent
        source, starts = self.sampler.draw(rng)
        parts = source.box(starts, extent)
        if self.augment is not None and self.augment.flip:
            image, truth, weights = parts
            some = [image, truth] if not weights.size else [image, truth, weights]
            turned = self.augment.flipped(some, extent, rng)
            parts = (turned[0], turned[1], turned[2] if weights.size else weights)
        return parts


def stacked(patches: Sequence[Parts]) -> Parts:
    """Return a batch of patches."""
    images, truths, weights = zip(*patches, strict=True)
    return np.stack(images), np.stack(truths), np.stack(weights)


def grid_of(
    sources: Sequence[Source], extent: Sequence[int], most: int, seed: int
) -> list[tuple[int, tuple[int, ...]]]:
    """Return boxes that hold every labelled sample of the sources once, or a choice of them."""
    found = []
    for number, source in enumerate(sources):
        counts = [-(-size // long) for size, long in zip(source.pixels.sizes, extent, strict=True)]
        for index in np.ndindex(*counts):
            starts = [at * long for at, long in zip(index, extent, strict=True)]
            stops = [
                min(size, start + long)
                for start, long, size in zip(starts, extent, source.pixels.sizes, strict=True)
            ]
            truth = source.truth(starts, stops)
            known = truth >= 0 if source.classes else ~np.isnan(truth)
            if known.any():
                found.append((number, tuple(starts)))
    if len(found) > most:
        chosen = np.random.default_rng(seed).choice(len(found), most, replace=False)
        found = [found[index] for index in sorted(chosen)]
    return found


def groups(
    sources: Sequence[Source],
    boxes: Sequence[tuple[int, tuple[int, ...]]],
    extent: Sequence[int],
    size: int,
) -> Iterator[Parts]:
    """Yield the boxes of `grid_of` in batches."""
    for start in range(0, len(boxes), size):
        part = boxes[start : start + size]
        yield stacked([sources[number].box(starts, extent) for number, starts in part])
