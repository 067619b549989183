"""Objects parted at their necks where several ellipses fit better than one."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array
from graticule.ops.segment._ellipses import fit_of, worth

_GOOD = 0.97
_NECK = 0.15
_SMOOTHING = 0.5


def parted(labels: Array, least: float) -> Array:
    """Return labels 1..n of which those of several ellipses are parted at their necks.

    A neck is where the distance to the border is lower than at both sides. Each object is in one
    piece; no part is smaller than ``least`` samples. Further parts have numbers from n + 1 on.
    """
    from graticule.ops.segment._growth_kernels import boxes_of

    last = int(labels.max())
    areas, fits = fit_of(labels, last)
    worths = worth(areas, fits)
    result = labels.copy()
    rows = labels.reshape(-1, labels.shape[-1])
    boxes = zip(*boxes_of(rows, np.array(labels.shape[:-1], np.int64), last), strict=True)
    places = [tuple(map(slice, low, high + 1)) for low, high in boxes]
    for index in np.flatnonzero((fits < _GOOD) & (areas > 2 * least)).tolist():
        parts = _at_necks(labels[places[index]] == index + 1, least, float(worths[index]))
        further = parts > 1
        result[places[index]][further] = parts[further] + (last - 1)
        last += max(int(parts.max()) - 1, 0)
    return result


def _at_necks(inside: Array, least: float, whole: float) -> Array:
    """Return the parts of an object if they are worth more than it, else the object as it is."""
    from graticule.ops._smoothing_kernels import gaussian_weights
    from graticule.ops._watershed import flooded
    from graticule.ops.segment._necks_kernels import distance_tops

    padded = np.zeros([size + 2 for size in inside.shape], np.bool_)
    inner = (slice(1, -1),) * inside.ndim
    padded[inner] = inside
    shape, weights = np.array(padded.shape), gaussian_weights(_SMOOTHING)
    far, tops, count = distance_tops(padded.reshape(-1), shape, weights, _NECK)
    if count > 1:
        flood = flooded(-far.reshape(padded.shape), tops.reshape(padded.shape), padded, 1)
        parts: Array = flood[inner].astype(np.int32)
        areas, fits = fit_of(parts, count)
        large = areas >= least
        if large.sum() > 1 and worth(areas, fits)[large].sum() > whole:
            return parts
    return inside.astype(np.int32)
