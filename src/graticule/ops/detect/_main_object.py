"""The steps to the object in the middle: sky, objects, the one that is meant, a companion on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array
from graticule.ops.filters._separable import gaussian_taps
from graticule.ops.segment._runs import parts_of

_SAMPLES = 20_000
"""The sky is known well enough from so many samples."""
_CLIP = 3.0
_BELOW = 0.1587
"""The share of a normal distribution that lies below one standard deviation under its mean."""
_NEAR = 0.1
"""A person looks at the middle tenth of a cut-out first."""
_CORE = 0.15
"""Width of the window that the brightest part of an object is found under, in half-light radii."""
_SEEN = 5.0
"""What a companion has more than the object, in noise."""
_TOLD = 0.3
"""The part of the light in its middle that is a companion's own."""
_DIP = 1.5
"""How far light falls between the two, in noise."""
_ROUND = 0.4
"""The axis ratio of a companion; a piece of an arm is longer."""


class Sky(NamedTuple):
    """The level of the sky and the standard deviation of its noise."""

    level: float
    noise: float


class Objects(NamedTuple):
    """What is brighter than the sky.

    Attributes
    ----------
    labels : ndarray
        Objects, those that touch parted.
    parts : ndarray
        The same, those that touch as one.
    light : ndarray
        Light of each over the sky; index 0 is none.
    place, size : ndarray
        Mean place of the light of each along y, x; its samples.
    """

    labels: Array
    parts: Array
    light: Array
    place: Array
    size: Array


def sky_of(values: Array) -> Sky:
    """Return the sky: the median and the deviation below it, of what is left without objects.

    Examples
    --------
    >>> image = np.random.default_rng(0).normal(10, 2, (99, 99))
    >>> image[40:60, 40:60] += 100
    >>> [round(each, 1) for each in sky_of(image)]
    [10.0, 2.0]
    """
    # An odd step does not fall on the same place of every block of a compressed image.
    some = values.reshape(-1)[:: max(1, values.size // _SAMPLES) | 1]
    some = np.sort(some[np.isfinite(some)])
    high = some.size
    level = noise = 0.0
    while high > 0:
        level = float(some[high // 2])
        noise = level - float(some[int(_BELOW * high)])
        within = int(np.searchsorted(some, level + _CLIP * noise, "right"))
        if within >= high or within < 2:
            break
        high = within
    return Sky(level, noise)


def smoothed(values: Array, width: float) -> Array:
    """Return float32 values under a Gaussian, mirrored at the border."""
    import cv2

    half = gaussian_taps(width, 4.0).weights
    taps = np.concatenate([half[:0:-1], half])
    return np.asarray(cv2.sepFilter2D(values, -1, taps, taps, borderType=cv2.BORDER_REFLECT))


def objects_of(smooth: Array, threshold: float, sky: Sky, contrast: float, least: int) -> Objects:
    """Return the objects above a threshold, those that touch parted at the saddles between them."""
    from graticule.ops.detect._deblend_kernels import brightest_first, deblend, light_sums

    level = sky.level + threshold * sky.noise
    found = parts_of(smooth > level, (0, 1), 2)
    kept = found.sizes() >= least
    kept[0] = False
    parts = found.painted(np.where(kept, np.arange(found.count + 1), 0).astype(np.int32))
    over = smooth - np.float32(level)
    totals, keys = brightest_first(over, parts, int(kept @ found.sizes()), found.count)
    keys.sort()
    labels = np.empty(smooth.shape, np.int32)
    count = deblend(over, parts, totals, keys, contrast, sky.noise, labels)
    light, *moments, size = light_sums(smooth, labels, count, sky.level)
    place = np.zeros((count + 1, 2))
    place[1:] = (np.array(moments)[:, 1:] / light[1:]).T
    return Objects(labels, parts, light, place, size.astype(np.int64))


def nearest_middle(objects: Objects) -> int:
    """Return the object a person would name: by its light, and how near the middle it is."""
    if len(objects.light) < 2:
        return 0
    shape = objects.labels.shape
    far = np.hypot(*(objects.place[1:] - (np.array(shape) - 1) / 2).T)
    worth = np.log(np.maximum(objects.light[1:], 1e-30)) - 0.5 * (far / (_NEAR * min(shape))) ** 2
    return int(np.argmax(worth)) + 1


def companion_of(
    smooth: Array, noise: float, objects: Objects, main: int, half: float, meeting: float
) -> float:
    """Return the light of the strongest companion of an object, over its own.

    Parameters
    ----------
    smooth : ndarray
        ``(y, x)`` over the sky, float32.
    noise : float
        Its standard deviation.
    main : int
        Label of the object.
    half : float
        Its half-light radius.
    meeting : float
        Light that the straight line between the two has everywhere, in noise.
    """
    from graticule.ops.detect import _companion_kernels as kernels
    from graticule.ops.detect._profile_kernels import footprint_sums, windowed_centre

    inside = objects.labels == main
    total, _, _, row, column = footprint_sums(smooth, inside, 0.0, 0.0)
    place = windowed_centre(smooth, inside, row, column, max(_CORE * half, 1.5), 10)
    excess = np.empty_like(smooth)
    kernels.lopsided(smooth, objects.parts, objects.parts[row, column], *place, excess)
    light = kernels.strongest_companion(
        excess,
        smooth,
        *place,
        _SEEN * noise,
        _TOLD,
        meeting * noise,
        _DIP * noise,
        _ROUND,
    )
    return float(light / total) if total > 0 else 0.0
