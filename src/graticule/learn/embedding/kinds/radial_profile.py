"""Mean light of rings, and how it varies along them."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import EmbeddingKind, EmbeddingParameters


class RadialProfile(EmbeddingParameters):
    """Parameters.

    Attributes
    ----------
    rings : int
        How many, of equal width, from the middle to the nearer side.
    spread : bool
        Whether the standard deviation along each ring is told too.
    """

    rings: Annotated[int, Field(ge=1, le=512, strict=True)] = 16
    spread: bool = False


@lru_cache(maxsize=4)
def _weights(shape: tuple[int, int], rings: int) -> Array:
    """Return what each sample counts in the mean of each ring, ``(rings, y * x)``.

    A sample counts in two rings, the nearer to its middle the more, so that nothing jumps when an
    image is turned.
    """
    y, x = np.indices(shape) - (np.array(shape).reshape(2, 1, 1) - 1) / 2
    place = np.hypot(y, x) / (min(shape) / 2) * rings - 0.5
    index = np.arange(rings).reshape(rings, 1, 1)
    weight = np.maximum(0, 1 - np.abs(np.maximum(place, 0) - index))
    weight /= np.maximum(weight.sum(axis=(1, 2), keepdims=True), 1e-12)
    return np.asarray(weight.reshape(rings, -1), np.float32)


def _columns(shape: tuple[int, int], parameters: RadialProfile) -> list[str]:
    if min(shape) < 2 * parameters.rings:
        raise ImageError(
            f"is too small for {parameters.rings} rings: {shape[0]} x {shape[1]} samples",
            hint=f"set rings to {min(shape) // 2} or less",
        )
    kinds = ["mean", "std"] if parameters.spread else ["mean"]
    return [f"ring_{kind}_{number}" for kind in kinds for number in range(parameters.rings)]


def _transform(planes: Array, parameters: RadialProfile) -> Array:
    weights = _weights((planes.shape[1], planes.shape[2]), parameters.rings)
    flat = planes.reshape(len(planes), -1)
    mean = flat @ weights.T
    if not parameters.spread:
        return np.asarray(mean)
    middle = flat.mean(axis=1, keepdims=True)  # squares lose fewer digits about it
    square = (flat - middle) ** 2 @ weights.T
    deviation = np.sqrt(np.maximum(square - (mean - middle) ** 2, 0))
    return np.concatenate([mean, deviation], axis=1)


radial_profile = EmbeddingKind(
    "radial_profile",
    "radial profile",
    RadialProfile,
    _columns,
    _transform,
    "turns by any angle, and mirrors",
)
