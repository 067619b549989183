"""Random fields that simulated samples are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graticule.core.typing import Array


def smooth_noise(rng: np.random.Generator, shape: Sequence[int], sigma: float) -> Array:
    """Return noise of standard deviation 1 with a grain of ``sigma`` samples."""
    rough = blurred(rng.standard_normal(tuple(shape)), sigma)
    return np.asarray(rough / (rough.std() or 1.0))


def blurred(values: Array, sigma: float) -> Array:
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
