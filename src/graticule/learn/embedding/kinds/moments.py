"""Magnitudes of Zernike moments, which do not change when the image is turned."""

from __future__ import annotations

from functools import lru_cache
from math import factorial
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import EmbeddingKind, EmbeddingParameters


class Moments(EmbeddingParameters):
    """Parameters.

    Attributes
    ----------
    degree : int
        Largest order of the polynomials.
    """

    degree: Annotated[int, Field(ge=0, le=40, strict=True)] = 8


def orders(degree: int) -> list[tuple[int, int]]:
    """Return the orders ``n`` and repetitions ``m`` up to a degree, ``m`` not negative.

    Examples
    --------
    >>> orders(3)
    [(0, 0), (1, 1), (2, 0), (2, 2), (3, 1), (3, 3)]
    """
    return [(n, m) for n in range(degree + 1) for m in range(n % 2, n + 1, 2)]


def radial(n: int, m: int, rho: Array) -> Array:
    r"""Return the radial polynomial :math:`R_n^m` [1]_.

    References
    ----------
    .. [1] Khotanzad, A. and Hong, Y. H., "Invariant image recognition by Zernike moments", IEEE
       Trans. Pattern Analysis and Machine Intelligence 12(5), 489-497, 1990.

    Examples
    --------
    >>> radial(2, 0, np.array([0.0, 1.0]))
    array([-1.,  1.])
    """
    total = np.zeros_like(rho)
    for s in range((n - m) // 2 + 1):
        over = factorial(s) * factorial((n + m) // 2 - s) * factorial((n - m) // 2 - s)
        total += (-1) ** s * factorial(n - s) // over * rho ** (n - 2 * s)
    return total


@lru_cache(maxsize=4)
def _basis(shape: tuple[int, int], degree: int) -> Array:
    """Return the conjugate polynomials within the disk, ``(2, k, y * x)``: parts of each."""
    rows, columns = shape
    y, x = np.indices(shape) - (np.array(shape).reshape(2, 1, 1) - 1) / 2
    rho = np.hypot(y, x) / (min(rows, columns) / 2)
    angle = np.arctan2(y, x)
    inside = rho <= 1
    parts = []
    for n, m in orders(degree):
        size = (n + 1) * radial(n, m, np.minimum(rho, 1)) * inside
        parts.append((size * np.cos(m * angle), -size * np.sin(m * angle)))
    basis = np.array(parts, np.float32).transpose(1, 0, 2, 3)
    return basis.reshape(2, len(parts), rows * columns)


def _columns(shape: tuple[int, int], parameters: Moments) -> list[str]:
    if min(shape) < 2:
        raise ImageError(f"must be of 2 x 2 samples or more, not {shape[0]} x {shape[1]}")
    return [f"zernike_{n}_{m}" for n, m in orders(parameters.degree)]


def _transform(planes: Array, parameters: Moments) -> Array:
    shape = (planes.shape[1], planes.shape[2])
    real, imaginary = _basis(shape, parameters.degree)
    flat = planes.reshape(len(planes), -1)
    size = np.hypot(flat @ real.T, flat @ imaginary.T)
    light = size[:, :1]  # of order 0: the sum within the disk
    size[:, 1:] /= np.where(light > 0, light, 1)
    size[:, 0] /= max(1, int((real[0] != 0).sum()))
    return np.asarray(size)


moments = EmbeddingKind(
    "moments", "Zernike moments", Moments, _columns, _transform, "turns by any angle, and mirrors"
)
