"""The handwritten digits that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from graticule.core import as_image
from graticule.io import write


def example(folder: Path) -> None:
    """Write the 1,797 images of 8 x 8 as one stack, and a table with digit and hand of each."""
    digits = load_digits()
    stack = as_image(digits.images.astype(np.uint8), dims=("t", "y", "x"))
    write(folder / "digits.tif", stack)
    # The images come in the order in which they were written, about 138 by each of 13 people.
    hand = np.arange(len(digits.target)) * 13 // len(digits.target) + 1
    table = pd.DataFrame({"digit": digits.target, "hand": hand})
    table.to_csv(folder / "digits.csv", index=False, lineterminator="\n")
