"""A simulated slice of neural tissue as an electron microscope sees it, and its mitochondria."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from graticule.core import as_image
from graticule.core.typing import Array
from graticule.io import write
from graticule.simulate._primitives import ellipsoid, smooth_noise

_SHAPE = (320, 448)
_MITOCHONDRIA, _CLUSTERS, _DENSITIES = 26, 9, 12
_CYTOPLASM, _MEMBRANE, _MATRIX = 0.68, 0.32, 0.42


def example(folder: Path) -> None:
    """Write the slice into images/ and its mitochondria into labels/."""
    values, truth = simulated_slice()
    for part, found in (("images", values), ("labels", truth)):
        (folder / part).mkdir(exist_ok=True)
        write(folder / part / "slice.tif", as_image(found))


def simulated_slice(seed: int = 0) -> tuple[Array, Array]:
    """Return grey values of about 0 to 1, and where mitochondria are.

    Mitochondria are grey, have a dark outline, and folds run across them. As grey as they are
    clusters of vesicles (dots), the densities at synapses (no folds, no outline) and membranes.
    """
    rng = np.random.default_rng(seed)
    grey = np.full(_SHAPE, _CYTOPLASM) + 0.05 * smooth_noise(rng, _SHAPE, 30)
    grey[_membranes(rng)] = _MEMBRANE
    for _ in range(_CLUSTERS):
        _draw_vesicles(grey, rng)
    for _ in range(_DENSITIES):
        grey[_ellipse(rng, (9, 22), (3, 6))[0]] = _MEMBRANE
    truth = np.zeros(_SHAPE, bool)
    for _ in range(_MITOCHONDRIA):
        _draw_mitochondrion(grey, truth, rng)
    grain = 0.05 * smooth_noise(rng, _SHAPE, 1.2) + 0.05 * rng.standard_normal(_SHAPE)
    return (ndimage.gaussian_filter(grey, 0.8) + grain).astype(np.float32), truth


def _membranes(rng: np.random.Generator) -> Array:
    """Return the borders of cells: where the nearest of some warped places changes."""
    y, x = np.mgrid[0 : _SHAPE[0], 0 : _SHAPE[1]].astype(float)
    y, x = (axis + 12 * smooth_noise(rng, _SHAPE, 18) for axis in (y, x))
    places = rng.uniform(0, 1, (45, 2)) * _SHAPE
    away = (y[..., None] - places[:, 0]) ** 2 + (x[..., None] - places[:, 1]) ** 2
    nearest = away.argmin(axis=-1)
    highest, lowest = (f(nearest, size=3) for f in (ndimage.maximum_filter, ndimage.minimum_filter))
    return np.asarray(highest > lowest)


def _ellipse(
    rng: np.random.Generator, long: tuple[int, int], wide: tuple[int, int]
) -> tuple[tuple[Array, ...], Array, Array]:
    """Return the samples of a random ellipse, their depth, and its long axis."""
    angle = rng.uniform(0, np.pi)
    axes = np.array([[np.sin(angle), np.cos(angle)], [np.cos(angle), -np.sin(angle)]])
    half = np.array([rng.uniform(*long), rng.uniform(*wide)])
    centre = rng.uniform(0, 1, 2) * _SHAPE
    body = ellipsoid(_SHAPE, centre, half, axes)
    return body.inside, body.depth, axes[0]


def _draw_vesicles(grey: Array, rng: np.random.Generator) -> None:
    inside, _, _ = _ellipse(rng, (20, 34), (14, 24))
    spots = rng.integers(0, max(1, inside[0].size), 60)
    dots = np.zeros(_SHAPE, bool)
    dots[inside[0][spots % inside[0].size], inside[1][spots % inside[0].size]] = True
    grey[ndimage.binary_dilation(dots, iterations=2)] = _MATRIX
    grey[dots] = _CYTOPLASM


def _draw_mitochondrion(grey: Array, truth: Array, rng: np.random.Generator) -> None:
    """Draw one where there is room for it."""
    inside, depth, along = _ellipse(rng, (13, 30), (8, 14))
    if not inside[0].size or truth[inside].any():
        return
    way = inside[0] * along[0] + inside[1] * along[1]
    bent = way + 2 * smooth_noise(rng, _SHAPE, 6)[inside]
    folds = np.sin(2 * np.pi * bent / rng.uniform(5, 7)) > 0.3
    grey[inside] = np.where(depth < 0.45, _MEMBRANE, np.where(folds, _MATRIX, _MATRIX + 0.14))
    truth[inside] = True
