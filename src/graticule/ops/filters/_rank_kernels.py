"""Compiled order statistics of a window: by a network of comparisons, or a moving histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_KEPT = 8192
_SHIFT = 6


@njit(cache=True, nogil=True)
def _sort_pair(low: Any, high: Any) -> None:
    """Put the smaller of each two values into ``low`` and the larger into ``high``."""
    for j in range(low.size):
        a, b = low[j], high[j]
        low[j] = a if a < b else b
        high[j] = b if a < b else a


@njit(cache=True, nogil=True)
def ends_outward(rows: Any, first: int, last: int) -> None:
    """Bring the smallest of rows ``first`` to ``last`` to the first, the largest to the last."""
    count = last - first + 1
    middle = first + count // 2
    for i in range(count // 2):
        _sort_pair(rows[first + i], rows[last - i])
    for i in range(first + 1, middle + count % 2):
        _sort_pair(rows[first], rows[i])
    for i in range(middle, last):
        _sort_pair(rows[i], rows[last])


@njit(cache=True, nogil=True)
def network_medians(
    values: Any, out: Any, first: int, last: int, starts: Any, offsets: Any
) -> None:
    """Put the medians of windows of an odd number of samples into some rows of ``out``.

    ``values`` is flat and has its margins on it; the windows of row ``i`` are centred from
    ``starts[i]`` on. A few more than half of the samples are compared: neither the smallest nor
    the largest of them can be the median, so both are forgotten and the next sample comes in.
    """
    width, count = out.shape[1], offsets.size
    held = min(count // 2 + 2, count)
    columns = min(256, max(32, _KEPT // held // 32 * 32))  # so that they stay in cache
    rows = np.zeros((held, columns), values.dtype)
    for i in range(first, last):
        for begin in range(0, width, columns):
            size = min(width - begin, columns)
            place = starts[i] + begin
            for k in range(held):
                here = place + offsets[k]
                rows[k, :size] = values[here : here + size]
            low, high = 0, held - 1
            for k in range(held, count):
                ends_outward(rows, low, high)
                low += 1
                here = place + offsets[k]
                rows[high, :size] = values[here : here + size]
            while low < high:
                ends_outward(rows, low, high)
                low, high = low + 1, high - 1
            out[i, begin : begin + size] = rows[low, :size]


@njit(cache=True, nogil=True)
def _count(
    ranks: Any, here: int, offsets: Any, by: int, fine: Any, coarse: Any, bin: int
) -> tuple[int, int]:
    """Count samples in or out; return by how many that changes all, and those below a bin."""
    count, below = 0, 0
    for offset in offsets:
        rank = ranks[here + offset]
        if rank >= 0:
            fine[rank] += by
            coarse[rank >> _SHIFT] += by
            count += by
            below += by if rank >> _SHIFT < bin else 0
    return count, below


@njit(cache=True, nogil=True)
def _found(fine: Any, coarse: Any, wanted: int, bin: int, below: int) -> tuple[int, int, int]:
    """Return the rank of the sample that has ``wanted`` below it, its bin and those below that."""
    while below > wanted:
        bin -= 1
        below -= coarse[bin]
    while below + coarse[bin] <= wanted:
        below += coarse[bin]
        bin += 1
    rank, less = bin << _SHIFT, below
    while less + fine[rank] <= wanted:
        less += fine[rank]
        rank += 1
    return rank, bin, below


@njit(cache=True, nogil=True)
def histogram_ranks(
    ranks: Any, levels: int, starts: Any, lines: Any, halves: Any, percent: float, out: Any
) -> None:
    """Put the rank of a percentile of each window into ``out[0]`` and ``out[1]``.

    ``ranks`` is flat and has its margins on it, -1 where there is no value; the windows of row
    ``i`` are centred from ``starts[i]`` on, and made of lines at the offsets ``lines`` that reach
    ``halves`` to both sides. A negative percent is the median: of an even number of samples the
    two in the middle. Where a window has no value, both are -1.
    """
    fine = np.zeros((((levels - 1) >> _SHIFT) + 1) << _SHIFT, np.int32)
    coarse = np.zeros(fine.size >> _SHIFT, np.int32)
    entering, leaving = lines + halves, lines - halves - 1
    for i in range(starts.size):
        fine[:] = 0
        coarse[:] = 0
        bin, count, below = 0, 0, 0
        for line, half in zip(lines, halves):  # noqa: B905  (compiled without ``strict``)
            samples = line + np.arange(-half, half + 1)
            count += _count(ranks, starts[i], samples, 1, fine, coarse, 0)[0]
        for j in range(out.shape[2]):
            if j > 0:
                here = starts[i] + j
                for offsets, by in ((leaving, -1), (entering, 1)):
                    change = _count(ranks, here, offsets, by, fine, coarse, bin)
                    count, below = count + change[0], below + change[1]
            if count == 0:
                out[:, i, j] = -1
                continue
            low = (count - 1) // 2 if percent < 0 else min(int(count * percent / 100), count - 1)
            high = count // 2 if percent < 0 else low
            out[0, i, j], bin, below = _found(fine, coarse, low, bin, below)
            out[1, i, j] = out[0, i, j]
            if high != low:
                out[1, i, j], bin, below = _found(fine, coarse, high, bin, below)
