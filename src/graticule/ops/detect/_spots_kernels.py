"""Compiled windows of the search for outlier spots: medians of what is known around a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LEAST = 8
"""A window tells the noise where at least one in so many of its deviations is not 0."""


@njit(cache=True, nogil=True)
def _lower_median(values: Any, count: int) -> Any:
    """Return the middle of the first ``count`` values, of an even number the lower; reorders."""
    wanted = (count - 1) // 2
    first, last = 0, count - 1
    while first < last:
        pivot = values[(first + last) // 2]
        low, high = first, last
        while low <= high:
            while values[low] < pivot:
                low += 1
            while values[high] > pivot:
                high -= 1
            if low <= high:
                values[low], values[high] = values[high], values[low]
                low += 1
                high -= 1
        if wanted <= high:
            last = high
        elif wanted >= low:
            first = low
        else:
            break
    return values[wanted]


@njit(cache=True, nogil=True)
def _gather(values: Any, mask: Any, place: Any, reach: Any, found: Any) -> int:
    """Collect what is known and not masked in the window around a place; return how many."""
    frame, z, y, x = place
    _, depth, height, width = values.shape
    count = 0
    for k in range(max(0, z - reach[0]), min(depth, z + reach[0] + 1)):
        for j in range(max(0, y - reach[1]), min(height, y + reach[1] + 1)):
            for i in range(max(0, x - reach[2]), min(width, x + reach[2] + 1)):
                value = values[frame, k, j, i]
                if value == value and not mask[frame, k, j, i]:
                    found[count] = value
                    count += 1
    return count


@njit(cache=True, nogil=True)
def medians_of_cut_windows(values: Any, medians: Any, reach: Any) -> Any:
    """Return the medians, of what is inside where a window leaves the image."""
    frames, depth, height, width = values.shape
    out, none = medians.copy(), np.zeros(values.shape, np.bool_)
    found = np.empty((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1), values.dtype)
    for frame in range(frames):
        for z in range(depth):
            inside_z = reach[0] <= z < depth - reach[0] or depth == 1
            for y in range(height):
                inside = inside_z and (reach[1] <= y < height - reach[1] or height == 1)
                for x in range(width):
                    if not (inside and reach[2] <= x < width - reach[2]):
                        count = _gather(values, none, (frame, z, y, x), reach, found)
                        if count:
                            out[frame, z, y, x] = _lower_median(found, count)
    return out


@njit(cache=True, nogil=True)
def filled(values: Any, mask: Any, medians: Any, reach: Any) -> Any:
    """Return the values with masked ones replaced by the median of those around, not masked.

    Where there is none it is that of ``medians``.
    """
    frames, depth, height, width = values.shape
    out = values.copy()
    found = np.empty((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1), values.dtype)
    for frame in range(frames):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    if mask[frame, z, y, x]:
                        place = (frame, z, y, x)
                        count = _gather(values, mask, place, reach, found)
                        value = _lower_median(found, count) if count else medians[frame, z, y, x]
                        out[frame, z, y, x] = value
    return out


@njit(cache=True, nogil=True)
def _position(values: Any, count: int, value: Any) -> int:
    """Return the first place in sorted values that is not below a value."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def typical_sizes(sizes: Any, half: int, out: Any, start: int, stop: int) -> None:
    """Write the median of the sizes in a window along each row, of those that are not 0.

    0 where too few are not 0 (see `LEAST`); NaN is left out, and stays where all is NaN. The
    window is kept sorted as it moves.
    """
    length = sizes.shape[1]
    window = np.empty(2 * half + 2, sizes.dtype)
    for row in range(start, stop):
        count = known = 0
        for ahead in range(length + half):
            if ahead < length and sizes[row, ahead] == sizes[row, ahead]:
                known += 1
                if sizes[row, ahead] > 0:
                    place = _position(window, count, sizes[row, ahead])
                    for index in range(count, place, -1):
                        window[index] = window[index - 1]
                    window[place] = sizes[row, ahead]
                    count += 1
            behind = ahead - 2 * half - 1
            if behind >= 0 and sizes[row, behind] == sizes[row, behind]:
                known -= 1
                if sizes[row, behind] > 0:
                    count -= 1
                    for index in range(_position(window, count + 1, sizes[row, behind]), count):
                        window[index] = window[index + 1]
            if ahead >= half:
                typical = np.nan if known == 0 else 0.0
                if count and count * LEAST >= known:
                    typical = window[(count - 1) // 2]
                out[row, ahead - half] = typical
