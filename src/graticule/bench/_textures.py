"""A textured image of three classes, and the strokes somebody would draw into it."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array

CLASSES = 3
_REGION = 96
_LENGTH = 60
_WIDTHS = (0.7, 1.8, 4.5)
_BRIGHTER = 0.8
_STRIP = 512


def textured(side: int, seed: int = 0) -> tuple[Array, Array]:
    """Return a float32 image of smooth regions with three textures, and the class (1..3) of each.

    The classes overlap in brightness; grain and brightness together tell them apart. Noise is
    added.
    """
    import cv2

    rng = np.random.default_rng(seed)
    coarse = rng.normal(size=(2, side // _REGION + 3, side // _REGION + 3)).astype(np.float32)
    fields = [cv2.resize(c, (side, side), interpolation=cv2.INTER_CUBIC) for c in coarse]
    truth = (1 + (fields[0] > 0.2)).astype(np.uint8)
    truth[fields[1] > 0.6] = 3
    image = np.empty((side, side), np.float32)
    for start in range(0, side, _STRIP):
        at = slice(start, min(side, start + _STRIP))
        image[at] = _grain(rng, truth[at])
    return image, truth


def _grain(rng: np.random.Generator, truth: Array) -> Array:
    import cv2

    out = np.zeros(truth.shape, np.float32)
    for number, width in enumerate(_WIDTHS, 1):
        noise = cv2.GaussianBlur(rng.standard_normal(truth.shape, np.float32), (0, 0), width)
        grain = noise / noise.std() + np.float32(number * _BRIGHTER)
        np.copyto(out, grain, where=truth == number)
    return out + np.float32(0.3) * rng.standard_normal(truth.shape, np.float32)


def strokes(truth: Array, seed: int = 1, each: int = 5) -> Array:
    """Return labels of a few strokes of each class, each within one region; uint8, 0 elsewhere."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(truth.shape, np.uint8)
    side = truth.shape[0]
    for number in range(1, CLASSES + 1):
        drawn = 0
        while drawn < each:
            y, x = rng.integers(0, side - _LENGTH, 2)
            at = (slice(y, y + 3), slice(x, x + _LENGTH))
            if (truth[at] == number).all():
                labels[at] = number
                drawn += 1
    return labels
