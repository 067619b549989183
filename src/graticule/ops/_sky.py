"""The sky of an image: what is left of it without what shines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

_SAMPLES = 20_000
"""The sky is known well enough from so many samples."""
_CLIP = 3.0
_BELOW = 0.1587
"""The share of a normal distribution that lies below one standard deviation under its mean."""


class Sky(NamedTuple):
    """The level of the sky and the standard deviation of its noise."""

    level: float
    noise: float


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
