"""Medians of what is known."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array


def nan_median(values: Array) -> Array:
    """Return the median along the first axis, of what is not NaN; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    known = np.count_nonzero(~np.isnan(values), axis=0)
    middle = (np.maximum(known - 1, 0) // 2, known // 2)
    low, high = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in middle)
    with np.errstate(invalid="ignore"):  # infinity and minus infinity have no middle
        return np.asarray(np.where(known > 0, low / 2 + high / 2, np.nan))


def fill_with_median(lines: Array) -> Array:
    """Return the lines (along the first axis) with the median of each in place of its NaN.

    0 where a line holds nothing else.
    """
    missing = ~np.isfinite(lines)
    if not missing.any():
        return lines
    typical = nan_median(np.where(missing, np.nan, lines))
    return np.asarray(np.where(missing, np.nan_to_num(typical), lines))
