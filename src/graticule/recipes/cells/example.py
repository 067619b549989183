"""Simulated plates of colonies: the same one under five lights, and its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.typing import Array

SIDE = 420
LIGHTS = {"0.5": 0.5, "0.7": 0.7, "1.0": 1.0, "1.15": 1.15}
"""Light level by the name of the picture, as a part of that the fixed threshold was made for."""


def example(folder: Path) -> None:
    """Write a plate under four levels of light, and under light that falls off to one side."""
    from PIL import Image

    through, _ = plate()
    lights: dict[str, Any] = {**LIGHTS, "uneven": np.linspace(1.1, 0.55, SIDE)[None, :]}
    for number, (name, light) in enumerate(lights.items()):
        picture = photograph(through, light, seed=number)
        Image.fromarray(picture).save(folder / f"light-{name}.png")


def colonies(side: int = SIDE, count: int = 260, seed: int = 0) -> Array:
    """Return place, radius and darkness of made-up colonies, of 4 to 10 pixels across."""
    rng = np.random.default_rng(seed)
    radii = np.clip(rng.gamma(9, 0.32, count) + 1, 2, 5.5)
    return np.column_stack(
        [rng.uniform(0, side, (count, 2)), radii, rng.uniform(0.55, 0.75, count)]
    )


def plate(side: int = SIDE) -> tuple[Array, Array]:
    """Return how much light each place of a plate lets through, and where there is a colony.

    The colonies are discs with soft edges.
    """
    y, x = np.indices((side, side))
    through, covered = np.ones((side, side)), np.zeros((side, side), bool)
    for row, column, radius, taken in colonies(side):
        inward = radius - np.hypot(y - row, x - column)
        through = np.minimum(through, 1 - taken / (1 + np.exp(np.minimum(-inward / 0.6, 50))))
        covered |= inward > 0
    return through, covered


def photograph(through: Array, light: float | Array, seed: int) -> Array:
    """Return an 8-bit photograph of a plate under a light, with shot noise."""
    rng = np.random.default_rng(seed)
    photons = 3000 * through * light
    seen = rng.poisson(photons) / 3000 * 215
    return np.asarray(seen.clip(0, 255).astype(np.uint8))
