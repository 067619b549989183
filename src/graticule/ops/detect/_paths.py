"""Stacking along many paths: the arrays around the compiled loops."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.ops.detect._planes import PARTS, STRIDE

Interpolation: TypeAlias = Literal["fourier", "linear", "nearest"]
_PARTS_OF: dict[Interpolation, int] = {"fourier": PARTS, "linear": 0, "nearest": 1}
_LEAST = 4_000_000
"""Samples added, worth a part."""


def profiles(
    planes: Array,
    times: Array,
    *,
    interpolation: Interpolation = "linear",
    wrap: bool = False,
    fewest: int | Array = 1,
) -> Array:
    """Return the mean along all paths (path, sample), or the power where there are two planes.

    ``planes`` are as `planes_of` gives them, ``times`` (path, column) travel times in samples from
    each path's earliest: a column where it is NaN takes no part in that path. Fourier
    interpolation is to the nearest eighth of a sample. With ``wrap`` a path that leaves the image
    comes back at its other end, and counts. A start with fewer than ``fewest`` samples (one
    number, or one a path) inside the image is NaN.
    """
    result = np.empty((len(times), _samples(planes)), planes.dtype)
    _scan(planes, times, interpolation, wrap, fewest, result)
    return result


def maxima(
    planes: Array,
    times: Array,
    *,
    interpolation: Interpolation = "linear",
    wrap: bool = False,
    fewest: int | Array = 1,
) -> tuple[Array, Array]:
    """Return the largest value of every profile, and its start (-1 where all are NaN).

    The parameters are those of `profiles`.
    """
    return _scan(planes, times, interpolation, wrap, fewest, None)


def _samples(planes: Array) -> int:
    return int(planes.shape[2] - STRIDE) // 2


def _scan(
    planes: Array,
    times: Array,
    interpolation: Interpolation,
    wrap: bool,
    fewest: int | Array,
    result: Array | None,
) -> tuple[Array, Array]:
    from graticule.ops.detect._kernels import path_profiles

    size = _samples(planes)
    best = np.empty(len(times), planes.dtype)
    start = np.empty(len(times), np.int32)
    parts = _PARTS_OF[interpolation]
    few = np.broadcast_to(np.maximum(fewest, 1), len(times))

    def some(first: int, last: int) -> None:
        rows = slice(first, last)
        kept = np.empty((1, size), planes.dtype) if result is None else result[rows]
        path_profiles(planes, times[rows], parts, wrap, few[rows], kept, best[rows], start[rows])

    each = times.shape[1] * size * planes.shape[0]
    map_ranges(some, len(times), least=_LEAST // max(1, each))
    return best, start
