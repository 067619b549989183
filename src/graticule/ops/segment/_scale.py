"""How large the objects of an image are, as the image itself says."""

from __future__ import annotations

import math

import numpy as np

from graticule.core.typing import Array

_CUT = 6.0
"""Waves of a higher frequency than this over the width have no part in a Laplacian: 6e-7."""


def usual_diameter(height: Array, top: float) -> float:
    r"""Return the diameter of the usual object: where the Laplacian is strong and skewed.

    Of heights between 0 and ``top``. The Laplacian of each width is made of cosine waves; a
    wide one has none that are short, so that it is summed up on a grid that is coarser by as
    much, where its means are the same.
    """
    from scipy import fft

    best, diameter = 0.0, 2 * math.sqrt(2)
    if not top > 0:
        return diameter
    waves = fft.dctn((np.clip(height, 0, top) / top).astype(np.float32), norm="ortho")
    for step in range(int(4 * math.log2(max(max(height.shape) / 6, 1))) + 1):
        width = 2.0 ** (step / 4)
        energy, cubed = _means(_laplacian(waves, width))
        strength = cubed / math.sqrt(energy) if energy > 0 else 0.0
        if strength > best:
            best, diameter = strength, 2 * math.sqrt(2) * width
    return diameter


def _laplacian(waves: Array, width: float) -> Array:
    """Return the Laplacian of a width, made of cosine waves, on the coarsest grid that holds it."""
    from scipy import fft

    sizes = [min(size, int(_CUT * size / (math.pi * width)) + 2) for size in waves.shape]
    squared, damped = np.zeros(()), np.ones(())
    for size, full in zip(sizes, waves.shape, strict=True):
        along = (width * math.pi / full * np.arange(size)) ** 2
        squared = np.add.outer(squared, along)
        damped = np.multiply.outer(damped, np.exp(-along / 2))
    scale = math.sqrt(math.prod(sizes) / waves.size)
    kernel = (scale * squared * damped).astype(np.float32)
    kernel *= waves[tuple(slice(size) for size in sizes)]
    response: Array = fft.idctn(kernel, norm="ortho", overwrite_x=True)
    return response


def _means(response: Array) -> tuple[float, float]:
    """Return the means of squares and of cubes."""
    squares = response * response
    energy = float(squares.mean())
    squares *= response
    return energy, float(squares.mean())
