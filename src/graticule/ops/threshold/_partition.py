"""Cutting an image into phases at several thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from graticule.core import like
from graticule.ops.threshold._counting import fitted
from graticule.ops.threshold._histogram import Histogram, level_in


def multi_otsu(histogram: Histogram, classes: int) -> tuple[Any, ...]:
    """Return the thresholds with the largest variance between classes; each value where too few."""
    from graticule.ops.threshold._partition_kernels import best_cuts

    used = np.flatnonzero(histogram.counts)
    if used.size <= classes:
        return tuple(histogram.centers[used[:-1]])
    values = histogram.offsets[used]
    counts = histogram.counts[used].astype(np.float64)
    middle = (counts * values).sum() / counts.sum()
    cuts = best_cuts(counts, values - middle, classes)
    return tuple(histogram.centers[used[cuts - 1]])


def phases_of(
    image: xr.DataArray, mask: xr.DataArray | None, thresholds: Sequence[Any]
) -> xr.DataArray:
    """Return 1 up to the first threshold, 2 above it, and so on; 0 for what is left out."""
    labels = np.ones(image.shape, np.int32)
    for threshold in thresholds:
        labels += image.values > level_in(image.dtype, threshold)
    if image.dtype.kind == "f":
        labels[np.isnan(image.values)] = 0
    if mask is not None:
        labels *= fitted(mask, image).values
    return like(image, labels)
