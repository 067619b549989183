"""What simulated samples are made of: ellipsoids on a grid, and random fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array


class Body(NamedTuple):
    """An ellipse or ellipsoid: the indices of its samples, and how deep each lies in it.

    The depth is 1 at the centre and 0 at the surface, and falls as the thickness does.
    """

    inside: tuple[Array, ...]
    depth: Array


def ellipsoid(
    shape: Sequence[int],
    centre: Array,
    half: Array,
    axes: Array | None = None,
    spacing: Array | None = None,
) -> Body:
    """Return the samples of an image that lie in an ellipsoid.

    Parameters
    ----------
    shape : sequence of int
        Samples of the image along each dim.
    centre, half : ndarray
        Its centre in samples; its half axes in units of the spacing.
    axes : ndarray, optional
        A row for the direction of each half axis; by default those of the image.
    spacing : ndarray, optional
        Distance between samples along each dim; by default 1.
    """
    step = np.ones(len(shape)) if spacing is None else spacing
    reach = (np.abs(axes.T) @ half if axes is not None else half) / step
    low = np.clip(np.floor(centre - reach).astype(int), 0, shape)
    high = np.clip(np.ceil(centre + reach).astype(int) + 1, 0, shape)
    grids = np.ogrid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    away = [(grid - c) * d for grid, c, d in zip(grids, centre, step, strict=True)]
    if axes is not None:
        away = [sum((a * w for a, w in zip(away, row, strict=True)), np.zeros(())) for row in axes]
    parts = [(a / h) ** 2 for a, h in zip(away, half, strict=True)]
    square = np.asarray(sum(parts, np.zeros(())))
    inside = np.nonzero(square <= 1)
    depth = np.sqrt(1 - square[inside])
    return Body(tuple(i + o for i, o in zip(inside, low, strict=True)), depth)


def smooth_noise(rng: np.random.Generator, shape: Sequence[int], sigma: float) -> Array:
    """Return noise of standard deviation 1 with a grain of ``sigma`` samples."""
    rough = blurred(rng.standard_normal(tuple(shape)), sigma)
    return np.asarray(rough / (rough.std() or 1.0))


def blurred(values: Array, sigma: float | Array) -> Array:
    """Return values smoothed by a Gaussian of ``sigma`` samples."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(values, sigma))


def tomogram_noise(rng: np.random.Generator, shape: Sequence[int], deviation: float) -> Array:
    """Return noise as filtered back projection leaves it in slices ``y x`` along ``z``.

    The ramp filter makes its power rise with the frequency in the slice; slices are independent.
    """
    from scipy import fft

    white = rng.standard_normal(tuple(shape))
    y, x = fft.fftfreq(shape[-2]), fft.rfftfreq(shape[-1])
    ramp = np.sqrt(np.minimum(np.hypot(y[:, None], x[None, :]), 0.5))
    shaped = fft.irfft2(fft.rfft2(white) * ramp, s=shape[-2:])
    return np.asarray(deviation * shaped / (shaped.std() or 1.0))
