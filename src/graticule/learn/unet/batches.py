"""Batches: each made from the seed and the number of its step, so that any can be made again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from graticule.core.typing import Array
from graticule.learn.unet.augment import Augment
from graticule.learn.unet.patches import PatchSource, Sampler

PatchArrays: TypeAlias = tuple[Array, Array, Array]
BoxStart: TypeAlias = tuple[int, tuple[int, ...]]

_AHEAD = 4


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

    def __getitem__(self, step: int) -> PatchArrays:
        """Return images ``(n, c, ...)``, truth ``(n, ...)`` and weights of a step."""
        return stack_patches(
            [self._patch(np.random.default_rng([self.seed, step, n])) for n in range(self.size)]
        )

    def iter_steps(self, first: int, stop: int, *, ahead: bool) -> Iterator[PatchArrays]:
        """Yield the batches of steps; made beside the training where it runs on a GPU."""
        if not ahead:
            yield from (self[step] for step in range(first, stop))
            return
        with ThreadPoolExecutor(_AHEAD) as pool:
            waiting = deque(
                pool.submit(self.__getitem__, step) for step in range(first, first + _AHEAD)
            )
            for step in range(first, stop):
                waiting.append(pool.submit(self.__getitem__, step + _AHEAD))
                yield waiting.popleft().result()
            for each in waiting:
                each.cancel()

    def _patch(self, rng: np.random.Generator) -> PatchArrays:
        extent, augment = self.sampler.extent, self.augment
        source, starts = self.sampler.draw(rng)
        if augment is None:
            return source.box(starts, extent)
        warp = augment.is_warped(rng)
        margin = augment.margin(extent) if warp else (0,) * len(extent)
        wide = [long + 2 * more for long, more in zip(extent, margin, strict=True)]
        corner = [start - more for start, more in zip(starts, margin, strict=True)]
        image, truth, weights = source.box(corner, wide)
        parts = [image, truth, weights] if weights.size else [image, truth]
        if warp:
            parts = augment.warped(parts, extent, rng)
        if augment.flip:
            parts = augment.flipped(parts, extent, rng)
        return augment.shaded(parts[0], rng), parts[1], parts[2] if weights.size else weights


def stack_patches(patches: Sequence[PatchArrays]) -> PatchArrays:
    """Return a batch of patches."""
    images, truths, weights = zip(*patches, strict=True)
    return np.stack(images), np.stack(truths), np.stack(weights)


def validation_grid(
    sources: Sequence[PatchSource], extent: Sequence[int], most: int, seed: int
) -> list[BoxStart]:
    """Return boxes that hold every labelled sample of the sources once, or a choice of them."""
    found: list[BoxStart] = []
    for number, source in enumerate(sources):
        counts = [-(-size // long) for size, long in zip(source.pixels.sizes, extent, strict=True)]
        for index in np.ndindex(*counts):
            starts = [at * long for at, long in zip(index, extent, strict=True)]
            stops = [
                min(size, start + long)
                for start, long, size in zip(starts, extent, source.pixels.sizes, strict=True)
            ]
            if source.known(source.truth(starts, stops)).any():
                found.append((number, tuple(starts)))
    if len(found) > most:
        chosen = np.random.default_rng(seed).choice(len(found), most, replace=False)
        found = [found[index] for index in sorted(chosen)]
    return found


def iter_batches(
    sources: Sequence[PatchSource], boxes: Sequence[BoxStart], extent: Sequence[int], size: int
) -> Iterator[PatchArrays]:
    """Yield the boxes of `validation_grid` in batches."""
    for start in range(0, len(boxes), size):
        part = boxes[start : start + size]
        yield stack_patches([sources[number].box(starts, extent) for number, starts in part])
