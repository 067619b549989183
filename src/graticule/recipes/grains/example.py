"""A simulated tomogram of ellipsoids that touch, with their true labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.core.typing import Array

SIDE = 140
"""Samples along each axis."""


def packing(seed: int = 3, attempts: int = 6000) -> Array:
    """Return the labels of ellipsoids dropped at random, a little into one another.

    Centres are drawn until ``attempts`` are used up; one is kept if it comes no closer to
    another than 0.95 of the sum of their radii. Where two overlap, the earlier keeps the place.
    """
    rng = np.random.default_rng(seed)
    labels = np.zeros((SIDE,) * 3, np.int32)
    centres, radii = np.zeros((0, 3)), np.zeros(0)
    for _ in range(attempts):
        radius = rng.uniform(9, 15)
        centre = rng.uniform(1.25 * radius, SIDE - 1.25 * radius, 3)
        stretch = rng.uniform(0.9, 1.1, 3)
        away = np.linalg.norm(centres - centre, axis=1)
        if (away < 0.95 * (radii + radius)).any():
            continue
        centres, radii = np.vstack([centres, centre]), np.append(radii, radius)
        _draw(labels, centre, radius * stretch, len(radii))
    return labels


def _draw(labels: Array, centre: Array, axes: Array, number: int) -> None:
    low = np.floor(centre - axes).astype(int)
    box = tuple(slice(a, a + 2 * int(r) + 3) for a, r in zip(low, axes, strict=True))
    part = labels[box]
    grid = [np.arange(size) + a - c for size, a, c in zip(part.shape, low, centre, strict=True)]
    z, y, x = np.meshgrid(*[g / r for g, r in zip(grid, axes, strict=True)], indexing="ij")
    part[(z**2 + y**2 + x**2 <= 1) & (part == 0)] = number


def tomogram(labels: Array, seed: int = 3) -> Array:
    """Return grey values as a scanner gives them: grains of 160 on 80, with noise of 12."""
    noise = np.random.default_rng(seed).normal(0, 12, labels.shape)
    return np.clip(np.where(labels > 0, 160, 80) + noise, 0, 255).astype(np.uint8)


def example(folder: Path) -> None:
    """Write the tomogram with a spacing of 20 um, and the truth beside it."""
    from graticule.core import as_image
    from graticule.io import write

    labels = packing()
    spacing = dict.fromkeys(("z", "y", "x"), "20 um")
    write(folder / "grains.tif", as_image(tomogram(labels), spacing=spacing))
    (folder / "truth").mkdir(exist_ok=True)
    write(folder / "truth" / "grains.tif", as_image(labels, spacing=spacing))
