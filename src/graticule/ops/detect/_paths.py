"""Stacking along many paths: the arrays around the compiled loops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Array = np.ndarray[Any, Any]
Interpolation: TypeAlias = Literal["fourier", "linear", "nearest"]
PARTS = 8
"""Into how many a sample is divided by Fourier interpolation."""
_WORTH_A_THREAD = 2_000_000


@dataclass(frozen=True)
class Paths:
    """Where many paths cross the columns; see `path_profiles`."""

    line: Array
    base: Array
    part: Array
    inside: Array

    @classmethod
    def of(
        cls,
        times: Array,
        size: int,
        *,
        interpolation: Interpolation = "linear",
        wrap: bool = False,
        dtype: Any = np.float32,
    ) -> Paths:
        """Lay out travel times, counted from each path's earliest.

        Parameters
        ----------
        times : (path, column) array
            In samples. A column where it is NaN takes no part in that path.
        size : int
            Samples in a column.
        interpolation : {"fourier", "linear", "nearest"}
            Between samples. Fourier: to the nearest eighth of a sample.
        wrap : bool
            Let a path that leaves the image come back at its other end, and count it.
        dtype : dtype
            Of the image.
        """
        shift = times - np.nanmin(times, axis=1, keepdims=True)
        if interpolation != "linear":
            parts = PARTS if interpolation == "fourier" else 1
            shift = np.rint(shift * parts) / parts
        absent = np.isnan(shift)
        shift = np.mod(shift, size) if wrap else shift
        shift = np.where(absent, size, np.minimum(shift, size))
        base = np.floor(shift).astype(np.int32)
        part = (shift - base).astype(dtype)
        inside = np.maximum(size - base - (part > 0), 0)
        if wrap:
            inside = np.where(absent, 0, size)
        line = np.broadcast_to(np.arange(times.shape[1], dtype=np.int32), times.shape)
        if interpolation == "fourier":
            line = line * PARTS + np.rint(part * PARTS).astype(np.int32)
            part = np.zeros_like(part)
        line = np.ascontiguousarray(line, dtype=np.int32)
        return cls(line, base, part, inside.astype(np.int32))

    def __getitem__(self, rows: slice) -> Paths:
        return Paths(self.line[rows], self.base[rows], self.part[rows], self.inside[rows])

    def __len__(self) -> int:
        return int(self.base.shape[0])


def planes_of(columns: Array, *, wrap: bool = False, fourier: bool = False) -> Array:
    """Lay out columns for the kernels.

    Parameters
    ----------
    columns : (column, sample) array
        Real or complex.
    wrap : bool
        Follow each line by itself, and not by zeros.
    fourier : bool
        Make `PARTS` lines of each column, shifted by parts of a sample.

    Returns
    -------
    ndarray
        ``(plane, line, 2 * sample + 1)``, in the precision of ``columns``.
    """
    lines = _shifted_by_parts(columns) if fourier else columns
    fields = [lines.real, lines.imag] if np.iscomplexobj(lines) else [lines]
    count, size = lines.shape
    planes = np.zeros((len(fields), count, 2 * size + 1), fields[0].dtype)
    for plane, field in zip(planes, fields, strict=True):
        plane[:, :size] = field
        if wrap:
            plane[:, size : 2 * size] = field
            plane[:, -1] = field[:, 0]
    return planes


def _shifted_by_parts(columns: Array) -> Array:
    """Interpolate columns in time, part by part of a sample, as band-limited functions."""
    from scipy import fft

    count, size = columns.shape
    frequency = fft.fftfreq(size)
    turns = np.exp(2j * np.pi * frequency[None, :] * np.arange(PARTS)[:, None] / PARTS)
    lines = fft.ifft(fft.fft(columns, axis=1)[:, None, :] * turns[None, :, :], axis=2)
    lines = lines if np.iscomplexobj(columns) else lines.real
    return np.asarray(lines.reshape(count * PARTS, size), dtype=columns.dtype)


def profiles(planes: Array, paths: Paths, fewest: int) -> Array:
    """Stack along all paths, on threads where there is enough to do.

    Returns
    -------
    ndarray
        ``(path, sample)``: mean, or power where there are two planes; see `path_profiles`.
    """
    from graticule.ops.detect._kernels import path_profiles

    result = np.empty((len(paths), (planes.shape[2] - 1) // 2), planes.dtype)
    work = paths.base.size * result.shape[1] * planes.shape[0]
    threads = int(np.clip(work // _WORTH_A_THREAD, 1, _threads()))
    bounds = np.linspace(0, len(paths), threads + 1).astype(int)

    def part_of(index: int) -> None:
        rows = slice(bounds[index], bounds[index + 1])
        own = paths[rows]
        path_profiles(
            planes, own.line, own.base, own.part, own.inside, max(fewest, 1), result[rows]
        )

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
