"""A box of an image, read with what lies around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import xarray as xr

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.features.feature import CHANNEL, dims_of, one_channel
from graticule.ops.filters._separable import folded

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """Values of a box and its surroundings.

    Attributes
    ----------
    image : DataArray
        The whole image, without channels: dims and coordinates are what is used of it.
    own : tuple of (int, int)
        Start and stop of the box by dim, in the whole image.
    read : tuple of (int, int)
        The same, of what was read.
    channels : tuple of int
        Numbers of the channels that were read.
    values : ndarray
        float32 ``(channels, *read)``; NaN where the image is not finite.
    border : str
        What lies outside the image: ``"mirror"`` or ``"nearest"``.
    """

    image: xr.DataArray
    own: tuple[Span, ...]
    read: tuple[Span, ...]
    channels: tuple[int, ...]
    values: Array
    border: str

    @classmethod
    def of(
        cls,
        image: xr.DataArray,
        own: Sequence[Span],
        reach: Mapping[str, int],
        border: str,
        channels: Sequence[int] = (0,),
    ) -> Box:
        """Read a box of some channels, and as far around it as ``reach``, by dim."""
        dims = dims_of(image)
        read = tuple(
            (max(0, start - reach[dim]), min(image.sizes[dim], stop + reach[dim]))
            for dim, (start, stop) in zip(dims, own, strict=True)
        )
        part = image.isel({dim: slice(*span) for dim, span in zip(dims, read, strict=True)})
        if CHANNEL not in image.dims:
            part = part.expand_dims(CHANNEL)
        if len(channels) < part.sizes[CHANNEL]:
            part = part.isel({CHANNEL: list(channels)})
        values = as_finite(part.transpose(CHANNEL, *dims).values)
        return cls(one_channel(image), tuple(own), read, tuple(channels), values, border)

    def channel(self, number: int) -> Array:
        """Return what was read of a channel."""
        values: Array = self.values[self.channels.index(number)]
        return values

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of the box, in order."""
        return dims_of(self.image)

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of the box by dim."""
        return tuple(stop - start for start, stop in self.own)

    @cached_property
    def inner(self) -> tuple[slice, ...]:
        """The box within what was read."""
        pairs = zip(self.own, self.read, strict=True)
        return tuple(slice(own[0] - read[0], own[1] - read[0]) for own, read in pairs)

    def index(self, axis: int, reach: int, span: Span, base: int) -> Array:
        """Return where the samples from ``reach`` before a span to ``reach`` after it are found.

        Positions outside the image are those of the border's rule; ``base`` is the position in
        the image of the first sample of the array that is indexed.
        """
        size = self.image.sizes[self.dims[axis]]
        place = np.arange(span[0] - reach, span[1] + reach)
        if self.border == "nearest":
            return np.clip(place, 0, size - 1) - base
        return folded(place, size) - base

    def grown(self, reach: Sequence[int]) -> tuple[Span, ...]:
        """Return the box grown by some samples each way, as far as the image goes."""
        sizes = (self.image.sizes[dim] for dim in self.dims)
        return tuple(
            (max(0, start - r), min(size, stop + r))
            for (start, stop), r, size in zip(self.own, reach, sizes, strict=True)
        )


def as_finite(values: Array) -> Array:
    """Return values as float32, NaN where they are not finite."""
    if values.dtype.kind == "c":
        raise ImageError("features are made of real values, not complex", hint="take abs(image)")
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(values, np.float32)
    if values.dtype.kind == "f" and single.size:
        with np.errstate(invalid="ignore", over="ignore"):
            known = bool(np.isfinite(single.max()) and np.isfinite(single.min()))
        if not known:
            single = np.where(np.isfinite(single), single, np.float32(np.nan))
    return single
