"""Compiled loops of PNG: rows from how they differ from their neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def unfilter(filtered: Any, above: Any, pixel: int, out: Any) -> bool:
    """Undo the filters of rows; return whether there is one that is not known.

    Parameters
    ----------
    filtered : array of uint8
        A row each, the first byte its filter.
    above : array of uint8
        The row before the first.
    pixel : int
        Bytes of a pixel.
    out : array of uint8
        Filled with the rows, without filters.
    """
    rows, size = out.shape
    for y in range(rows):
        kind = filtered[y, 0]
        stored, row = filtered[y, 1:], out[y]
        if y:
            above = out[y - 1]
        if kind == 0:
            row[:] = stored
        elif kind == 1:
            row[:pixel] = stored[:pixel]
            for x in range(pixel, size):
                row[x] = stored[x] + row[x - pixel]
        elif kind == 2:
            for x in range(size):
                row[x] = stored[x] + above[x]
        elif kind == 3:
            for x in range(pixel):
                row[x] = stored[x] + (above[x] >> 1)
            for x in range(pixel, size):
                row[x] = stored[x] + ((np.int64(row[x - pixel]) + np.int64(above[x])) >> 1)
        elif kind == 4:
            _paeth(stored, above, pixel, row)
        else:
            return True
    return False


@njit(cache=True, nogil=True)
def _paeth(stored: Any, above: Any, pixel: int, row: Any) -> None:
    for x in range(pixel):
        row[x] = stored[x] + above[x]
    for x in range(pixel, row.size):
        left, up, corner = np.int64(row[x - pixel]), np.int64(above[x]), np.int64(above[x - pixel])
        to_left, to_up = abs(up - corner), abs(left - corner)
        to_corner = abs(left + up - 2 * corner)
        if to_left <= to_up and to_left <= to_corner:
            guess = left
        elif to_up <= to_corner:
            guess = up
        else:
            guess = corner
        row[x] = stored[x] + guess
