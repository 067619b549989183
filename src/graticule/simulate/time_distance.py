"""Simulated time-distance images of the Sun: wave noise, and a ripple where one is asked for."""

from __future__ import annotations

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.evaluate.injection import Ripple
from graticule.simulate.solar_noise import CADENCE, PIXEL, Grid, Noise, nearness, noise_of


def time_distance(
    *,
    shape: tuple[int, int] = (120, 100),
    spacing: tuple[float, float] = (CADENCE, PIXEL),
    noise: Noise = "quiet",
    ripple: Ripple | None = None,
    seed: int | list[int] = 0,
) -> xr.DataArray:
    r"""Simulate a time-distance image.

    Quiet noise is Gaussian, with a power spectrum in frequency :math:`f` and wavenumber :math:`k`
    shaped like that of quiet Sun: acoustic modes around 3.3 mHz of long horizontal waves (so
    that they are drawn out along the distance), modes of higher frequency with shorter waves,
    convection over all short ones, and a little white noise. Nothing prefers outgoing to
    incoming waves. It is cut from a field of twice the size, so it is not periodic. Near the
    origin it is up to three times stronger: fewer samples are averaged there. The other kinds
    are those of `graticule.simulate.solar_noise`.

    Parameters
    ----------
    shape : pair of int
        Samples in time and distance.
    spacing : pair of float
        Minutes and Mm between samples.
    noise : str
        Its kind, see `graticule.simulate.solar_noise.noise_of`.
    ripple : Ripple, optional
        Counted in samples of 0.75 min and 0.348 Mm whatever the spacing; its strength is in
        standard deviations of the noise at each distance.
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
    grid = Grid(shape, *spacing)
    values = noise_of(noise, grid, np.random.default_rng(seed))
    if ripple is not None:
        spread = nearness(grid) if noise == "quiet" else values.std(axis=0)
        values = values + spread * ripple(grid.time / CADENCE, grid.distance / PIXEL)
    steps = {"time": f"{spacing[0]} min", "distance": f"{spacing[1]} Mm"}
    return as_image(values, dims=("time", "distance"), spacing=steps)


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
        frequency=rng.uniform(3.8e-3, 5.2e-3) * CADENCE * 60,
        width=rng.uniform(1.8, 3.0),
    )
