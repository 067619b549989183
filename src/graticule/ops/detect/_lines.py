"""Straight lines through an image: dark stripes without data, and bright trails."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array
from graticule.ops.segment._runs import parts_of

_SLIM = 5.0
"""A line is so many times longer than wide."""
_STRAIGHT = 1.7
"""A line lies within so many times its mean width, so that an arc is none."""
_ACROSS, _NARROW, _BESIDE, _FULL = 0.5, 3.0, 6, 0.6
"""A trail is half of the image long; it is sought as a line so many samples wide, and that much
more of it is bright than of the lines so many widths beside it."""
_FURROW = 5
"""A furrow is narrower than so many samples."""
_FURROWS = ((8.0, 0.5, 0.05), (5.0, 0.6, 0.15))
"""How deep furrows are in noise, the part of the light beside them that they have at most, and how
long they are, of the image. What is shallower must be longer."""
_LONG = 0.25
"""How long what is darker than the sky is at least, of the image."""
_LEAST = 16
"""Samples that noise does not bring together in a row."""


def has_stripe(light: Array, noise: float, dark: Array, used: Array) -> bool:
    """Tell whether a stripe of no data goes through an image or over an object in it.

    Parameters
    ----------
    light : ndarray
        ``(y, x)``, over the sky.
    noise : float
        Its standard deviation.
    dark : ndarray
        Where there is less than sky, or no noise.
    used : ndarray
        Where values are finite; what is not is no stripe.
    """
    least = min(light.shape)
    if has_line(dark & used, _LONG * least):
        return True
    closed = _closed(light)
    deep = closed - light
    return any(
        has_line((deep > depth * noise) & (light < part * closed) & used, max(long * least, _LEAST))
        for depth, part, long in _FURROWS
    )


def has_line(mask: Array, long: float) -> bool:
    """Tell whether a part of a mask is slim, straight, and so long."""
    long = max(long, _SLIM)
    if np.count_nonzero(mask) < long:
        return False
    found = parts_of(mask, (0, 1), 2)
    sizes = found.sizes()
    if not (sizes >= long).any():
        return False
    labels = found.painted(np.where(sizes >= long, np.arange(found.count + 1), 0).astype(np.int32))
    y, x = np.nonzero(labels)
    which = labels[y, x]
    for number in np.flatnonzero(sizes >= long):
        held = which == number
        place = np.stack([y[held], x[held]]).astype(np.float64)
        across, along = np.sqrt(np.maximum(12 * np.linalg.eigvalsh(np.cov(place)), 0))
        width = sizes[number] / max(along, 1)
        if along >= max(long, _SLIM * width) and across <= _STRAIGHT * max(width, 1):
            return True
    return False


def is_crossed(mask: Array, place: tuple[float, float], radius: float) -> bool:
    """Tell whether a mask holds a straight line through the image, past a disk that is left out."""
    from graticule.ops.detect._line_kernels import fullest_line

    least = _ACROSS * min(mask.shape)
    return bool(fullest_line(mask, *place, radius, _NARROW, _BESIDE, least) >= _FULL)


def still(values: Array) -> Array:
    """Return where there is no noise: a sample is as all that are around it."""
    from graticule.ops.detect._line_kernels import is_still

    out = np.empty(values.shape, np.bool_)
    is_still(values, out)
    return out


def _closed(light: Array) -> Array:
    """Return a grey closing: what is narrower than a furrow is filled."""
    import cv2

    square = np.ones((_FURROW, _FURROW), np.uint8)
    return np.asarray(cv2.morphologyEx(light, cv2.MORPH_CLOSE, square))
