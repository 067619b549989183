"""Ellipses: how well one fits a set of samples, and objects parted where several fit better."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from graticule.core.typing import Array

POWER = 24
"""How much a worse fit counts against a larger area: two discs that touch fit as 0.9."""

AREA_POWER = 0.6
"""Below 1, so that two parts are worth more than one of their area; above 0, so are large ones."""

_GOOD = 0.97
_NECK = 0.15


def ball_volume(ndim: int) -> float:
    """Return the volume of the ball of radius 1: pi in two dims."""
    return float(math.pi ** (ndim / 2) / math.gamma(ndim / 2 + 1))


def worth(areas: Array, fits: Array) -> Array:
    """Return what objects are worth: parts are better than a whole if the sum of theirs is more."""
    value: Array = np.asarray(areas, float) ** AREA_POWER * np.asarray(fits, float) ** POWER
    return value


def fit_of(labels: Array, count: int) -> tuple[Array, Array]:
    r"""Return the sizes of objects 1..count, and how well an ellipse(oid) fits each.

    The size over that of the ellipse with the same second moments: 1 for an ellipse, less for
    all other shapes.

    Examples
    --------
    >>> labels = np.zeros((9, 9), np.int32)
    >>> labels[2:7, 1:8] = 1
    >>> areas, fits = fit_of(labels, 1)
    >>> areas.tolist(), fits.round(2).tolist()
    ([35.0], [0.95])
    """
    from graticule.ops.segment._ellipses_kernels import fits_of_labels

    rows = np.ascontiguousarray(labels).reshape(-1, labels.shape[-1])
    areas, fits = fits_of_labels(rows, np.array(labels.shape[:-1], np.int64), count)
    return areas, fits


def parted(labels: Array, least: float) -> Array:
    """Return labels 1..n in which objects of several ellipses are parted at their necks.

    A neck is where the distance to the border is lower than at both sides. No part is smaller
    than ``least`` samples.
    """
    from scipy import ndimage

    count = int(labels.max())
    areas, fits = fit_of(labels, count)
    result = np.zeros_like(labels)
    last = 0
    places: Sequence[tuple[slice, ...] | None] = ndimage.find_objects(labels)
    for number, place in enumerate(places, 1):
        if place is None:
            continue
        inside = labels[place] == number
        parts = inside.astype(np.int32)
        if fits[number - 1] < _GOOD and areas[number - 1] > 2 * least:
            parts = _at_necks(inside, least, float(worth(areas, fits)[number - 1]))
        here = result[place]
        here[inside] = parts[inside] + last
        last += int(parts.max())
    return result


def _at_necks(inside: Array, least: float, whole: float) -> Array:
    """Return the parts of an object if they are worth more than it, else the object as it is."""
    from scipy import ndimage

    from graticule.ops._watershed import flooded
    from graticule.ops.segment._extrema import high_maxima
    from graticule.ops.segment._runs import parts_of

    padded = np.pad(inside, 1)
    far = ndimage.gaussian_filter(ndimage.distance_transform_edt(padded), 0.5) * padded
    tops = high_maxima(far.astype(np.float32), _NECK * float(far.max()), inside.ndim)
    marks = parts_of(tops & padded, range(inside.ndim), inside.ndim)
    if marks.count > 1:
        flood = flooded(-far, marks.labelled(), padded, 1)
        parts: Array = flood[(slice(1, -1),) * inside.ndim].astype(np.int32)
        areas, fits = fit_of(parts, marks.count)
        large = areas >= least
        if large.sum() > 1 and worth(areas, fits)[large].sum() > whole:
            return parts
    return inside.astype(np.int32)
