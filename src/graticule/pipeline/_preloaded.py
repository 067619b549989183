"""What every process that works on images needs, imported once, where they are forked from."""

from __future__ import annotations

import numba
import pandas
import pyarrow
import tifffile
import xarray

import graticule.pipeline.job

__all__ = ["graticule", "numba", "pandas", "pyarrow", "tifffile", "xarray"]


def _first_call() -> int:
    return 0


# the first call of all fills Numba's tables, not the first call of each function
numba.njit(cache=True)(_first_call)()
