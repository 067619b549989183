"""Stacking along many paths: the arrays around the compiled loops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_WORTH_A_THREAD = 2_000_000


def planes_of(columns: Array, *, wrap: bool = False) -> Array:
    """Lay out columns for the kernels.

    Parameters
    ----------
    columns : (column, sample) array
        Real or complex.
    wrap : bool
        Follow each column by itself (a path that leaves the image comes back at its other
        end), and not by zeros.

    Returns
    -------
    ndarray
        ``(plane, column, 2 * sample + 1)``, in the precision of ``columns``.
    """
    parts = [columns.real, columns.imag] if np.iscomplexobj(columns) else [columns]
    count, size = columns.shape
    planes = np.zeros((len(parts), count, 2 * size + 1), parts[0].dtype)
    for plane, part in zip(planes, parts, strict=True):
        plane[:, :size] = part
        if wrap:
            plane[:, size : 2 * size] = part
            plane[:, -1] = part[:, 0]
    return planes


def shifts_of(times: Array, size: int, dtype: Any, *, nearest: bool = False) -> tuple[Array, Array]:
    """Split travel times into whole samples and fractions, counted from each path's earliest.

    Parameters
    ----------
    times : (path, column) array
        In samples. A column where it is NaN takes no part in that path.
    size : int
        Samples in a column.
    dtype : dtype
        Of the fractions.
    nearest : bool
        Round to whole samples.

    Returns
    -------
    base, part : ndarray
        As `path_profiles` wants them.
    """
    earliest = np.nanmin(times, axis=1, keepdims=True)
    shift = np.clip(np.where(np.isnan(times), size, times - earliest), 0, size)
    if nearest:
        base = np.rint(shift)
        return base.astype(np.int32), np.zeros(shift.shape, dtype)
    base = np.floor(shift)
    part = shift - base
    part[part < 1e-6] = 0
    return base.astype(np.int32), part.astype(dtype)


def profiles(planes: Array, base: Array, part: Array, fewest: int) -> Array:
    """Stack along all paths, on threads where there is enough to do.

    Returns
    -------
    ndarray
        ``(path, sample)``: mean, or power where there are two planes; see `path_profiles`.
    """
    from graticule.ops.detect._kernels import path_profiles

    result = np.empty((base.shape[0], (planes.shape[2] - 1) // 2), planes.dtype)
    work = base.size * result.shape[1] * planes.shape[0]
    threads = int(np.clip(work // _WORTH_A_THREAD, 1, _threads()))
    bounds = np.linspace(0, base.shape[0], threads + 1).astype(int)

    def part_of(index: int) -> None:
        rows = slice(bounds[index], bounds[index + 1])
        path_profiles(planes, base[rows], part[rows], max(fewest, 1), result[rows])

    if threads == 1:
        part_of(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part_of, range(threads)))
    return result


def maxima(stacked: Array) -> tuple[Array, Array]:
    """Return the largest value of every profile, and its sample (-1 where all are NaN)."""
    from graticule.ops.detect._kernels import profile_maxima

    best = np.empty(stacked.shape[0], stacked.dtype)
    start = np.empty(stacked.shape[0], np.int32)
    profile_maxima(stacked, best, start)
    return best, start


def _threads() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
