"""Labels at the border of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graticule.core.typing import Array


def touching(labels: Array, axes: Sequence[int], width: Mapping[int, int] | None = None) -> Array:
    """Return the labels found within some samples of the ends of some axes, sorted, without 0.

    Examples
    --------
    >>> touching(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3]]), axes=[0, 1])
    array([1, 3])
    """
    found = []
    for axis in axes:
        thick = 1 if width is None else width[axis]
        size = labels.shape[axis]
        for part in (slice(0, thick), slice(max(0, size - thick), size)):
            strip = labels[(slice(None),) * axis + (part,)]
            found.append(np.unique(strip))
    every = np.unique(np.concatenate(found))
    return every[every > 0]
