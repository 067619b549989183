"""A simulated slice of rock: dark grains and grey pockets in a bright ground, blurred and noisy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from graticule.core import as_image
from graticule.io import write

_SIDE = 360
_GREY = (0.0, 24_000.0, 40_000.0, 54_000.0)


def example(folder: Path) -> None:
    """Write the slice."""
    values, _ = simulated_shale()
    write(folder / "shale.tif", as_image(values))


def simulated_shale(seed: int = 0) -> tuple[Any, Any]:
    """Return grey values (uint16), and the truth: 1 dark grains, 2 grey pockets, 3 bright ground.

    The optics blur by 1.6 samples, so a sample on the border of a grain has the grey of the
    pockets; the noise has a standard deviation of 3,000.
    """
    rng = np.random.default_rng(seed)
    truth = np.full((_SIDE, _SIDE), 3)
    for phase, number, sizes in ((2, 14, (14, 30)), (1, 26, (12, 46))):
        for _ in range(number):
            truth[_grain(rng, sizes)] = phase
    optics = ndimage.gaussian_filter(np.take(_GREY, truth), 1.6)
    noise = ndimage.gaussian_filter(rng.normal(0, 1, truth.shape), 0.7)
    values = optics + 3000 * noise / noise.std()
    return np.clip(np.rint(values), 0, 65535).astype(np.uint16), truth.astype(np.int32)


def _grain(rng: Any, sizes: tuple[int, int]) -> Any:
    """Return where a grain is: a polygon of six to nine sides."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(float)
    cy, cx = rng.uniform(0, _SIDE, 2)
    inside = np.ones((_SIDE, _SIDE), bool)
    sides = rng.integers(6, 10)
    for angle in np.arange(sides) * 2 * np.pi / sides + rng.uniform(0, 1):
        reach = rng.uniform(*sizes)
        inside &= (y - cy) * np.sin(angle) + (x - cx) * np.cos(angle) < reach
    return inside
