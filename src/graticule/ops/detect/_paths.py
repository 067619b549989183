"""Stacking along many paths: the arrays around the compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import numpy as np

from graticule.ops.detect._planes import PARTS, STRIDE

Array = np.ndarray[Any, Any]
Interpolation: TypeAlias = Literal["fourier", "linear", "nearest"]
_PARTS_OF: dict[Interpolation, int] = {"fourier": PARTS, "linear": 0, "nearest": 1}
_WORTH_A_THREAD = 2_000_000


def profiles(
    planes: Array,
    times: Array,
    *,
    interpolation: Interpolation = "linear",
    wrap: bool = False,
    fewest: int = 1,
) -> Array:
    """Stack along all paths, on threads where there is enough to do.

    Parameters
    ----------
    planes : ndarray
        From `planes_of`.
    times : (path, column) array
        Travel times in samples, counted from each path's earliest. A column where it is NaN
        takes no part in that path.
    interpolation : {"fourier", "linear", "nearest"}
        Between samples. Fourier: to the nearest eighth of a sample.
    wrap : bool
        Let a path that leaves the image come back at its other end, and count it.
    fewest : int
        A start with fewer samples inside the image is NaN.

    Returns
    -------
    ndarray
        ``(path, sample)``: mean, or power where there are two planes.
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
    fewest: int = 1,
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
    fewest: int,
    result: Array | None,
) -> tuple[Array, Array]:
    from graticule.ops.detect._kernels import path_profiles

    size = _samples(planes)
    best = np.empty(len(times), planes.dtype)
    start = np.empty(len(times), np.int32)
    parts = _PARTS_OF[interpolation]

    def some(rows: slice) -> None:
        kept = np.empty((1, size), planes.dtype) if result is None else result[rows]
        few = max(fewest, 1)
        path_profiles(planes, times[rows], parts, wrap, few, kept, best[rows], start[rows])

    _on_threads(some, len(times), times.size * size * planes.shape[0])
    return best, start


def _on_threads(some: Callable[[slice], None], paths: int, work: int) -> None:
    threads = int(np.clip(work // _WORTH_A_THREAD, 1, _processors()))
    if threads == 1:
        some(slice(0, paths))
        return
    bounds = np.linspace(0, paths, 4 * threads + 1).astype(int)
    blocks = [slice(*pair) for pair in pairwise(bounds)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, blocks))


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
