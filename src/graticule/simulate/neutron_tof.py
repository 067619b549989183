"""Simulated time-of-flight neutron images: pieces of metal with Bragg edges, and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr

from graticule.core import as_image
from graticule.core.errors import ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops.spectra import _crystal as crystal
from graticule.ops.spectra import _ncrystal
from graticule.ops.spectra._crystal import PHASES, Phase, Texture
from graticule.ops.spectra._flight import PLANCK_OVER_NEUTRON_MASS
from graticule.ops.spectra._ncrystal import Crystal
from graticule.simulate._primitives import blurred

_FINER = 4
_ROWS = 8


@dataclass(frozen=True)
class Beam:
    """What comes from the source, and how it is seen.

    Attributes
    ----------
    flux : float
        Neutrons counted in a pixel and a bin of the open beam, in the mean over the bins.
    wavelengths : pair of float
        Of the first and after the last bin, in angstrom.
    flight_path : float
        From source to detector, in metres.
    offset : float
        Time of flight that is shown when neutrons start, in microseconds.
    temperature : float
        Of the moderator, in kelvin: wavelengths are those of a Maxwellian gas.
    background : float
        Counts that come at any time, as a part of the flux.
    scatter : float
        Part of the neutrons that the sample takes out of the beam which still reach the detector,
        spread over it.
    blur : float
        Standard deviation of the shadow of a sharp edge, in pixels.
    open_dose : float
        How many times longer the open beam is exposed.
    """

    flux: float = 200.0
    wavelengths: tuple[float, float] = (1.5, 5.0)
    flight_path: float = 50.0
    offset: float = 0.0
    temperature: float = 100.0
    background: float = 0.01
    scatter: float = 0.03
    blur: float = 0.7
    open_dose: float = 1.0


@dataclass(frozen=True)
class Pulse:
    """When neutrons of one wavelength arrive: a pulse that decays, smeared by a Gaussian.

    Attributes
    ----------
    sigma : float
        Standard deviation of the Gaussian, in microseconds.
    decay : float
        Time constant of the decay, in microseconds.
    """

    sigma: float = 120.0
    decay: float = 160.0

    def arrived(self, time: Array) -> Array:
        """Return the part that has arrived by a time after the wavelength's own."""
        from scipy.special import log_ndtr, ndtr

        sigma = max(self.sigma, 1e-6)
        if self.decay <= 1e-3 * sigma:
            return np.asarray(ndtr(time / sigma))
        late = -time / self.decay + sigma**2 / (2 * self.decay**2)
        late = late + log_ndtr(time / sigma - sigma / self.decay)
        return np.asarray(ndtr(time / sigma) - np.exp(late))


class TimeOfFlight(NamedTuple):
    """A simulated measurement and its truth.

    Attributes
    ----------
    image : DataArray
        Neutrons counted with the sample, dims ``tof y x``; the coordinate ``tof`` holds the middles
        of the bins, in microseconds.
    open_beam : DataArray
        The same without the sample.
    labels : DataArray
        0 for the open beam, and the number of each material, from 1: the one that most of a pixel
        is of.
    thickness : DataArray
        In mm, the mean over a pixel, as sharp as the beam shows it.
    fractions : DataArray
        Part of each pixel that is of each class (dims ``class y x``, open beam first), as sharp as
        the beam shows it.
    lattice : DataArray
        Lattice parameter in each pixel, in angstrom; NaN in the open beam.
    lattice_parameters : mapping of float
        Lattice parameter of each material without strain, in angstrom.
    """

    image: xr.DataArray
    open_beam: xr.DataArray
    labels: xr.DataArray
    thickness: xr.DataArray
    fractions: xr.DataArray
    lattice: xr.DataArray
    lattice_parameters: Mapping[str, float]


def neutron_tof(
    shape: tuple[int, int] = (128, 128),
    bins: int = 661,
    *,
    materials: tuple[str, ...] = ("ferrite", "austenite", "aluminium", "nickel"),
    pieces: int = 9,
    thickness: tuple[float, float] = (3.0, 25.0),
    wedge: float = 1.0,
    strain: float = 0.0,
    texture: Texture | None = None,
    beam: Beam | None = None,
    pulse: Pulse | None = None,
    seed: int | list[int] = 0,
) -> TimeOfFlight:
    r"""Return a cube of counts of pieces of metal in a pulsed beam, and one of the open beam.

    The transmission of a pixel is :math:`T(\lambda) = \exp(-\sum_m n_m \sigma_m(\lambda)\, z_m)`,
    with atoms for each volume, thickness, and total cross-sections of textured powders: Bragg
    edges from structure factors and the Debye-Waller factor, incoherent and inelastic scattering,
    and absorption. It is blurred, multiplied by the spectrum of the source, and smeared in time by
    the pulse; neutrons scattered by the sample and a constant background are added; counts are
    Poisson distributed.

    Parameters
    ----------
    shape : pair of int
        Pixels along ``y`` and ``x``.
    bins : int
        Bins of time of flight.
    materials : sequence of str
        Of ``ferrite``, ``austenite``, ``aluminium``, ``nickel``, ``copper``, ``chromium``,
        ``tungsten`` and ``silicon``; each is used, one piece after the other. Others by their
        names in the library NCrystal, as ``Ti_sg194.ncmat``; these are without texture.
    pieces : int
        How many pieces lie side by side, on a lattice with gaps here and there.
    thickness : pair of float
        Least and largest thickness, in mm.
    wedge : float
        How much of that range the thickness of one piece goes through, from 0 for plates to 1.
    strain : float
        Lattices are longer by up to this part on one side of each piece and shorter on the other.
    texture : Texture, optional
        Of all pieces; by default a March-Dollase ratio of 0.9.
    beam : Beam, optional
        Flux, flight path, range of wavelengths, background and sharpness.
    pulse : Pulse, optional
        Resolution.
    seed : int or list of int
        Of everything that is drawn.

    Raises
    ------
    ParameterError
        If a material is unknown, or a number makes no sense.

    Examples
    --------
    >>> made = neutron_tof((24, 24), 60, pieces=4, seed=1)
    >>> made.image.dims, made.image.tof.attrs["units"], np.unique(made.labels).tolist()
    (('tof', 'y', 'x'), 'us', [0, 1, 2, 3, 4])
    """
    beam, pulse, texture = beam or Beam(), pulse or Pulse(), texture or Texture(0.9)
    _require(shape, bins, materials, pieces, thickness, wedge)
    rng = np.random.default_rng(seed)
    body = _pieces(rng, shape, len(materials), pieces, thickness, wedge, strain)
    measured = Timing.of(beam, pulse, bins)
    phases = [_phase(name) for name in materials]
    through = _transmission(body, phases, texture, measured, beam.blur)
    profile = _profile(rng, shape)
    counts, empty = _expected(through, measured, profile, beam)
    axis = ("tof", measured.middles, {"units": "us"})
    about = {
        "units": "count",
        "flight_path": f"{beam.flight_path:g} m",
        "time_offset": f"{beam.offset:g} us",
    }

    def counted(mean: Array) -> xr.DataArray:
        drawn = rng.poisson(mean)
        kind = np.uint16 if drawn.max(initial=0) < 2**16 else np.uint32
        return xr.DataArray(drawn.astype(kind), {"tof": axis}, ("tof", "y", "x"), attrs=about)

    parts = np.stack([blurred(part, beam.blur) for part in body.parts])
    parts = np.clip(parts, 0, 1) / np.clip(parts, 0, 1).sum(axis=0)
    base = np.array([np.nan, *(phase.parameter for phase in phases)])
    return TimeOfFlight(
        counted(counts),
        counted(empty),
        as_image(body.labels),
        as_image(blurred(body.thickness, beam.blur).astype(np.float32), units="mm"),
        as_image(parts.astype(np.float32), dims=("class", "y", "x")),
        as_image(base[body.labels] * (1 + body.strain), units="angstrom"),
        {name: phase.parameter for name, phase in zip(materials, phases, strict=True)},
    )


class Expected(NamedTuple):
    """Counts that are expected in one pixel, and what its edge is.

    Attributes
    ----------
    counts, open_beam : ndarray
        For each bin, with and without the sample.
    timing : Timing
        Where the bins are.
    position : float
        Wavelength of the edge, in angstrom.
    height : float
        By how much the logarithm of what is counted rises at it, before it is smeared by the pulse:
        background and scattered neutrons are in it.
    """

    counts: Array
    open_beam: Array
    timing: Timing
    position: float
    height: float


def expected_counts(
    material: str,
    plane: tuple[int, int, int],
    thickness: float,
    bins: int = 661,
    *,
    texture: Texture | None = None,
    beam: Beam | None = None,
    pulse: Pulse | None = None,
) -> Expected:
    """Return what is expected in the middle of a large plate, without noise.

    Parameters
    ----------
    material : str
        As of `neutron_tof`.
    plane : tuple of int
        Whose edge is told.
    thickness : float
        In mm.
    bins, texture, beam, pulse
        As of `neutron_tof`.

    Examples
    --------
    >>> made = expected_counts("ferrite", (1, 1, 0), 10.0)
    >>> round(made.position, 3), made.counts.shape
    (4.054, (661,))
    """
    beam, texture, phase = beam or Beam(), texture or Texture(0.9), PHASES[material]
    timing = Timing.of(beam, pulse or Pulse(), bins)
    plate = np.full((1, 1), thickness)
    body = Body(np.ones((1, 1), np.int32), plate, np.zeros((1, 1)), np.ones((1, 1, 1)))
    through = _transmission(body, [phase], texture, timing, 0.0)
    counts, empty = _expected(through, timing, np.ones((1, 1)), beam)
    edge = 2 * float(crystal.spacing(phase.parameter, np.array(plane)))
    small = 1e-4
    limits = edge + small * np.arange(-2, 3)
    inside = np.exp(-thickness * phase.density / 10 * crystal.total(phase, limits, texture=texture))
    below, above = 1.5 * inside[1] - 0.5 * inside[0], 1.5 * inside[2] - 0.5 * inside[3]
    source = np.interp(edge, (timing.wavelengths[1:] + timing.wavelengths[:-1]) / 2, timing.source)
    constant = beam.background * beam.flux / _FINER
    seen = [source * (part + beam.scatter * (1 - part)) + constant for part in (above, below)]
    return Expected(
        counts[:, 0, 0].astype(float),
        empty[:, 0, 0].astype(float),
        timing,
        edge,
        float(np.log(seen[0] / seen[1])),
    )


def _require(
    shape: tuple[int, int],
    bins: int,
    materials: Sequence[str],
    pieces: int,
    thickness: tuple[float, float],
    wedge: float,
) -> None:
    for name in materials:
        if name not in PHASES and not name.endswith(_ncrystal.ENDING):
            raise ParameterError(
                f"there is no material {name!r}", where="materials", hint=suggest(name, [*PHASES])
            )
    if not materials or min(*shape, bins, pieces) < 1 or bins < 2:
        raise ParameterError("needs a material, a piece, a pixel and two bins or more")
    if not 0 <= thickness[0] <= thickness[1] or not 0 <= wedge <= 1:
        raise ParameterError("must be 0 or more, the least first, and a wedge from 0 to 1",
                             where="thickness")  # fmt: skip


def _phase(name: str) -> Phase | Crystal:
    return PHASES[name] if name in PHASES else _ncrystal.material(name)


def _attenuation(phase: Phase | Crystal, limits: Array, texture: Texture) -> Array:
    """Return the attenuation for each mm, averaged over bins of wavelength."""
    if isinstance(phase, Crystal):
        return phase.total(limits) * phase.density / 10
    return crystal.total(phase, limits, texture=texture) * phase.density / 10


class Body(NamedTuple):
    """What stands in the beam: material, thickness and strain of each pixel, and parts of each."""

    labels: Array
    thickness: Array
    strain: Array
    parts: Array


def _pieces(
    rng: np.random.Generator,
    shape: tuple[int, int],
    materials: int,
    pieces: int,
    thickness: tuple[float, float],
    wedge: float,
    strain: float,
) -> Body:
    """Return wedges side by side, each turned its own way; some touch, some do not."""
    down = int(np.ceil(np.sqrt(pieces)))
    across = int(np.ceil(pieces / down))
    labels = np.zeros(shape, np.int32)
    depth, longer = np.zeros(shape), np.zeros(shape)
    order = np.concatenate([rng.permutation(materials) for _ in range(-(-pieces // materials))])[
        :pieces
    ]
    margin = 0.04
    y, x = np.mgrid[: shape[0], : shape[1]]
    v = ((y + 0.5) / shape[0] - margin) / (1 - 2 * margin) * down
    u = ((x + 0.5) / shape[1] - margin) / (1 - 2 * margin) * across
    for number, material in enumerate(order):
        row, column = divmod(number, across)
        gaps = rng.choice([0.0, 0.0, 0.04], 4)
        a, b = v - row, u - column
        inside = (a >= gaps[0]) & (a < 1 - gaps[1]) & (b >= gaps[2]) & (b < 1 - gaps[3])
        turn = rng.uniform(0, 2 * np.pi)
        slope = (a - 0.5) * np.sin(turn) + (b - 0.5) * np.cos(turn)
        slope /= abs(np.sin(turn)) + abs(np.cos(turn))
        low = thickness[0] + (1 - wedge) * rng.random() * (thickness[1] - thickness[0])
        span = wedge * (thickness[1] - thickness[0])
        labels[inside] = material + 1
        depth[inside] = (low + span * (slope + 0.5))[inside]
        longer[inside] = (strain * 2 * (b - 0.5))[inside]
    parts = np.stack([labels == number for number in range(materials + 1)]).astype(float)
    return Body(labels, depth, longer, parts)


@dataclass(frozen=True)
class Timing:
    """Bins of time of flight, finer ones of wavelength, and how the one is made of the other.

    Attributes
    ----------
    limits, middles : ndarray
        Of the bins, in microseconds.
    wavelengths : ndarray
        Limits of the finer bins, in angstrom.
    source : ndarray
        Neutrons of the source in each finer bin.
    response : ndarray
        Part of the neutrons of a finer bin that are counted in each bin.
    """

    limits: Array
    middles: Array
    wavelengths: Array
    source: Array
    response: Array

    @classmethod
    def of(cls, beam: Beam, pulse: Pulse, bins: int) -> Timing:
        """Return that of a beam and a pulse, for a mean of ``flux`` counts in a bin."""
        first, last = beam.wavelengths
        if not 0 < first < last or beam.flight_path <= 0 or beam.flux <= 0:
            raise ParameterError(
                "the flux, the flight path and the first wavelength must be above 0, and the last "
                "wavelength beyond the first",
                where="beam",
            )
        scale = beam.flight_path / PLANCK_OVER_NEUTRON_MASS * 1e6
        limits = np.linspace(first * scale, last * scale, bins + 1)
        step = (limits[1] - limits[0]) / _FINER
        before = int(np.ceil((6 * pulse.sigma + 14 * pulse.decay) / step))
        before = min(before, int(limits[0] / step) - 1)
        after = int(np.ceil(6 * pulse.sigma / step))
        fine = limits[0] + step * np.arange(-before, bins * _FINER + after + 1)
        middle = (fine[:-1] + fine[1:]) / 2
        wave = middle / scale
        hottest = 30.81 / np.sqrt(beam.temperature)  # h / sqrt(2 m k T), in angstrom
        source = wave**-5 * np.exp(-((hottest / wave) ** 2))
        arrived = pulse.arrived(limits[:, None] - middle)
        response = np.diff(arrived, axis=0)
        source *= beam.flux / (response @ source).mean()
        return cls(
            limits + beam.offset,
            (limits[1:] + limits[:-1]) / 2 + beam.offset,
            fine / scale,
            source,
            response.astype(np.float32),
        )


def _transmission(
    body: Body, phases: Sequence[Phase | Crystal], texture: Texture, timing: Timing, blur: float
) -> Array:
    """Return the part of each finer bin that passes each pixel, as sharp as the beam shows it."""
    tables = [_attenuation(phase, timing.wavelengths, texture) for phase in phases]
    middle = (timing.wavelengths[1:] + timing.wavelengths[:-1]) / 2
    through = np.ones((*body.labels.shape, middle.size), np.float32)
    for number, table in enumerate(tables, start=1):
        for y, x in zip(*np.nonzero(body.labels == number), strict=True):
            longer = 1 + body.strain[y, x]
            own = table if longer == 1 else np.interp(middle / longer, middle, table)
            through[y, x] = np.exp(-body.thickness[y, x] * own)
    if blur > 0:
        from scipy import ndimage

        for axis in (0, 1):
            ndimage.gaussian_filter1d(through, blur, axis=axis, output=through)
    return through


def _profile(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return how bright the beam is in each pixel: a dome, mean 1, and uneven pixels."""
    y, x = (np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in shape)
    dome = np.exp(-0.15 * (y[:, None] ** 2 + x[None, :] ** 2)) * rng.normal(1, 0.01, shape)
    return np.asarray(dome / dome.mean())


def _expected(through: Array, timing: Timing, profile: Array, beam: Beam) -> tuple[Array, Array]:
    """Return the counts that are expected with and without the sample, dims ``tof y x``."""
    rows, columns, _ = through.shape
    source = timing.source.astype(np.float32)
    empty = timing.response @ source
    counts = np.empty((empty.size, rows, columns), np.float32)
    for row in range(0, rows, _ROWS):
        part = through[row : row + _ROWS] * source
        seen = timing.response @ part.reshape(-1, source.size).T
        counts[:, row : row + _ROWS] = seen.reshape(empty.size, -1, columns)
    lost = empty[:, None, None] - counts
    where = blurred(lost.mean(axis=0).astype(float), max(rows, columns) / 6)
    spread = lost.mean(axis=(1, 2))[:, None, None] * (where / max(where.mean(), 1e-12))
    constant = beam.background * beam.flux
    with_sample = counts * profile + beam.scatter * spread + constant
    without = (empty[:, None, None] * profile + constant) * beam.open_dose
    return with_sample, without
