"""Simulated time-distance images, half of them with a ripple."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.io import write
from graticule.simulate.time_distance import random_ripple, time_distance


def example(folder: Path) -> None:
    """Write six images in Mm and minutes; three hold a ripple of 1.2 sigma."""
    for number in range(6):
        hidden = number % 2 == 0
        rng = np.random.default_rng(number)
        ripple = random_ripple(rng, strength=1.2) if hidden else None
        name = f"{'ripple' if hidden else 'quiet'}-{number}.fits"
        write(folder / name, time_distance(ripple=ripple, seed=number))
