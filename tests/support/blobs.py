"""An image of blobs under noise, and its mask, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage


def write_blobs(folder: Path) -> None:
    """Write ``a.tif`` and ``a_mask.tif`` (0 and 255)."""
    rng = np.random.default_rng(0)
    truth = ndimage.gaussian_filter(rng.normal(size=(96, 120)), 3) > 0.05
    image = (truth + rng.normal(size=truth.shape)).astype(np.float32)
    tifffile.imwrite(folder / "a.tif", image)
    tifffile.imwrite(folder / "a_mask.tif", truth.astype(np.uint8) * 255)
