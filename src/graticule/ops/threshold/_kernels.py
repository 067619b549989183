"""Compiled passes over the values of an image, shared by all histogram thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FINE = 65_536
"""Bins in which floats are counted and summed, beside the 256 that thresholds are found in."""
MOST = 1 << 22
"""Samples a cell of `count_fine` may take before it is emptied."""

_COUNT = 40  # a cell holds a count from this bit on, and below it a sum of 65,536ths of a bin
_STRIDE = 1024
_EDGE = -(2**63)  # the sign of a cell marks a bin that an edge of the 256 lies in


@njit(cache=True, nogil=True)
def extremes(bits: Any, exponent: Any, largest: Any) -> tuple[int, int]:
    """Return the smallest and largest finite float as `keys`, from the bits seen as integers.

    Comparing integers is done many at a time, which comparing floats is not. ``exponent`` has
    the bits of infinity, ``largest`` all but the sign. (largest, ~largest) where none is finite.
    """
    low, high = largest, ~largest
    for i in range(bits.size):
        value = bits[i]
        key = value ^ (largest if value < 0 else exponent & ~exponent)
        finite = (value & exponent) != exponent
        low = min(low, key if finite else largest)
        high = max(high, key if finite else ~largest)
    return low, high


@njit(cache=True, nogil=True)
def kept(values: Any, mask: Any) -> Any:
    """Return the values under a mask."""
    out = np.empty_like(values)
    count = 0
    for i in range(values.size):
        out[count] = values[i]
        count += mask[i]
    return out[:count]


@njit(cache=True, nogil=True)
def count_values(values: Any, low: int, size: int) -> Any:
    """Count integers value by value from ``low``; two counters hide repeated increments."""
    even = np.zeros(size, np.uint32)
    odd = np.zeros(size, np.uint32)
    one = np.uint32(1)
    for i in range(0, values.size - 1, 2):  # an index without a sign needs no look at it
        even[np.uint64(values[i] - low)] += one
        odd[np.uint64(values[i + 1] - low)] += one
    if values.size % 2:
        even[values[-1] - low] += one
    return even.astype(np.int64) + odd


@njit(cache=True, nogil=True)
def count_fine(values: Any, low: Any, scale: Any, edges: Any, places: Any) -> Any:
    """Count and sum finite values in fine bins, and settle which side of an edge they are on.

    Parameters
    ----------
    values : ndarray
        At most `MOST`.
    low, scale : float
        The fine bin of a value is ``(value - low) * scale``.
    edges : ndarray
        Inner edges of the 256 bins, rising.
    places : ndarray
        The fine bin of each of them.

    Returns
    -------
    counts, sums, below : ndarray
        Samples of each fine bin; what they lie above its start, in 65,536ths of a bin, summed;
        and for each edge the samples of its fine bin that are below it.
    """
    cells = np.zeros(FINE + 2, np.int64)
    cells[places] = _EDGE
    below = np.zeros(edges.size, np.int64)
    fixed = np.empty(_STRIDE, np.int64)
    for start in range(0, values.size, _STRIDE):
        part = values[start : start + _STRIDE]
        for i in range(part.size):  # many at a time: bin and 65,536ths of a bin in one number
            place = (float(part[i]) - low) * scale
            inside = (place >= 0) & (place <= FINE)
            fixed[i] = np.int64((place if inside else FINE + 1.0) * 65_536.0)
        for i in range(part.size):
            index = np.uint64(fixed[i] >> 16)
            cell = cells[index]
            cells[index] = cell + ((np.int64(1) << _COUNT) + (fixed[i] & 65_535))
            if cell < 0:
                edge = np.searchsorted(places, np.int64(index))
                below[edge] += part[i] < edges[edge]
    # The largest value lies at the end of the last bin.
    cells[FINE - 1] += cells[FINE] + (cells[FINE] >> _COUNT) * 65_536
    found = cells[:FINE] & ~_EDGE
    return found >> _COUNT, found & ((1 << _COUNT) - 1), below
