"""When two results are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.typing import Array


def difference(one: Any, other: Any, tolerance: float = 0.0) -> str:
    """Return in words how two results differ; an empty text if they do not.

    Parameters
    ----------
    one, other : Any
        Arrays, tables, mappings, tuples of them, or numbers.
    tolerance : float
        How far floats may be apart, relative to the largest absolute value of the array or
        column. Integers, bools, dims, coordinates, units and dtypes must be equal.

    Examples
    --------
    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    ''
    >>> difference(np.array([1.0, 2.0]), np.array([1.0, 2.5]), tolerance=0.1)
    'values differ by up to 0.5 at (1,)'
    """
    if type(one) is not type(other):
        return f"one is a {type(one).__name__}, the other a {type(other).__name__}"
    if isinstance(one, xr.DataArray):
        return _images(one, other, tolerance)
    if isinstance(one, pd.DataFrame):
        return _tables(one, other, tolerance)
    if isinstance(one, dict):
        if list(one) != list(other):
            return f"keys {list(one)} and {list(other)}"
        return _first((str(k), difference(one[k], other[k], tolerance)) for k in one)
    if isinstance(one, tuple):
        pairs = enumerate(zip(one, other, strict=True))
        return _first(((str(n), difference(a, b, tolerance)) for n, (a, b) in pairs))
    return _arrays(np.asarray(one), np.asarray(other), tolerance)


def _first(parts: Any) -> str:
    return next((f"{name}: {what}" for name, what in parts if what), "")


def _images(one: xr.DataArray, other: xr.DataArray, tolerance: float) -> str:
    if one.dims != other.dims:
        return f"dims {one.dims} and {other.dims}"
    if set(one.coords) != set(other.coords):
        return f"coordinates {sorted(map(str, one.coords))} and {sorted(map(str, other.coords))}"
    for name in one.coords:
        if not one.coords[name].variable.identical(other.coords[name].variable):
            return f"the coordinate {name} differs"
    if one.attrs != other.attrs:
        return f"attrs {one.attrs} and {other.attrs}"
    return _arrays(one.values, other.values, tolerance)


def _tables(one: pd.DataFrame, other: pd.DataFrame, tolerance: float) -> str:
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return f"tables of {one.shape} and {other.shape}, columns {list(one)} and {list(other)}"
    if one.attrs != other.attrs:
        return f"attrs {one.attrs} and {other.attrs}"
    columns = ((str(c), _arrays(one[c].to_numpy(), other[c].to_numpy(), tolerance)) for c in one)
    return _first(columns)


def _arrays(one: Array, other: Array, tolerance: float) -> str:
    if one.dtype != other.dtype or one.shape != other.shape:
        return f"{one.dtype} {one.shape} and {other.dtype} {other.shape}"
    if one.dtype.kind not in "fc":
        return "" if np.array_equal(one, other) else f"{int((one != other).sum())} values differ"
    known = np.isfinite(one)
    if not np.array_equal(one[~known], other[~known], equal_nan=True) or not np.array_equal(
        known, np.isfinite(other)
    ):
        return "NaN or infinite values are not at the same places"
    apart = np.abs(np.where(known, one, 0) - np.where(known, other, 0))
    allowed = tolerance * float(np.abs(one[known]).max(initial=0.0))
    if (apart <= allowed).all():
        return ""
    position = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return f"values differ by up to {apart.max():g} at {tuple(map(int, position))}"
