"""Compiled averages of windows of two samples a side."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def halve_whole(values: Any, factors: Any, out: Any) -> None:
    """Put the averages of windows of ``[frame, z, y, x]``, rounded to the nearest, into ``out``."""
    deep, high, wide = factors
    count = deep * high * wide
    for frame in range(out.shape[0]):
        for z in range(out.shape[1]):
            for y in range(out.shape[2]):
                for x in range(out.shape[3]):
                    total = 0
                    for dz in range(deep):
                        for dy in range(high):
                            line = values[frame, deep * z + dz, high * y + dy]
                            for dx in range(wide):
                                total += line[wide * x + dx]
                    out[frame, z, y, x] = (total + count // 2) // count


@njit(cache=True, nogil=True)
def halve_floats(values: Any, factors: Any, out: Any) -> None:
    """Put the averages of what is no NaN in windows of ``[frame, z, y, x]`` into ``out``."""
    deep, high, wide = factors
    for frame in range(out.shape[0]):
        for z in range(out.shape[1]):
            for y in range(out.shape[2]):
                for x in range(out.shape[3]):
                    total, count = 0.0, 0
                    for dz in range(deep):
                        for dy in range(high):
                            line = values[frame, deep * z + dz, high * y + dy]
                            for dx in range(wide):
                                value = line[wide * x + dx]
                                if value == value:
                                    total += value
                                    count += 1
                    out[frame, z, y, x] = total / count if count else float("nan")
