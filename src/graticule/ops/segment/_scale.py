"""How large the objects of an image are, as the image itself says."""

from __future__ import annotations

import math

import numpy as np

from graticule.core.typing import Array

_CUT = 6.0
"""Waves of a higher frequency than this over the width have no part in a Laplacian: 6e-7."""


def usual_diameter(height: Array, top: float) -> float:
    """Return the diameter of the usual object: where the Laplacian is strong and skewed.

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
        strength = _strength(_laplacian(waves, width))
        if strength > best:
            best, diameter = strength, 2 * math.sqrt(2) * width
    return diameter


def _laplacian(waves: Array, width: float) -> Array:
    """Return the Laplacian of a width, made of cosine waves, on a grid as coarse as holds it."""
    from scipy import fft

    grid = [
        min(full, int(fft.next_fast_len(int(_CUT * full / (math.pi * width)) + 2, real=True)))
        for full in waves.shape
    ]
    squared = np.zeros((), np.float32)
    damped = np.full((), math.sqrt(math.prod(grid) / waves.size), np.float32)
    for size, full in zip(grid, waves.shape, strict=True):
        along = (width * math.pi / full * np.arange(size)) ** 2
        squared = np.add.outer(squared, along.astype(np.float32))
        damped = np.multiply.outer(damped, np.exp(-along / 2).astype(np.float32))
    squared *= damped
    squared *= waves[tuple(slice(size) for size in grid)]
    response: Array = fft.idctn(squared, norm="ortho", overwrite_x=True)
    return response


def _strength(response: Array) -> float:
    """Return the mean of cubes over the root of that of squares."""
    squares = response * response
    energy = float(squares.mean())
    squares *= response
    return float(squares.mean()) / math.sqrt(energy) if energy > 0 else 0.0
