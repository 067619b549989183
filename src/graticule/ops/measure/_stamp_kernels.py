"""Compiled passes over the surroundings of an object: outliers, the sky, the radial profile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def outliers(values: Any, times: float, out: Any) -> None:
    """Tell where a sample is further from the mean of its 8 neighbours than they spread.

    ``times`` so many of their standard deviations; neighbours that are no numbers count as 0, and
    the image goes on beyond its border as its last samples.
    """
    rows, columns = values.shape
    for j in range(rows):
        for i in range(columns):
            mean = square = 0.0
            for b in range(-1, 2):
                for a in range(-1, 2):
                    if a == 0 and b == 0:
                        continue
                    near = values[min(max(j + b, 0), rows - 1), min(max(i + a, 0), columns - 1)]
                    if np.isnan(near):
                        continue
                    mean += 0.125 * near
                    square += 0.125 * (near * near)
            spread = square - mean * mean
            out[j, i] = spread >= 0 and abs(values[j, i] - mean) > times * np.sqrt(spread)


@njit(cache=True, nogil=True)
def empty_box(taken: Any, size: int) -> tuple[int, int]:
    """Return the first square of so many samples in raster order with none taken; -1 if none."""
    rows, columns = taken.shape
    free = np.zeros(columns, np.int64)
    for j in range(rows):
        run = 0
        for i in range(columns):
            free[i] = 0 if taken[j, i] else free[i] + 1
            run = run + 1 if free[i] >= size else 0
            # The last row and column are left out, as in the published definition.
            if run >= size and j < rows - 1 and i < columns - 1:
                return j - size + 1, i - size + 1
    return -1, -1


@njit(cache=True, nogil=True)
def radial_profile(
    values: Any, mask: Any, y: float, x: float, reach: float, elongation: float, theta: float
) -> Any:
    """Return the mean light of elliptical rings, one sample of the major axis wide."""
    rings = int(reach) + 2
    sums, counts = np.zeros(rings), np.zeros(rings)
    rows, columns = values.shape
    cos, sin = np.cos(theta), np.sin(theta)
    for j in range(rows):
        for i in range(columns):
            if not mask[j, i]:
                along = (i - x) * cos + (j - y) * sin
                across = ((j - y) * cos - (i - x) * sin) * elongation
                ring = int(np.sqrt(along * along + across * across))
                if ring < rings:
                    sums[ring] += values[j, i]
                    counts[ring] += 1
    last = 0.0
    for ring in range(rings):
        last = sums[ring] / counts[ring] if counts[ring] else last
        sums[ring] = last
    return sums


@njit(cache=True, nogil=True)
def profile_residual(
    values: Any, mask: Any, profile: Any, y: float, x: float, reach: float, elongation: float,
    theta: float,
) -> tuple[float, float, int]:  # fmt: skip
    """Return the sums of what an ellipse's light is off its profile, and of light; the samples.

    Between the middles of rings the profile is linear.
    """
    apart = light = 0.0
    count = 0
    rows, columns = values.shape
    cos, sin = np.cos(theta), np.sin(theta)
    for j in range(rows):
        for i in range(columns):
            if not mask[j, i]:
                along = (i - x) * cos + (j - y) * sin
                across = ((j - y) * cos - (i - x) * sin) * elongation
                at = np.sqrt(along * along + across * across)
                if at <= reach:
                    place = max(at - 0.5, 0.0)
                    ring = int(place)
                    model = profile[ring] + (place - ring) * (profile[ring + 1] - profile[ring])
                    apart += abs(values[j, i] - model)
                    light += abs(values[j, i])
                    count += 1
    return apart, light, count
