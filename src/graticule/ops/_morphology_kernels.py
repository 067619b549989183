"""Compiled maxima over windows, for dtypes and numbers of dims OpenCV does not know."""

from __future__ import annotations

from typing import Any

from numba import njit

_COLUMNS = 2048


@njit(cache=True, nogil=True)
def raise_to_highest(
    values: Any, out: Any, first: int, last: int, starts: Any, offsets: Any
) -> None:
    """Raise some rows of ``out`` to the highest of ``values`` at offsets from their samples.

    ``values`` is flat and has its margins on it; row ``i`` begins at ``starts[i]`` there.
    """
    for i in range(first, last):
        for begin in range(0, out.shape[1], _COLUMNS):
            highest = out[i, begin : begin + _COLUMNS]
            for offset in offsets:
                here = starts[i] + begin + offset
                part = values[here : here + highest.size]
                for j in range(highest.size):
                    highest[j] = part[j] if part[j] > highest[j] else highest[j]
