"""How the columns of an image are laid out for the compiled loops."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from graticule.core.typing import Array

PARTS = 8
"""Into how many a sample is divided by Fourier interpolation."""
STRIDE = 32
"""Samples that the kernels add at a stretch; each line has as many to spare."""


def planes_of(columns: Array, *, wrap: bool = False, fourier: bool = False) -> Array:
    """Lay out columns (column, sample), real or complex, for the kernels.

    The result is ``(plane, line, 2 * sample + STRIDE)``, in the precision of ``columns``; the
    last line is zero. With ``wrap`` each line is followed by itself, and not by zeros; with
    ``fourier`` there are `PARTS` lines of each column, shifted by parts of a sample.
    """
    lines = _shifted_by_parts(columns) if fourier else columns
    fields = [lines.real, lines.imag] if np.iscomplexobj(lines) else [lines]
    count, size = lines.shape
    planes = np.zeros((len(fields), count + 1, 2 * size + STRIDE), fields[0].dtype)
    for plane, field in zip(planes, fields, strict=True):
        plane[:-1, :size] = field
        if wrap:
            plane[:-1, size : 2 * size] = field
            plane[:-1, 2 * size] = field[:, 0]
        elif fourier:
            for part in range(1, PARTS):  # between the last sample and what would follow it
                plane[part:-1:PARTS, size - 1] = 0
    return planes


@lru_cache(maxsize=8)
def _turns(size: int, dtype: np.dtype[Any]) -> Array:
    part = np.arange(PARTS)[:, None] / PARTS
    return np.asarray(np.exp(2j * np.pi * np.fft.fftfreq(size) * part), dtype=dtype)


def _shifted_by_parts(columns: Array) -> Array:
    """Interpolate columns in time as band-limited functions; NaN beside what is not finite."""
    from scipy import fft

    count, size = columns.shape
    finite = np.isfinite(columns)
    whole = finite.all()
    spectrum = fft.fft(columns if whole else np.where(finite, columns, 0), axis=1)
    turns = _turns(size, spectrum.dtype)
    turned: Array = fft.ifft(spectrum[:, None, :] * turns, axis=2, overwrite_x=True)
    lines = turned if np.iscomplexobj(columns) else turned.real
    if not whole:
        known = np.repeat(finite[:, None, :], PARTS, axis=1)
        known[:, 1:, :-1] &= finite[:, None, 1:]
        lines = np.where(known, lines, np.nan)
    return np.asarray(lines.reshape(count * PARTS, size), dtype=columns.dtype)
