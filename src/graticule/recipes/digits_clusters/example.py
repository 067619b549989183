"""The handwritten digits that come with scikit-learn, a file each, in a folder by digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits


def example(folder: Path) -> None:
    """Write the 1,797 images of 8 x 8, their values of 0 to 16 as 0 to 240."""
    digits = load_digits()
    for number, (values, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        own = folder / str(digit)
        own.mkdir(exist_ok=True)
        Image.fromarray((values * 15).astype(np.uint8)).save(own / f"digit_{number:04d}.png")
