"""Simulated neutron radiographs: a sample in a beam, counted by a camera, with known outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.typing import Array
from graticule.simulate._primitives import blurred, smooth_noise

_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
"""Full width at half maximum to standard deviation, of a Gaussian."""


class Radiograph(NamedTuple):
    """A simulated measurement and its truth; dims ``y x``, stacks have ``t`` in front.

    Attributes
    ----------
    image : DataArray
        The sample in the beam, in grey values (uint16).
    open_beam : DataArray
        Frames without the sample, dims ``t y x``.
    dark : DataArray
        Frames without the beam, dims ``t y x``.
    transmission : DataArray
        The true part of the beam that passes the sample, blurred as the camera sees it.
    spots : DataArray
        Mask of the bright outliers of ``image``: where the light of one is more than three times
        the noise there.
    dead : DataArray
        Mask of pixels that see little or nothing of the beam.
    lines : DataArray
        Mask of the columns with a wrong sensitivity.
    """

    image: xr.DataArray
    open_beam: xr.DataArray
    dark: xr.DataArray
    transmission: xr.DataArray
    spots: xr.DataArray
    dead: xr.DataArray
    lines: xr.DataArray


@dataclass(frozen=True)
class Camera:
    """How neutrons become grey values.

    Attributes
    ----------
    flux : float
        Neutrons counted in a pixel of the open beam, at its brightest.
    gain : float
        Grey values for each neutron.
    readout : float
        Standard deviation of the readout noise, in grey values.
    offset : float
        Grey value where nothing is counted.
    blur : float
        Standard deviation of the point spread of scintillator and optics, in pixels.
    spread : float
        Standard deviation of the light of one neutron, in pixels. Above 0 neighbouring pixels see
        the same neutrons, so that the noise has a grain, and is weaker.
    """

    flux: float = 2000.0
    gain: float = 0.9
    readout: float = 12.0
    offset: float = 100.0
    blur: float = 0.8
    spread: float = 0.0

    def noise(self, counts: Array) -> Array:
        """Return the standard deviation of the grey value where so many counts are expected."""
        from scipy import ndimage

        shared = 1.0
        if self.spread > 0:
            point = np.zeros(2 * int(4 * self.spread + 2) + 1)
            point[point.size // 2] = 1
            shared = float((ndimage.gaussian_filter1d(point, self.spread) ** 2).sum()) ** 2
        return np.asarray(np.sqrt(self.gain**2 * shared * counts + self.readout**2))


@dataclass(frozen=True)
class Spots:
    """Light of gamma rays that hit the sensor: few pixels, of very different brightness.

    Attributes
    ----------
    density : float
        Spots for each pixel.
    brightness : float
        Median of the grey values of a spot, summed over its pixels.
    spread : float
        Standard deviation of the logarithm of the brightness: its distribution is log-normal.
    width : pair of float
        Range of the full width at half maximum, in pixels.
    tracks : float
        Part of the spots that are tracks of 4 to 25 pixels, as thin as the thinnest spot and
        as bright in each pixel as a whole spot.
    """

    density: float = 0.002
    brightness: float = 2500.0
    spread: float = 0.9
    width: tuple[float, float] = (1.0, 3.0)
    tracks: float = 0.02


def radiograph(
    *,
    shape: tuple[int, int] = (256, 256),
    camera: Camera | None = None,
    spots: Spots | None = None,
    dead: float = 2e-4,
    lines: int = 3,
    frames: int = 5,
    sample: bool = True,
    seed: int | list[int] = 0,
) -> Radiograph:
    r"""Simulate a radiograph with its open beam and dark frames.

    The mean grey value is :math:`g\,\Phi\,d\,B\,S\,T + o`: gain, flux, the dose of the frame
    (2 % from frame to frame), beam profile, sensitivity of the pixel, transmission
    :math:`T = e^{-\mu z}` blurred by the point spread, and offset. The counts are Poisson
    distributed, the readout is Gaussian, gamma spots fall on every frame, and the grey values
    are rounded and clipped to 16 bits.

    Parameters
    ----------
    shape : pair of int
        Pixels along y and x.
    camera : Camera, optional
        Flux, gain, noise and blur.
    spots : Spots, optional
        Density and brightness of the gamma spots.
    dead : float
        Part of the pixels that see at most half of the beam.
    lines : int
        Number of columns with a sensitivity that is wrong by 5 to 15 %.
    frames : int
        Frames of open beam and of dark.
    sample : bool
        False leaves the beam empty.
    seed : int or list of int
        Of everything that is drawn.

    Returns
    -------
    Radiograph
        The images and their truth.

    Examples
    --------
    >>> made = radiograph(shape=(64, 80), seed=1)
    >>> made.image.dims, made.open_beam.sizes["t"], bool(made.spots.any())
    (('y', 'x'), 5, True)
    """
    rng = np.random.default_rng(seed)
    camera, spots = camera or Camera(), spots or Spots()
    sensitivity, broken, columns = _sensor(rng, shape, dead, lines)
    through = blurred(np.exp(-_thickness(rng, shape)), camera.blur) if sample else np.ones(shape)
    beam = _beam(rng, shape)

    def frame(light: Array) -> tuple[Array, Array]:
        counts = camera.flux * rng.normal(1, 0.02) * light * sensitivity
        return _exposed(rng, counts, camera, spots)

    image, spotted = frame(beam * through)
    empty = np.stack([frame(beam)[0] for _ in range(frames)])
    unlit = np.stack([frame(np.zeros(shape))[0] for _ in range(frames)])
    stack = ("t", "y", "x")
    return Radiograph(
        as_image(image, units="count"),
        as_image(empty, dims=stack, units="count"),
        as_image(unlit, dims=stack, units="count"),
        *(as_image(truth) for truth in (through.astype(np.float32), spotted, broken, columns)),
    )


def _exposed(
    rng: np.random.Generator, counts: Array, camera: Camera, spots: Spots
) -> tuple[Array, Array]:
    """Return the grey values of an exposure, and the mask of its spots."""
    light = rng.poisson(counts)
    if camera.spread > 0:
        light = blurred(light.astype(float), camera.spread)
    grey = camera.gain * light + rng.normal(camera.offset, camera.readout, counts.shape)
    gamma = np.zeros(counts.shape)
    for _ in range(rng.poisson(spots.density * counts.size)):
        _add_spot(rng, gamma, spots)
    noise = camera.noise(counts)
    values = np.clip(np.rint(grey + gamma), 0, 65535).astype(np.uint16)
    return values, gamma > 3 * noise


def _add_spot(rng: np.random.Generator, light: Array, spots: Spots) -> None:
    """Add a spot, or a track of such spots in a row, to the light."""
    sigma = rng.uniform(*spots.width) * _TO_SIGMA
    brightness = spots.brightness * np.exp(rng.normal(0, spots.spread))
    place: Array = rng.uniform((0, 0), light.shape)
    length = 0.0
    if rng.random() < spots.tracks:
        length, sigma = rng.uniform(4, 25), spots.width[0] * _TO_SIGMA
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.02)
    for _ in range(int(length) + 1):
        _add_point(light, place, sigma, brightness)
        angle += bend
        place = place + np.array([np.sin(angle), np.cos(angle)])


def _add_point(light: Array, place: Array, sigma: float, brightness: float) -> None:
    """Add a Gaussian, integrated over each pixel, within four widths of its centre."""
    from scipy.special import ndtr

    spans, weights = [], []
    for centre, size in zip(place, light.shape, strict=True):
        reach = 4 * sigma + 1
        first, last = max(0, int(centre - reach)), min(size, int(centre + reach) + 1)
        if first >= last:
            return
        edges = (np.arange(first, last + 1) - centre) / sigma
        spans.append(slice(first, last))
        weights.append(np.diff(ndtr(edges)))
    light[spans[0], spans[1]] += brightness * np.outer(*weights)


def _sensor(
    rng: np.random.Generator, shape: tuple[int, int], dead: float, lines: int
) -> tuple[Array, Array, Array]:
    """Return the sensitivity of each pixel, the dead ones, and the columns that are wrong."""
    sensitivity = rng.normal(1, 0.01, shape)
    columns = np.zeros(shape, bool)
    for column in rng.choice(shape[1], min(lines, shape[1]), replace=False):
        sensitivity[:, column] *= 1 + rng.choice([-1, 1]) * rng.uniform(0.05, 0.15)
        columns[:, column] = True
    broken = rng.random(shape) < dead
    sensitivity[broken] *= rng.uniform(0, 0.5, int(broken.sum()))
    return sensitivity, broken, columns


def _beam(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return the profile of the beam, at most 1: brightest near its centre, a little mottled."""
    y, x = _grid(shape)
    centre = rng.uniform(-0.2, 0.2, 2)
    profile = np.exp(-0.3 * ((y - centre[0]) ** 2 + (x - centre[1]) ** 2))
    mottled = profile * (1 + 0.02 * smooth_noise(rng, shape, 6.0))
    return np.asarray(mottled / mottled.max())


def _thickness(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return attenuation times thickness: a grained cylinder, a step wedge, and thin wires."""
    y, x = _grid(shape)
    axis = rng.uniform(-0.3, 0.1)
    depth = 2 * np.sqrt(np.clip(0.3**2 - (x - axis) ** 2, 0, None))
    grained = 1.2 * depth * (1 + 0.15 * smooth_noise(rng, shape, 2.5))
    step = np.floor((y + 1) * 3) / 6 * (np.abs(x - axis - 0.65) < 0.2)
    total = np.clip(grained, 0, None) + 1.2 * step
    for _ in range(3):
        angle, offset = rng.uniform(0, np.pi), rng.uniform(-0.7, 0.7)
        distance = np.abs(np.cos(angle) * x + np.sin(angle) * y - offset) * shape[1] / 2
        total = total + 0.12 * (distance < rng.uniform(1.5, 5))
    return np.asarray(total)


def _grid(shape: tuple[int, int]) -> tuple[Array, Array]:
    y, x = (np.linspace(-1, 1, size) for size in shape)
    return y[:, None], x[None, :]
