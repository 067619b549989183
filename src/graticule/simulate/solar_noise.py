r"""The noise of time-distance images of the Sun, in the ways in which it is not simple.

Every kind is a field of time and distance in physical units, so that any sampling shows the same
Sun. One seed gives one field, byte for byte.

What the kinds were fitted to are three images of the Helioseismic and Magnetic Imager (2011-07-30
and 2015-08-22 with a flare, and one without; ADACS Australia, "Building an expert system for image
feature recognition", 2024, CC-BY 4.0), their first 35 Mm, every distance brought to mean 0 and
standard deviation 1:

=================================================== =================== ===================
\                                                   observed            ``observed`` here
=================================================== =================== ===================
correlation at 1, 2, 5, 10 samples of distance      .95, .84, .55, .22  .95, .85, .59, .29
correlation at 1, 2, 3, 5 samples of time           .4, -.36, -.60, .06 .5, -.32, -.56, .02
excess kurtosis                                     -.2, 1.2, 1.9       .6 in the mean
largest value                                       3.4, 7.5, 7.3       4.7 in the mean
spread of the mean square of a frame                .31, .52, .61       .56 in the mean
spread of the mean of a frame                       .29 to .36          .41
amplitude at 1, 4, 9 and 31 Mm over that at 17 Mm   1.8, 1.0, 1.3, 1.0  2.0, 1.2, 1.0, 1.0
=================================================== =================== ===================

From 5 Mm on the correlation along the distance is the same at all distances.

The two flares show as a burst of 7 standard deviations, three frames long and within 10 Mm. The
power in wavenumber ends at the ridge of the surface wave, :math:`\omega^2 = g k`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from graticule.core.typing import Array

CADENCE, PIXEL = 0.75, 0.348
"""Minutes and Mm between samples, of the Helioseismic and Magnetic Imager."""

Noise: TypeAlias = Literal["quiet", "fading", "streaks", "tails", "ridges", "dropouts", "observed"]
_GRAVITY = 274e-6 * 3600
"""Mm/min²."""


@dataclass(frozen=True)
class Grid:
    """The samples of an image: how many, and minutes and Mm between them."""

    shape: tuple[int, int]
    cadence: float = CADENCE
    pixel: float = PIXEL

    @property
    def time(self) -> Array:
        """Minutes, as a column."""
        return np.arange(self.shape[0])[:, None] * self.cadence

    @property
    def distance(self) -> Array:
        """Mm, as a row."""
        return np.arange(self.shape[1])[None, :] * self.pixel


def noise_of(kind: Noise, grid: Grid, rng: np.random.Generator) -> Array:
    """Return noise of a kind.

    ========= ===========================================================================
    quiet     Gaussian and stationary, up to three times stronger near the origin
    fading    amplitude falling from 5 to .7 over 35 Mm, and by a factor of e^.4 up and
              down in stretches of 6 min and 5 Mm and over all distances at once
    streaks   whole frames shifted by half a standard deviation, some by two
    tails     amplitude of Student's t with 5 degrees of freedom, patch by patch; a burst
              of 5 to 9 standard deviations within 3 to 12 Mm; one sample of a thousand off
    ridges    the mean over rings of waves on the ridges of the surface wave and of five
              acoustic modes: Bessel functions, focused at the origin
    dropouts  3 % of frames lost or repeated, a blank patch, in every second image a dead
              distance
    observed  waves as in ``quiet`` and on ridges, and everything else in the measure in
              which the observed images show it
    ========= ===========================================================================

    Parameters
    ----------
    kind : str
        As above.
    grid : Grid
        The samples.
    rng : Generator
        Source of the numbers.

    Returns
    -------
    ndarray
        ``(time, distance)``.

    Examples
    --------
    >>> noise_of("ridges", Grid((40, 30)), np.random.default_rng(0)).shape
    (40, 30)
    """
    return _KINDS[kind](grid, rng)


def _quiet(grid: Grid, rng: np.random.Generator) -> Array:
    return stationary(grid, rng) * nearness(grid)


def _fading(grid: Grid, rng: np.random.Generator) -> Array:
    falling = (0.45 + 1.6 * np.exp(-grid.distance / 12)) * (1 + np.exp(-grid.distance / 1.5))
    return np.asarray(stationary(grid, rng) * falling * _wander(grid, rng, 0.4))


def _with_streaks(grid: Grid, rng: np.random.Generator) -> Array:
    return (stationary(grid, rng) + _streaks(grid, rng, 0.6)) * nearness(grid)


def _tails(grid: Grid, rng: np.random.Generator) -> Array:
    waves = stationary(grid, rng) * _patches(grid, rng, 5)
    waves = waves + _burst(grid, rng)
    wrong = rng.random(grid.shape) < 0.001
    waves[wrong] += 6 * rng.standard_normal(int(wrong.sum()))
    return waves * nearness(grid)


def _dropouts(grid: Grid, rng: np.random.Generator) -> Array:
    return _drop(_quiet(grid, rng), rng)


def _observed(grid: Grid, rng: np.random.Generator) -> Array:
    """Mix waves in one proportion at all distances, as the images show."""
    focused = ridges(grid, rng)
    waves = 0.95 * stationary(grid, rng) + 0.3 * focused / focused.std(axis=0)
    waves = waves * _patches(grid, rng, 12)
    if rng.random() < 0.6:
        waves = waves + _burst(grid, rng)
    falling = 1 + np.exp(-grid.distance / 1.5)
    waves = (waves + _streaks(grid, rng, 0.2)) * falling * _wander(grid, rng, 0.15)
    return _drop(waves, rng) if rng.random() < 0.3 else waves


_KINDS: dict[Noise, Callable[[Grid, np.random.Generator], Array]] = {
    "quiet": _quiet,
    "fading": _fading,
    "streaks": _with_streaks,
    "tails": _tails,
    "ridges": lambda grid, rng: ridges(grid, rng),
    "dropouts": _dropouts,
    "observed": _observed,
}


def stationary(grid: Grid, rng: np.random.Generator) -> Array:
    """Return Gaussian noise of unit variance, cut from a periodic field of twice the size."""
    size = (2 * grid.shape[0], 2 * grid.shape[1])
    white = np.fft.fft2(rng.standard_normal(size))
    frequency = np.abs(np.fft.fftfreq(size[0], grid.cadence * 60))[:, None] * 1e3
    wavenumber = np.abs(np.fft.fftfreq(size[1], grid.pixel))[None, :]
    field = np.fft.ifft2(white * np.sqrt(power_of_waves(frequency, wavenumber))).real
    return np.asarray(field[: grid.shape[0], : grid.shape[1]])


def nearness(grid: Grid) -> Array:
    """Return the amplitude of simple noise: stronger near the origin, where rings are short."""
    return np.asarray(1 + 2 * np.exp(-np.arange(grid.shape[1]) * (grid.pixel / PIXEL) / 15))


def power_of_waves(frequency: Array, wavenumber: Array) -> Array:
    """Return the power of a quiet Sun per sample, of mean 1: parts of the variance by motion.

    ``frequency`` is in mHz, ``wavenumber`` in waves a Mm; they are not negative.
    """

    def component(part: float, peak: float, width: float, reach: Array | float) -> Array:
        band = np.exp(-0.5 * ((frequency - peak) / width) ** 2)
        power = band / reach * np.exp(-0.5 * (wavenumber / reach) ** 2)
        return np.asarray(part * power / power.mean())

    modes = component(0.68, 3.3, 0.75, 0.012 + 0.05 * frequency / 3.3)
    high = component(0.20, 4.5, 1.6, 0.02 + 0.1 * frequency / 4.5)
    convection = component(0.11, 4.0, 2.2, 0.28)
    return modes + high + convection + 0.01


def ridges(grid: Grid, rng: np.random.Generator) -> Array:
    r"""Return the mean over rings of isotropic waves, of unit variance beyond a third.

    A wave of wavenumber :math:`k` leaves :math:`J_0(k r)` in the mean over the ring of radius
    :math:`r`. Ridge :math:`n` is :math:`\omega^2 = g k (1 + 2 n / 3)`, that of a polytrope of
    index 1.5 [1]_; waves of 3.5 +- 1 mHz are strongest, over a background of all wavenumbers.

    References
    ----------
    .. [1] J. Christensen-Dalsgaard, Lecture Notes on Stellar Oscillations, section 7.2 (2003).
    """
    from scipy.special import j0

    size = 2 * grid.shape[0]
    per_mm = (np.arange(240) + rng.uniform()) / 200
    frequency = np.fft.rfftfreq(size, grid.cadence * 60)[:, None] * 1e3
    power = np.zeros((frequency.size, per_mm.size))
    for order in range(6):
        turns = np.sqrt(_GRAVITY * 2 * np.pi * per_mm * (1 + 2 * order / 3)) / (2 * np.pi)
        ridge = turns * 1e3 / 60
        width = 0.12 + 0.03 * ridge
        strength = np.exp(-0.5 * (ridge - 3.5) ** 2) * (0.7 if order == 0 else 1)
        power += strength * np.exp(-0.5 * ((frequency - ridge) / width) ** 2)
    background = np.exp(-0.5 * ((frequency - 3.6) / 1.2) ** 2) * np.exp(-per_mm / 0.15)
    power = power / power.sum() + 0.15 * background / background.sum()
    drawn = rng.standard_normal((2, *power.shape))
    waves = np.fft.irfft((drawn[0] + 1j * drawn[1]) * np.sqrt(power * per_mm), size, axis=0)
    rings = j0(2 * np.pi * per_mm[:, None] * grid.distance)
    field = waves[: grid.shape[0]] @ rings
    field = field / field[:, grid.shape[1] // 3 :].std()
    return np.asarray(field + 0.05 * rng.standard_normal(grid.shape))


def _slow(size: int, samples: float, rng: np.random.Generator) -> Array:
    """Return Gaussian noise of unit variance along a line, smooth over some samples."""
    from scipy.ndimage import gaussian_filter1d

    line = gaussian_filter1d(rng.standard_normal(3 * size), samples, mode="wrap")[size : 2 * size]
    return np.asarray(line * np.sqrt(2 * np.sqrt(np.pi) * samples))


def _wander(grid: Grid, rng: np.random.Generator, depth: float) -> Array:
    """Return an amplitude that wanders by ``exp(+-depth)``."""
    from scipy.ndimage import gaussian_filter

    minutes, length = 6 / grid.cadence, 5.2 / grid.pixel
    rows, columns = grid.shape
    drawn = gaussian_filter(
        rng.standard_normal((3 * rows, 3 * columns)), (minutes, length), mode="wrap"
    )[rows : 2 * rows, columns : 2 * columns] * np.sqrt(4 * np.pi * minutes * length)
    together = _slow(rows, minutes, rng)[:, None]
    return np.asarray(np.exp(depth * (0.8 * together + 0.6 * drawn)))


def _streaks(grid: Grid, rng: np.random.Generator, size: float) -> Array:
    rows = grid.shape[0]
    jumps = (rng.random(rows) < 0.05) * rng.standard_normal(rows) * 2.5
    frames = _slow(rows, 0.5 / grid.cadence, rng) + jumps
    tilt = 1 - 0.5 * rng.uniform() * grid.distance / grid.distance.max()
    return np.asarray(size * frames[:, None] * tilt)


def _patches(grid: Grid, rng: np.random.Generator, freedom: float) -> Array:
    """Return the amplitude of Student's t over patches of 3 min and 2.8 Mm."""
    from scipy.ndimage import gaussian_filter, zoom

    counts = [
        int(np.ceil(size * step / reach)) + 1
        for size, step, reach in zip(grid.shape, (grid.cadence, grid.pixel), (3, 2.8), strict=True)
    ]
    drawn = rng.chisquare(freedom, size=counts) / freedom
    wide = [size / count for size, count in zip(grid.shape, counts, strict=True)]
    scale = gaussian_filter(zoom(drawn, wide, order=0), [0.4 * step for step in wide])
    return np.asarray(1 / np.sqrt(scale))


def _burst(grid: Grid, rng: np.random.Generator) -> Array:
    """Return what a flare itself leaves: a few strong frames near the origin."""
    last = float(grid.time[-1, 0])
    late = grid.time - rng.uniform(0.12 * last, 0.88 * last)
    reach, period, phase = rng.uniform(3, 12), rng.uniform(3, 6), rng.uniform(0, 2 * np.pi)
    packet = np.exp(-0.5 * (late / 1.1) ** 2) * np.cos(2 * np.pi * late / period + phase)
    return np.asarray(rng.uniform(5, 9) * np.exp(-((grid.distance / reach) ** 2)) * packet)


def _drop(values: Array, rng: np.random.Generator) -> Array:
    """Lose frames (repeated, or 0), a patch and in every second image a distance."""
    values = values.copy()
    rows, columns = values.shape
    for row in np.flatnonzero(rng.random(rows) < 0.03):
        values[row] = values[row - 1] if row and rng.random() < 0.5 else 0
    top, left = rng.integers(0, rows - rows // 15), rng.integers(0, columns - columns // 5)
    values[top : top + rng.integers(2, rows // 15 + 3), left : left + columns // 8] = 0
    if rng.random() < 0.5:
        values[:, rng.integers(0, columns)] = 0
    return values
