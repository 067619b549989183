"""The steps to the object in the middle: objects, the one that is meant, a companion on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array
from graticule.ops._sky import Sky
from graticule.ops.segment._runs import parts_of

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
    top : ndarray
        Flat index of the brightest sample of each.
    """

    labels: Array
    parts: Array
    light: Array
    place: Array
    size: Array
    top: Array


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
    (light, *moments, size), top = light_sums(smooth, labels, count, sky.level)
    place = np.zeros((count + 1, 2))
    place[1:] = (np.array(moments)[:, 1:] / light[1:]).T
    return Objects(labels, parts, light, place, size.astype(np.int64), top)


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
    from graticule.ops.detect._profile_kernels import windowed_centre

    inside = objects.labels == main
    row, column = divmod(int(objects.top[main]), smooth.shape[1])
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
    return float(light / objects.light[main])
