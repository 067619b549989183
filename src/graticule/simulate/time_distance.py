"""Simulated time-distance images of the Sun: wave noise, and a ripple where one is asked for."""

from __future__ import annotations

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.typing import Array
from graticule.evaluate.injection import Ripple

CADENCE, PIXEL = 45.0, 0.348
"""Seconds and Mm between samples, of the Helioseismic and Magnetic Imager."""


def time_distance(
    *,
    shape: tuple[int, int] = (120, 100),
    ripple: Ripple | None = None,
    seed: int | list[int] = 0,
) -> xr.DataArray:
    r"""Simulate a time-distance image.

    The noise is Gaussian, with a power spectrum in frequency :math:`f` and wavenumber :math:`k`
    shaped like that of quiet Sun: acoustic modes around 3.3 mHz of long horizontal waves (so
    that they are drawn out along the distance), modes of higher frequency with shorter waves,
    convection over all short ones, and a little white noise. Nothing prefers outgoing to
    incoming waves. It is cut from a field of twice the size, so it is not periodic. Near the
    origin it is up to three times stronger: fewer samples are averaged there.

    Parameters
    ----------
    shape : pair of int
        Samples in time and distance.
    ripple : Ripple, optional
        Its strength is in standard deviations of the noise at each distance.
    seed : int or list of int
        Of the noise.

    Returns
    -------
    DataArray
        Dims ``time`` (in min) and ``distance`` (in Mm).

    Examples
    --------
    >>> image = time_distance(seed=1)
    >>> image.dims, image.shape, image.distance.attrs["units"]
    (('time', 'distance'), (120, 100), 'Mm')
    """
    rng = np.random.default_rng(seed)
    size = (2 * shape[0], 2 * shape[1])
    white = np.fft.fft2(rng.standard_normal(size))
    noise = np.fft.ifft2(white * np.sqrt(_spectrum(size))).real[: shape[0], : shape[1]]
    distance = np.arange(shape[1])
    if ripple is not None:
        noise = noise + ripple(np.arange(shape[0])[:, None], distance[None, :])
    noise = noise * (1 + 2 * np.exp(-distance / 15))
    spacing = {"time": f"{CADENCE / 60} min", "distance": f"{PIXEL} Mm"}
    return as_image(noise, dims=("time", "distance"), spacing=spacing)


def random_ripple(rng: np.random.Generator, *, strength: float = 0.8, samples: int = 120) -> Ripple:
    """Draw a ripple: start, curvature, phase, frequency and length at random.

    Parameters
    ----------
    rng : Generator
        Source of the numbers.
    strength : float
        In standard deviations of the noise.
    samples : int
        Length of the image in time; the ripple is inside it up to column 90.

    Returns
    -------
    Ripple
        Frequencies from 3.8 to 5.2 mHz, as in observed events.

    Examples
    --------
    >>> 4.5 <= random_ripple(np.random.default_rng(0)).a <= 5.5
    True
    """
    a = rng.uniform(4.5, 5.5)
    return Ripple(
        strength=strength,
        a=a,
        t0=rng.uniform(5, samples - 5 - a * np.sqrt(90)),
        phase=rng.uniform(0, 2 * np.pi),
        frequency=rng.uniform(3.8e-3, 5.2e-3) * CADENCE,
        width=rng.uniform(1.8, 3.0),
    )


def _spectrum(size: tuple[int, int]) -> Array:
    """Return the power per sample of the noise, of mean 1: parts of the variance by its kind."""
    frequency = np.abs(np.fft.fftfreq(size[0], CADENCE))[:, None] * 1e3
    wavenumber = np.abs(np.fft.fftfreq(size[1], PIXEL))[None, :]

    def component(part: float, peak: float, width: float, reach: Array | float) -> Array:
        band = np.exp(-0.5 * ((frequency - peak) / width) ** 2)
        power = band / reach * np.exp(-0.5 * (wavenumber / reach) ** 2)
        return np.asarray(part * power / power.mean())

    modes = component(0.68, 3.3, 0.75, 0.012 + 0.05 * frequency / 3.3)
    high = component(0.20, 4.5, 1.6, 0.02 + 0.1 * frequency / 4.5)
    convection = component(0.11, 4.0, 2.2, 0.28)
    return modes + high + convection + 0.01
