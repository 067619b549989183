"""Galaxies prepared as a published notebook does it, written out; the peer of C1 to C3.

A blob nearest to the middle is the galaxy; circles of blobs that overlap are a blend; dark pixels
are found by a loop over all pixels, and a straight line is fitted through them; what is left is
turned, cut out and resized. Its defects are kept, as they are what is compared with: places given
as (x, y) where (row, column) is wanted, a cut-out that starts before the image, a conversion to
bool in place of a threshold, identifiers taken by prefix. It is written from its description.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from skimage.color import rgb2gray
from skimage.feature import blob_doh
from skimage.io import imread
from skimage.measure import regionprops
from skimage.transform import resize, rotate
from skimage.util import img_as_bool

from graticule.core.typing import Array

SIZE = 128
_LEAST = 0.001
_BOX = 5
_DARK = 0.5
_FEW = 20
_NEAR_LINE = 5.0


class Blob(NamedTuple):
    """A blob as it is named: ``x`` is a column, ``y`` a row."""

    x: float
    y: float
    radius: float


def blobs(grey: Array) -> list[Blob]:
    """Return blobs by the determinant of the Hessian, at its ten scales."""
    found = blob_doh(grey, max_sigma=100, threshold=_LEAST)
    return [Blob(float(x), float(y), float(sigma)) for y, x, sigma in found]


def nearest_blob(found: Sequence[Blob], shape: tuple[int, ...]) -> Blob | None:
    """Return the blob nearest to the middle; None where there is none."""
    if not found:
        return None
    return min(found, key=lambda b: np.hypot(b.x - shape[1] / 2, b.y - shape[0] / 2))


def overlaps(galaxy: Blob, found: Sequence[Blob]) -> bool:
    """Tell whether the circle of another blob meets that of the galaxy."""
    return any(
        np.hypot(other.x - galaxy.x, other.y - galaxy.y) < other.radius + galaxy.radius
        for other in found
        if other is not galaxy
    )


def dark_pixels(grey: Array) -> list[tuple[int, int]]:
    """Return pixels half as bright as what is on both sides of them, by a loop over pixels."""
    rows, columns = grey.shape
    dark = []
    for row in range(_BOX, rows - _BOX):
        for column in range(_BOX, columns - _BOX):
            across = slice(column - 1, column + 2), slice(row - 1, row + 2)
            left = grey[across[1], column - _BOX : column - 1].mean()
            right = grey[across[1], column + 2 : column + _BOX + 1].mean()
            above = grey[row - _BOX : row - 1, across[0]].mean()
            below = grey[row + 2 : row + _BOX + 1, across[0]].mean()
            least = max(min(left, right), min(above, below))
            if grey[row, column] < _DARK * least:
                dark.append((row, column))
    return dark


def has_stripe(grey: Array) -> bool:
    """Tell whether a straight line fits the dark pixels, wherever on it they are."""
    dark = np.array(dark_pixels(grey), float)
    if len(dark) < _FEW:
        return False
    slope, start = np.polyfit(dark[:, 1], dark[:, 0], 1)
    return bool(np.abs(dark[:, 0] - slope * dark[:, 1] - start).mean() < _NEAR_LINE)


def cropped(image: Array, galaxy: Blob) -> Array:
    """Return the square around a galaxy: empty where it would start before the image."""
    row, column, radius = round(galaxy.y), round(galaxy.x), round(2 * galaxy.radius)
    return image[row - radius : row + radius, column - radius : column + radius]


def orientation(grey: Array) -> float:
    """Return the angle of what is bright, in degrees, as bool makes it."""
    mask = img_as_bool(grey)
    return float(np.rad2deg(regionprops(mask.astype(int))[0].orientation)) if mask.any() else 0.0


def prepared(path: Path) -> Array | None:
    """Return a galaxy turned, cut out and resized; None where it is refused."""
    image = imread(path)
    grey = rgb2gray(image)
    found = blobs(grey)
    galaxy = nearest_blob(found, grey.shape)
    if galaxy is None or overlaps(galaxy, found):
        return None
    part = cropped(image, galaxy)
    if part.size == 0 or has_stripe(rgb2gray(part)):
        return None
    # The centre is wanted as (column, row) here, and given as (row, column).
    turned = rotate(image, -orientation(rgb2gray(part)), center=(galaxy.y, galaxy.x))
    part = cropped(turned, galaxy)
    return np.asarray(resize(part, (SIZE, SIZE), anti_aliasing=True)) if part.size else None


def files_of(folder: Path, identifier: str) -> list[Path]:
    """Return the files of an identifier: all that start with it."""
    return sorted(folder.glob(f"{identifier}*"))


def prepare_file(work: tuple[Path, Path]) -> bool:
    """Prepare a picture and write it; tell whether it was not refused."""
    path, out = work
    values = prepared(path)
    if values is None:
        return False
    np.save(out / f"{path.stem}.npy", values.astype(np.float32))
    return True
