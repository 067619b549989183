"""Values at ranks of an image that comes in blocks, as a median: by their bits, and so exact.

The values are counted by the upper half of the bits of their float32, which orders them however
far one of them is from the others; then those whose half holds a wanted rank, by the lower half (a
radix selection). Of equal bins, one would hold all values beside a single hot pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from graticule.core import BlockInfo, Image, Reduction
from graticule.core.typing import Array

_HALF = 2**16
_SIGN = np.uint32(2**31)
_LARGEST = float(np.finfo(np.float32).max)

Ranks: TypeAlias = Callable[..., Array]
"""From the number of values, and the parameters, to the ranks that are wanted, from 0; one with a
fraction lies between two values."""


@dataclass(frozen=True)
class _Range:
    low: float
    high: float

    def merged(self, other: _Range) -> _Range:
        return _Range(min(self.low, other.low), max(self.high, other.high))

    @property
    def origin(self) -> float:
        """The value nearest to 0, from which values are taken so that they keep their digits."""
        return min(max(self.low, 0.0), self.high)


@dataclass(frozen=True)
class _Halves:
    """Upper halves that hold wanted ranks, and the places of these among the values there.

    The ranks are the whole ones below the wanted, and then those above, ``shares`` further on.
    """

    origin: float
    halves: Array
    places: Array
    shares: Array


def order_statistics(
    ranks: Ranks,
    finish: Callable[..., Any],
    apply: Callable[..., Any],
) -> Reduction:
    """Return the scope of an op that goes by values at ranks of the whole image.

    Parameters
    ----------
    ranks : callable
        ``ranks(count, **params)``: which are wanted. Not asked where no value is finite.
    finish : callable
        ``finish(values, **params) -> result``, of the values at the ranks; of none where no value
        is finite.
    apply : callable
        As of a `Reduction`.

    Notes
    -----
    A value is that of the image rounded to float32, counted from the one nearest to 0.
    """

    def choose(counts: Array, *, prior: _Range, **params: Any) -> _Halves:
        running = np.cumsum(counts)
        if not running[-1]:
            nothing = np.empty(0, np.int64)
            return _Halves(0.0, nothing, nothing, nothing)
        wanted = ranks(int(running[-1]), **params)
        whole = np.concatenate([np.floor(wanted), np.ceil(wanted)]).astype(np.int64)
        halves = np.searchsorted(running, whole, side="right")
        places = whole - (running[halves] - counts[halves])
        return _Halves(prior.origin, halves, places, wanted - np.floor(wanted))

    def pick(counts: Array, *, prior: _Halves, **params: Any) -> Any:
        rows = np.searchsorted(np.unique(prior.halves), prior.halves)
        running = np.cumsum(counts, axis=1)
        lower = [
            int(np.searchsorted(running[row], place, side="right"))
            for row, place in zip(rows, prior.places, strict=True)
        ]
        keys = prior.halves * _HALF + np.array(lower, np.int64)
        below, above = np.split(_values(keys), 2)
        return finish(below + prior.shares * (above - below) + prior.origin, **params)

    bounds = Reduction(_map_range, _Range.merged)
    upper = Reduction(_map_upper, np.add, choose, prior=bounds, memory=8)
    return Reduction(_map_lower, np.add, pick, apply, prior=upper, memory=8)


def known(image: Image) -> Array:
    """Return the finite values of an image, as float64."""
    values = np.asarray(image.values, np.float64).ravel()
    return values[np.isfinite(values)]


def _map_range(image: Image, *, block: BlockInfo, **_: Any) -> _Range:
    values = known(image)
    return _Range(float(values.min(initial=np.inf)), float(values.max(initial=-np.inf)))


def _map_upper(image: Image, *, block: BlockInfo, prior: _Range, **_: Any) -> Array:
    return np.bincount(_keys(image, prior.origin) >> np.uint32(16), minlength=_HALF)


def _map_lower(image: Image, *, block: BlockInfo, prior: _Halves, **_: Any) -> Array:
    keys = _keys(image, prior.origin) if prior.halves.size else np.empty(0, np.uint32)
    upper = keys >> np.uint32(16)
    lower = [keys[upper == half] & np.uint32(_HALF - 1) for half in np.unique(prior.halves)]
    counts = [np.bincount(each, minlength=_HALF) for each in lower]
    return np.array(counts, np.int64).reshape(-1, _HALF)


def _keys(image: Image, origin: float) -> Array:
    """Return whole numbers in the order of the finite values."""
    values = known(image)
    values -= origin
    np.clip(values, -_LARGEST, _LARGEST, out=values)
    bits = values.astype(np.float32).view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _values(keys: Array) -> Array:
    """Return the values of whole numbers of `_keys`, as float64."""
    keys = keys.astype(np.uint32)
    bits = np.where(keys & _SIGN, keys ^ _SIGN, ~keys)
    return bits.view(np.float32).astype(np.float64)
