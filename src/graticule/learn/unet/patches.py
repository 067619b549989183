"""Patches: where training looks, rare classes as often as common ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import ImageError
from graticule.core.image import is_lazy
from graticule.core.typing import Array
from graticule.learn.data.labels import UNLABELLED, Classes, encode_labels, iter_slabs
from graticule.learn.unet.pixels import NormalisedImage

_KEPT = 50_000


@dataclass
class PatchSource:
    """A training image with its truth.

    Attributes
    ----------
    pixels : NormalisedImage
        The image.
    labels : DataArray
        Labels, or continuous targets, in the order of its dims.
    where : ndarray or None
        Samples that may be used.
    classes : Classes
        Empty for continuous targets.
    kind : str
        How labels are read.
    weights : ndarray or None
        Weights of the branching loss.
    shift, scale : float
        Continuous targets less the one, over the other.
    """

    pixels: NormalisedImage
    labels: xr.DataArray
    where: Array | None
    classes: Classes
    kind: Any
    weights: Array | None = None
    shift: float = 0.0
    scale: float = 1.0

    @property
    def nothing(self) -> float:
        """Return what stands for no truth."""
        return UNLABELLED if self.classes else np.nan

    def known(self, truth: Array) -> Array:
        """Return where there is truth."""
        found: Array = truth >= 0 if self.classes else ~np.isnan(truth)
        return found

    def truth(self, starts: Sequence[int], stops: Sequence[int]) -> Array:
        """Return codes (or targets) of a box within the image, with none where not to be used."""
        cuts = [slice(a, b) for a, b in zip(starts, stops, strict=True)]
        part = self.labels.isel(dict(zip(self.pixels.dims, cuts, strict=True)))
        part = part.compute(scheduler="synchronous") if is_lazy(part) else part
        if self.classes:
            found = encode_labels(part.values, self.classes, self.kind)
        else:
            found = ((part.values - self.shift) / self.scale).astype(np.float32)
            found[~np.isfinite(found)] = np.nan
        unused = ~self.pixels.finite(starts, stops)
        if self.where is not None:
            unused |= ~self.where[tuple(cuts)]
        found[unused] = self.nothing
        return found

    def box(self, starts: Sequence[int], extent: Sequence[int]) -> tuple[Array, Array, Array]:
        """Return image, truth and weights of a box; beyond the image there is no truth."""
        inner = [max(0, start) for start in starts]
        stops = [
            min(size, start + long)
            for start, long, size in zip(starts, extent, self.pixels.sizes, strict=True)
        ]
        truth = np.full(extent, self.nothing, np.float32 if not self.classes else np.int16)
        weights = np.ones(extent if self.weights is not None else (0,), np.float32)
        if all(a < b for a, b in zip(inner, stops, strict=True)):
            into = tuple(
                slice(a - start, b - start)
                for a, b, start in zip(inner, stops, starts, strict=True)
            )
            truth[into] = self.truth(inner, stops)
            if self.weights is not None:
                cuts = tuple(slice(a, b) for a, b in zip(inner, stops, strict=True))
                weights[into] = self.weights[cuts]
        return self.pixels.box(starts, extent), truth, weights


class Sampler:
    """Draws patches from sources.

    Parameters
    ----------
    sources : sequence of PatchSource
        At least one with a labelled sample.
    extent : sequence of int
        Of a patch.
    class_balanced_fraction : float
        As of `UNet`.
    seed : int
        Of the choice of samples.
    """

    def __init__(
        self,
        sources: Sequence[PatchSource],
        extent: Sequence[int],
        class_balanced_fraction: float,
        seed: int,
    ) -> None:
        self.sources = sources
        self.extent = tuple(extent)
        self.class_balanced_fraction = class_balanced_fraction
        self.by_class: dict[int, list[tuple[int, Array]]] = {}
        counts: dict[int, list[int]] = {}
        for number, source in enumerate(sources):
            rng = np.random.default_rng([seed, number])
            for code, (places, count) in sorted(_positions(source, rng).items()):
                self.by_class.setdefault(code, []).append((number, places))
                counts.setdefault(code, []).append(count)
        if not self.by_class:
            raise ImageError(
                "no sample is labelled, finite and within where",
                hint="samples that are missing in the image or outside `where` are not used",
            )
        self.counts = {code: np.array(found, float) for code, found in counts.items()}

    def draw(self, rng: np.random.Generator) -> tuple[PatchSource, list[int]]:
        """Return a source and where a patch starts in it."""
        known = list(self.by_class)
        if rng.random() < self.class_balanced_fraction:
            code = known[rng.integers(len(known))]
        else:
            sums = np.array([self.counts[each].sum() for each in known])
            code = known[rng.choice(len(known), p=sums / sums.sum())]
        counts = self.counts[code]
        number, places = self.by_class[code][rng.choice(len(counts), p=counts / counts.sum())]
        source = self.sources[number]
        flat = int(places[rng.integers(len(places))])
        place = np.unravel_index(flat, source.pixels.sizes)
        return source, [
            _start(int(at), long, size, rng)
            for at, long, size in zip(place, self.extent, source.pixels.sizes, strict=True)
        ]

    def crop(self, size: int, seed: int) -> xr.DataArray:
        """Return a small part of an image, around a labelled sample."""
        source, starts = self.draw(np.random.default_rng(seed))
        cuts = {
            dim: slice(max(0, start), max(0, start) + min(size, long))
            for dim, start, long in zip(source.pixels.dims, starts, self.extent, strict=True)
        }
        return source.pixels.image.isel(cuts).compute()


def _start(at: int, long: int, size: int, rng: np.random.Generator) -> int:
    """Return a start such that the place lies anywhere in the patch and the patch in the image."""
    start = at - int(rng.integers(long))
    if size <= long:
        return -((long - size) // 2)
    return min(max(start, 0), size - long)


def _positions(source: PatchSource, rng: np.random.Generator) -> dict[int, tuple[Array, int]]:
    """Return some labelled samples of each class (as flat numbers), and how many there are."""
    sizes = source.pixels.sizes
    found: dict[int, tuple[Array, int]] = {}
    for start, slab in iter_slabs(source.labels, source.pixels.dims):
        stop = start + slab.sizes[source.pixels.dims[0]]
        truth = source.truth([start] + [0] * (len(sizes) - 1), [stop, *sizes[1:]])
        offset = start * int(np.prod(sizes[1:], dtype=np.int64))
        for code in range(max(1, len(source.classes))):
            hits = truth == code if source.classes else source.known(truth)
            places = np.flatnonzero(hits)
            if places.size:
                found[code] = _reservoir_sample(found.get(code), places + offset, rng)
    return found


def _reservoir_sample(
    before: tuple[Array, int] | None, places: Array, rng: np.random.Generator
) -> tuple[Array, int]:
    """Keep a sample of all places seen so far, each as likely as any other."""
    if before is None:
        kept, seen = places[:0], 0
    else:
        kept, seen = before
    count = seen + places.size
    share = round(_KEPT * places.size / count) if count > _KEPT else places.size
    if share < places.size:
        places = rng.choice(places, share, replace=False)
    room = _KEPT - places.size
    if kept.size > room:
        kept = rng.choice(kept, room, replace=False)
    return np.concatenate([kept, places]), count
