"""A simulated two-colour microarray: spots on a turned grid, some missing, with dust and haze."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

ROWS, COLUMNS = 12, 20
PITCH = 19.0
ANGLE = 1.8
CHANGED = 2.0
"""Ratio of the colours of a fifth of the spots, as a power of two; of as many the inverse."""


class TwoColours(NamedTuple):
    """An array and its truth: red and green, and of each spot the place, log ratio and presence."""

    image: Array
    places: Array
    log_ratio: Array
    there: Array


def microarray(seed: int = 4) -> TwoColours:
    """Return red and green of an array whose spots are known.

    Spots are disks with a dimmer middle, shaken a little off the grid, of brightness that differs
    by a factor of ten; the ratio of the colours of a spot is 1, 4 or 1/4, up to a fifth.
    """
    rng = np.random.default_rng(seed)
    theta = np.deg2rad(ANGLE)
    node = np.array(list(np.ndindex(ROWS, COLUMNS)))
    ways = PITCH * np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    places = node @ ways
    places += 22 - places.min(axis=0)
    shape = tuple(np.ceil(places.max(axis=0) + 22).astype(int))
    count = len(places)
    kinds = rng.permutation(np.arange(count) % 5)
    log_ratio = np.select([kinds == 0, kinds == 1], [CHANGED, -CHANGED], 0.0)
    log_ratio = log_ratio + rng.normal(0, 0.15, count)
    there = rng.random(count) > 0.08
    bright = 600 * np.exp(rng.uniform(0, np.log(10), count))
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = np.zeros((2, *shape))
    for number in np.flatnonzero(there):
        at = places[number] + rng.normal(0, 0.5, 2)
        away = np.hypot(y - at[0], x - at[1])
        disk = np.clip(5.5 - away, 0, 1) * (1 - 0.35 * np.exp(-((away / 2.5) ** 2)))
        half = 2 ** (log_ratio[number] / 2)
        light += bright[number] * np.array([half, 1 / half])[:, None, None] * disk
    for _ in range(25):
        at = rng.integers(2, np.array(shape) - 3)
        light[:, at[0] : at[0] + 2, at[1] : at[1] + 2] += 3000
    haze = 250 + 150 * (x / shape[1]) + 80 * (y / shape[0])
    counts = rng.poisson(light + np.stack([haze, 0.8 * haze]))
    image = np.clip(counts + rng.normal(0, 12, counts.shape), 0, 65535).astype(np.uint16)
    return TwoColours(image, places, log_ratio, there)


def example(folder: Path) -> None:
    """Write the array, red and green, with a spacing of 10 um."""
    from graticule.core import as_image
    from graticule.io import write

    made = microarray()
    image = as_image(made.image, dims=["c", "y", "x"], spacing={"y": "10 um", "x": "10 um"})
    write(folder / "array.tif", image)
