"""Compiled loops: passes over values, modes and cuts of a histogram, objects by threshold."""

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


@njit(cache=True, nogil=True)
def count_parts(values: Any, low: Any, scale: Any, first: Any, bins: Any) -> Any:
    """Count the 65,536ths of some fine bins, which are those of `count_fine`."""
    counts = np.zeros((bins << 16) + 1, np.int64)
    last = (bins << 16) - (first + bins < FINE)  # the largest value lies at the end of the last bin
    for i in range(values.size):
        place = (float(values[i]) - low) * scale
        if place >= first and place <= first + bins:
            part = np.int64(place * 65_536.0) - (first << 16)
            if part <= last:
                counts[part] += 1
    return counts


@njit(cache=True, nogil=True)
def _smooth(counts: Any, out: Any) -> None:
    """Take means of three; the ends are mirrored.

    A running sum in double precision, kept in single, as SciPy does it: what is left over of it in
    empty bins decides which of them is lowest.
    """
    last = counts.size - 1
    total = np.float64(counts[0]) + counts[0] + counts[min(1, last)]
    out[0] = total / 3.0
    for i in range(1, counts.size):
        gone = np.float64(counts[max(i - 2, 0)])
        total += counts[min(i + 1, last)] - gone
        out[i] = total / 3.0


@njit(cache=True, nogil=True)
def _modes(counts: Any, places: Any) -> int:
    """Count the maxima, but no further than three, and note where the first two are."""
    found = 0
    rising = True
    for i in range(counts.size - 1):
        if rising:
            if counts[i + 1] < counts[i]:
                rising = False
                if found < 2:
                    places[found] = i
                found += 1
                if found == 3:
                    return found
        elif counts[i + 1] > counts[i]:
            rising = True
    return found


@njit(cache=True, nogil=True)
def two_modes(counts: Any, most_rounds: int) -> tuple[int, int, Any]:
    """Smooth counts (float32) until less than three maxima are left.

    Returns where the two are and the smooth counts; (-1, -1) where there are not two.
    """
    here, there = counts.copy(), counts.copy()
    places = np.zeros(2, np.int64)
    for _ in range(most_rounds - 1):
        _smooth(here, there)
        here, there = there, here
        found = _modes(here, places)
        if found < 3:
            break
    if found != 2:
        return -1, -1, here
    return places[0], places[1], here


@njit(cache=True, nogil=True)
def _best_start(
    before: Any, number: Any, total: Any, stop: int, first: int, last: int
) -> tuple[int, float]:
    """Return where the last of the classes up to ``stop`` best starts, and what it is worth."""
    best, most = first, -np.inf
    for start in range(first, min(last, stop - 1) + 1):
        apart = total[stop] - total[start]
        worth = before[start] + apart * apart / (number[stop] - number[start])
        if worth > most:
            best, most = start, worth
    return best, most


@njit(cache=True, nogil=True)
def best_cuts(counts: Any, values: Any, classes: int) -> Any:
    """Return the start of each class but the first, for the largest variance between classes.

    The best start of a class never moves back as its end moves on, so the ends are taken by
    halving: exact, in n log n steps for each class.
    """
    size = counts.size
    number = np.concatenate((np.zeros(1), np.cumsum(counts)))
    total = np.concatenate((np.zeros(1), np.cumsum(counts * values)))
    worth = np.full((classes + 1, size + 1), -np.inf)
    starts = np.zeros((classes + 1, size + 1), np.int64)
    worth[1, 1:] = total[1:] ** 2 / number[1:]
    stack = np.empty((128, 4), np.int64)
    for level in range(2, classes + 1):
        stack[0] = (level, size, level - 1, size - 1)
        left = 1
        while left:
            left -= 1
            low, high, first, last = stack[left]
            if low > high:
                continue
            middle = (low + high) // 2
            at, most = _best_start(worth[level - 1], number, total, middle, first, last)
            starts[level, middle], worth[level, middle] = at, most
            stack[left] = (low, middle - 1, first, at)
            stack[left + 1] = (middle + 1, high, at, last)
            left += 2
    cuts = np.empty(classes - 1, np.int64)
    stop = size
    for level in range(classes, 1, -1):
        stop = starts[level, stop]
        cuts[level - 2] = stop
    return cuts


@njit(cache=True, nogil=True)
def _root(parents: Any, place: Any) -> Any:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


@njit(cache=True, nogil=True)
def objects_above(order: Any, starts: Any, offsets: Any, size: int, least: int) -> Any:
    """Count the objects of at least ``least`` samples, and their samples, level by level.

    Samples are added from the brightest down, and objects that meet become one.

    Parameters
    ----------
    order : ndarray
        Places of the samples in a padded array, from the brightest level down.
    starts : ndarray
        Where each level starts in ``order``, and its length.
    offsets : ndarray
        From a place to its neighbours.
    size : int
        Places of the padded array.
    least : int
        Samples of the smallest object that counts.

    Returns
    -------
    ndarray
        For each level: the number of objects, and of samples in them, down to this level.
    """
    parents = np.full(size, -1, np.int64)
    sizes = np.ones(size, np.int64)
    found = np.zeros((starts.size - 1, 2), np.int64)
    number, samples = 0, 0
    for level in range(starts.size - 1):
        for i in range(starts[level], starts[level + 1]):
            root = order[i]
            parents[root] = root
            if least <= 1:
                number += 1
                samples += 1
            for offset in offsets:
                near = order[i] + offset
                if parents[near] < 0:
                    continue
                other = _root(parents, near)
                if other == root:
                    continue
                both = sizes[root] + sizes[other]
                for part in (sizes[root], sizes[other]):
                    if part >= least:
                        number -= 1
                        samples -= part
                if both >= least:
                    number += 1
                    samples += both
                if sizes[root] < sizes[other]:
                    root, other = other, root
                parents[other] = root
                sizes[root] = both
        found[level, 0], found[level, 1] = number, samples
    return found
