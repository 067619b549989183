"""A simulated slice of bone: lacunae with canaliculi, bright rims, noise and uneven grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

_SIDE = 560
_LACUNAE = 12


def example(folder: Path) -> None:
    """Write the slice as a colour picture, as viewers save it."""
    grey, _ = simulated_bone()
    Image.fromarray(grey).convert("RGBA").save(folder / "bone.png")


def simulated_bone(seed: int = 0) -> tuple[Any, Any]:
    """Return grey values of a slice (uint8), and its truth: 1 in lacunae, 2 in canaliculi.

    As in a phase-contrast tomogram, pores are dark with a bright rim. A lacuna has three to five
    canaliculi, thin and beaded; specks of noise are as dark as these but lead nowhere.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(float)
    lacunae, canaliculi = np.zeros((2, _SIDE, _SIDE), bool)
    fine = np.zeros((_SIDE, _SIDE))
    for cy, cx in _places(rng):
        turn, long, short = rng.uniform(0, np.pi), rng.uniform(20, 28), rng.uniform(11, 14)
        along = (y - cy) * np.sin(turn) + (x - cx) * np.cos(turn)
        across = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        lacunae |= (along / long) ** 2 + (across / short) ** 2 <= 1
        for start in rng.uniform(0, 2 * np.pi) + np.arange(rng.integers(3, 6)) * 1.3:
            path = _path(rng, cy, cx, start, long)
            canaliculi[path[:, 0], path[:, 1]] = True
            beads = 0.7 + 0.3 * np.sin(np.arange(len(path)) / 2.5)
            fine[path[:, 0], path[:, 1]] = np.maximum(fine[path[:, 0], path[:, 1]], beads)
    canaliculi = ndimage.binary_dilation(canaliculi, iterations=2) & ~lacunae
    thin = np.minimum(1, 5 * ndimage.gaussian_filter(fine, 1.8))
    dark = np.maximum(ndimage.gaussian_filter(lacunae.astype(float), 0.8), 0.65 * thin)
    rim = ndimage.gaussian_filter(lacunae.astype(float), 4) * (1 - dark)
    light = 12 * np.sin(y / 150 + 1) + 8 * np.cos(x / 200)
    noise = ndimage.gaussian_filter(rng.normal(0, 55, dark.shape), 1.4)
    values = 150 + light + 60 * rim - 125 * dark + noise
    for sy, sx in rng.integers(5, _SIDE - 5, (40, 2)):
        values[sy : sy + 2, sx : sx + 2] -= 60
    truth = np.where(lacunae, 1, np.where(canaliculi, 2, 0)).astype(np.int32)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8), truth


def _places(rng: Any) -> list[Any]:
    """Return the middles of lacunae, far enough from each other and from the border."""
    found: list[Any] = []
    while len(found) < _LACUNAE:
        place = rng.uniform(50, _SIDE - 50, 2)
        if all(np.hypot(*(place - other)) > 105 for other in found):
            found.append(place)
    return found


def _path(rng: Any, cy: float, cx: float, angle: float, skip: float) -> Any:
    """Return the pixels of a line that wanders off from a lacuna."""
    turns = np.cumsum(rng.normal(0, 0.06, int(rng.uniform(40, 75)))) + angle
    steps = np.stack([np.sin(turns), np.cos(turns)], axis=1)
    points = np.array([cy, cx]) + np.cumsum(steps, axis=0) + steps[0] * skip / 3
    pixels = np.rint(points).astype(int)
    return pixels[((pixels >= 0) & (pixels < _SIDE)).all(axis=1)]
