"""A simulated slice of brain: two parts equally bright in two places, and darker tissue between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from graticule.core import as_image
from graticule.io import write

_SHAPE = (260, 400)


def example(folder: Path) -> None:
    """Write the slice."""
    values, _ = simulated_cortex()
    write(folder / "cortex.tif", as_image(values))


def simulated_cortex(seed: int = 0) -> tuple[Any, Any]:
    """Return grey values from 0 to about 1, and the truth: 0 outside, 1 inner, 2 left, 3 right.

    The outer parts at the left and at the right are equally bright, so that grey alone cannot
    tell them apart; noise makes grey uncertain, so that place alone does not do either.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : _SHAPE[0], 0 : _SHAPE[1]].astype(float)
    across, down = (x - 200) / 175, (y - 130) / 105
    tissue = across**2 + down**2 < 1
    wave = 0.06 * np.sin(y / 17) + 0.05 * np.cos(y / 7)
    truth = np.where(tissue, 1, 0)
    truth[tissue & (across < -0.5 + wave)] = 2
    truth[tissue & (across > 0.38 + wave)] = 3
    grey = np.choose(truth, [0.03, 0.42, 0.72, 0.72])
    grain = ndimage.gaussian_filter(rng.normal(0, 1, _SHAPE), 1.2)
    values = ndimage.gaussian_filter(grey, 1) + 0.11 * grain / grain.std() * (0.2 + tissue)
    return np.clip(values, 0, None).astype(np.float32), truth.astype(np.int32)
