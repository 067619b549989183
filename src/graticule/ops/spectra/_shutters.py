"""Shutter intervals of a detector read out several times in a pulse, and how often each opened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graticule.core import Image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array

SHUTTER = "shutter"
TRIGGERS = "triggers"
"""Coordinates along the spectral dim: the number of a bin's interval, and how often it opened."""


def triggers_along(image: Image, dim: str) -> Array | None:
    """Return how often the shutter opened for each bin, as the image itself says; or None."""
    if TRIGGERS not in image.coords or image.coords[TRIGGERS].dims not in ((dim,), ()):
        return None
    values = image.coords[TRIGGERS].values.astype(np.float64)
    return np.broadcast_to(values, (image.sizes[dim],))


def intervals(
    image: Image, dim: str, triggers: Sequence[float], starts: Sequence[int]
) -> tuple[Array, Array]:
    """Return the first bin of every shutter interval, and how often it opened.

    They are the parameters where these are given, else what the coordinates ``shutter`` and
    ``triggers`` of the image say.

    Raises
    ------
    ParameterError
        If neither says it, or they contradict each other.
    """
    size = image.sizes[dim]
    first = np.array(sorted(starts), np.int64) if starts else _starts_along(image, dim)
    if first[0] != 0 or first[-1] >= size or (np.diff(first) == 0).any():
        raise ParameterError(
            f"must begin with bin 0, and name each once below {size}; they are {list(starts)}",
            where="starts",
        )
    if triggers:
        if len(triggers) not in (1, len(first)):
            raise ParameterError(
                f"{len(triggers)} numbers for {len(first)} shutter intervals",
                where="triggers",
                hint="give one for each interval, or one for all; starts says where they begin",
            )
        return first, np.broadcast_to(np.array(triggers, np.float64), first.shape)
    known = triggers_along(image, dim)
    if known is None:
        raise ParameterError(
            "must say how often the shutter opened; the image has no coordinate triggers",
            where="triggers",
            hint="they are in the file *_ShutterCount.txt beside the frames",
        )
    return first, known[first]


def _starts_along(image: Image, dim: str) -> Array:
    if SHUTTER not in image.coords or image.coords[SHUTTER].dims != (dim,):
        return np.zeros(1, np.int64)
    changes = np.flatnonzero(np.diff(image.coords[SHUTTER].values))
    return np.concatenate([[0], changes + 1]).astype(np.int64)
