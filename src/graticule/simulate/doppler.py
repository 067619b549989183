"""Simulated Doppler cubes of the Sun: waves in all directions, and the rings of a sunquake."""

from __future__ import annotations

import numpy as np
import xarray as xr

from graticule.core import as_image, like
from graticule.core.registry import get_op
from graticule.core.typing import Array
from graticule.evaluate.injection import Ripple
from graticule.simulate.solar_noise import CADENCE, PIXEL, power_of_waves


def doppler_cube(
    *,
    minutes: float = 90.0,
    width: float = 72.0,
    spacing: tuple[float, float] = (CADENCE, PIXEL),
    ripple: Ripple | None = None,
    seed: int | list[int] = 0,
) -> xr.DataArray:
    r"""Simulate a cube of velocities around an epicentre in the middle of the frame.

    The noise is Gaussian and isotropic, with the power in frequency and wavenumber of quiet
    `graticule.simulate.solar_noise`. A ripple runs out in rings; where the mean over a ring is
    taken, its strength is in standard deviations of what the noise leaves in that mean.

    Parameters
    ----------
    minutes, width : float
        Duration, and the side of the frame in Mm.
    spacing : pair of float
        Minutes and Mm between samples.
    ripple : Ripple, optional
        Counted in samples of 0.75 min and 0.348 Mm whatever the spacing.
    seed : int or list of int
        Of the noise.

    Returns
    -------
    DataArray
        Dims ``t`` (in min), ``y`` and ``x`` (in Mm).

    Examples
    --------
    >>> cube = doppler_cube(minutes=15, width=20, spacing=(0.75, 1.0))
    >>> cube.dims, cube.shape
    (('t', 'y', 'x'), (20, 21, 21))
    """
    cadence, pixel = spacing
    side = 2 * round(width / pixel / 2) + 1
    shape = (round(minutes / cadence), side, side)
    values = _waves(shape, cadence, pixel, np.random.default_rng(seed))
    steps = {"t": f"{cadence} min", "y": f"{pixel} Mm", "x": f"{pixel} Mm"}
    cube = as_image(values, dims=("t", "y", "x"), spacing=steps)
    if ripple is None:
        return cube
    rings = get_op("transform.time_distance")(cube, reach=f"{width / 2} Mm")
    offset = (np.arange(side) - side // 2) * pixel
    distance = np.hypot(offset[:, None], offset[None, :])
    spread = np.interp(distance, rings.distance.values, rings.values.std(axis=0))
    time = np.arange(shape[0])[:, None, None] * cadence
    rings_out = spread * ripple(time / CADENCE, distance / PIXEL)
    return like(cube, np.asarray(cube.values + rings_out, dtype=np.float32))


def _waves(
    shape: tuple[int, int, int], cadence: float, pixel: float, rng: np.random.Generator
) -> Array:
    from scipy import fft

    frequency = np.abs(np.fft.fftfreq(shape[0], cadence * 60))[:, None, None] * 1e3
    along = [np.fft.fftfreq(shape[1], pixel)[:, None], np.fft.rfftfreq(shape[2], pixel)[None, :]]
    power = power_of_waves(frequency, np.hypot(*along)[None])
    white = fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    field = fft.irfftn(white * np.sqrt(power).astype(np.float32), shape)
    return np.asarray(field / field.std(), dtype=np.float32)
