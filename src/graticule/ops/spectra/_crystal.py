"""Crystals as neutrons see them: lattices, reflections, and cross-sections of their powders.

Wavelengths and lengths are in angstrom, cross-sections in barn for each atom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from graticule.core.typing import Array

Lattice = Literal["bcc", "fcc", "sc", "diamond"]
ROOM = 293.15
"""Temperature of tabulated phases, in kelvin."""

_ATOMS = {"sc": 1, "bcc": 2, "fcc": 4, "diamond": 8}
_THERMAL = 1.798
"""Wavelength that absorption cross-sections are tabulated for (2200 m/s)."""


@dataclass(frozen=True)
class Phase:
    """A cubic crystal.

    Attributes
    ----------
    lattice : {"bcc", "fcc", "sc", "diamond"}
        What it is centred like.
    parameter : float
        Edge of the unit cell, in angstrom.
    coherent_length : float
        Mean coherent scattering length, in fm.
    incoherent, absorption : float
        Cross-sections for each atom, in barn; absorption at 1.798 angstrom.
    mass : float
        Of an atom, in u.
    debye : float
        Debye temperature, in kelvin.
    """

    lattice: Lattice
    parameter: float
    coherent_length: float
    incoherent: float
    absorption: float
    mass: float
    debye: float

    @property
    def density(self) -> float:
        """Atoms for each barn of a layer of 1 cm."""
        return _ATOMS[self.lattice] / self.parameter**3

    def strained(self, strain: float) -> Phase:
        """Return the phase with its lattice longer by a part."""
        return replace(self, parameter=self.parameter * (1 + strain))


PHASES: Mapping[str, Phase] = {
    "ferrite": Phase("bcc", 2.8665, 9.45, 0.40, 2.56, 55.845, 464.0),
    # of the mean composition Fe70 Cr18 Ni12; that sites differ adds to the incoherent part
    "austenite": Phase("fcc", 3.5950, 8.505, 1.89, 2.88, 55.49, 430.0),
    "aluminium": Phase("fcc", 4.0496, 3.449, 0.0082, 0.231, 26.982, 394.0),
    "nickel": Phase("fcc", 3.5238, 10.3, 5.2, 4.49, 58.693, 390.0),
    "copper": Phase("fcc", 3.6149, 7.718, 0.55, 3.78, 63.546, 315.0),
    "chromium": Phase("bcc", 2.8848, 3.635, 1.83, 3.05, 51.996, 460.0),
    "tungsten": Phase("bcc", 3.1652, 4.86, 1.63, 18.3, 183.84, 310.0),
    "silicon": Phase("diamond", 5.4310, 4.1491, 0.004, 0.171, 28.086, 640.0),
}
"""Scattering lengths and cross-sections: Sears, Neutron News 3(3), 26-37, 1992."""


class Reflections(NamedTuple):
    """Families of planes that reflect, from the largest spacing down.

    Attributes
    ----------
    indices : ndarray
        h, k, l of each, h the largest.
    multiplicity : ndarray
        How many planes each family has.
    structure : ndarray
        Squared structure factor of the cell, in units of the squared scattering length.
    """

    indices: Array
    multiplicity: Array
    structure: Array


@lru_cache(maxsize=64)
def reflections(lattice: Lattice, largest: int) -> Reflections:
    """Return the families of a lattice with h^2 + k^2 + l^2 up to a number.

    Examples
    --------
    >>> found = reflections("bcc", 6)
    >>> ["".join(map(str, each)) for each in found.indices.tolist()], found.multiplicity.tolist()
    (['110', '200', '211'], [12, 6, 24])
    """
    found = [np.empty((0, 3), int)]
    for h in range(1, int(largest**0.5) + 1):
        k, m = np.tril_indices(min(h, int((largest - h * h) ** 0.5)) + 1)
        planes = np.column_stack([np.full(k.size, h), k, m])
        found.append(
            planes[((planes**2).sum(axis=1) <= largest) & (_structure(lattice, planes) > 0)]
        )
    indices = np.concatenate(found)
    indices = indices[np.lexsort((-indices[:, 0], (indices**2).sum(axis=1)))]
    return Reflections(indices, _multiplicity(indices), _structure(lattice, indices))


def _structure(lattice: Lattice, planes: Array) -> Array:
    """Return squared structure factors for scattering lengths of 1; 0 if extinct."""
    total, odd = planes.sum(axis=1), (planes % 2).sum(axis=1)
    if lattice == "sc":
        return np.ones(len(planes))
    if lattice == "bcc":
        return np.where(total % 2 == 0, 4.0, 0.0)
    unmixed = (odd == 0) | (odd == 3)
    if lattice == "fcc":
        return np.where(unmixed, 16.0, 0.0)
    return np.where(odd == 3, 32.0, np.where(unmixed & (total % 4 == 0), 64.0, 0.0))


def _multiplicity(planes: Array) -> Array:
    """Return how many planes a family has: orders of its indices, of which each has two signs."""
    h, k, m = planes.T
    orders = np.where((h == k) & (k == m), 1, np.where((h == k) | (k == m), 3, 6))
    return np.asarray(orders * 2 ** (planes != 0).sum(axis=1))


@lru_cache(maxsize=1024)
def _variants(plane: tuple[int, int, int]) -> tuple[tuple[int, int, int], ...]:
    """Return all planes of a family."""
    h, k, m = plane
    orders = {(h, k, m), (h, m, k), (k, h, m), (k, m, h), (m, h, k), (m, k, h)}
    signs = [(a, b, c) for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    return tuple(sorted({(a * p, b * q, c * r) for p, q, r in orders for a, b, c in signs}))


def spacing(parameter: float, indices: Array) -> Array:
    """Return the distance of planes of a cubic lattice."""
    return np.asarray(parameter / np.sqrt((np.asarray(indices) ** 2).sum(axis=-1)))


def displacement(phase: Phase, temperature: float = ROOM) -> float:
    r"""Return the isotropic Debye-Waller factor B, in square angstrom.

    :math:`B = \frac{6 h^2}{M k \Theta}\left(\frac14 + \frac{\phi(x)}{x}\right)`,
    :math:`x = \Theta / T`.
    """
    from scipy import constants, integrate

    x = phase.debye / temperature
    phi = integrate.quad(lambda t: t / np.expm1(t) if t else 1.0, 0, x)[0] / x
    mass = phase.mass * constants.atomic_mass
    unit = 6 * constants.h**2 / (mass * constants.k * phase.debye) * 1e20
    return float(unit * (0.25 + phi / x))


@dataclass(frozen=True)
class Texture:
    """Grains that are not turned in all ways alike, after March and Dollase.

    Attributes
    ----------
    ratio : float
        1 for none; below 1 more grains have the plane across the beam.
    plane : tuple of int
        Whose normal is preferred along the beam.
    """

    ratio: float = 1.0
    plane: tuple[int, int, int] = (1, 1, 1)


def _preferred(texture: Texture, plane: Sequence[int], sine: Array) -> Array:
    r"""Return how many times more planes reflect at an angle than without texture.

    The mean of :math:`(r^2 \cos^2 A + \sin^2 A / r)^{-3/2}` over the ring of normals that reflect,
    where A is the angle of the preferred normal with the beam [1]_.
    """
    normal = np.asarray(texture.plane, float)
    normal /= np.linalg.norm(normal)
    turn = (np.arange(72) + 0.5) * 2 * np.pi / 72
    variants = np.array(_variants((plane[0], plane[1], plane[2])))
    cosines = variants @ normal / np.linalg.norm(plane)
    total = np.zeros(sine.shape)
    levels, counts = np.unique(np.round(cosines, 9), return_counts=True)
    across = np.sqrt(np.clip(1 - sine**2, 0, 1))
    for level, count in zip(levels, counts, strict=True):
        side = np.sqrt(max(0.0, 1 - level**2))
        angle = level * sine[:, None] + side * across[:, None] * np.sin(turn)
        square = np.clip(angle, -1, 1) ** 2
        odds = (texture.ratio**2 * square + (1 - square) / texture.ratio) ** -1.5
        total += count * odds.mean(axis=1)
    return total / len(cosines)


def coherent_elastic(
    phase: Phase,
    edges: Array,
    *,
    texture: Texture | None = None,
    temperature: float = ROOM,
) -> Array:
    r"""Return the Bragg-edge cross-section, averaged over bins of wavelength.

    .. math:: \sigma(\lambda) = \frac{\lambda^2}{2 V_0 n} \sum_{2d > \lambda} |F|^2\, m\, d\,
       e^{-B / 2 d^2}\, P

    Parameters
    ----------
    phase : Phase
        The crystal; :math:`n` atoms in a cell.
    edges : ndarray
        Limits of the bins, rising; bins may not be wider than the distance of two edges.
    texture : Texture, optional
        None for grains turned in all ways alike, :math:`P = 1`.
    temperature : float
        In kelvin.

    References
    ----------
    .. [1] Vogel, S., "A Rietveld-approach for the analysis of neutron time-of-flight transmission
       data", thesis, Kiel, 2000.
    """
    low, high = edges[:-1], edges[1:]
    middle = (low + high) / 2
    known = reflections(phase.lattice, int((2 * phase.parameter / edges[0]) ** 2) + 1)
    distance = spacing(phase.parameter, known.indices)
    damping = np.exp(-displacement(phase, temperature) / (2 * distance**2))
    weight = known.structure * known.multiplicity * distance * damping
    total = np.zeros(middle.shape)
    for plane, d, strength in zip(known.indices.tolist(), distance, weight, strict=True):
        # of the bin that an edge lies in, a part is below it
        share = np.clip((2 * d - low) / (high - low), 0, 1)
        used = int((share > 0).sum())
        if texture is not None and texture.ratio != 1:
            sine = np.minimum(middle[:used] / (2 * d), 1)
            share[:used] *= _preferred(texture, plane, sine)
        total[:used] += strength * share[:used]
    cell = phase.parameter**3 * _ATOMS[phase.lattice]
    return np.asarray(middle**2 / (2 * cell) * (phase.coherent_length**2 / 100) * total)


_BERNOULLI = (1, -1 / 2, 1 / 6, 0, -1 / 30, 0, 1 / 42, 0, -1 / 30, 0, 5 / 66, 0, -691 / 2730)


def smooth_part(phase: Phase, wavelength: Array, *, temperature: float = ROOM) -> Array:
    r"""Return what has no edges: incoherent and inelastic scattering, and absorption.

    Absorption grows as the wavelength; elastic incoherent scattering is
    :math:`\sigma_i (1 - e^{-y}) / y`, :math:`y = 2 B / \lambda^2`; inelastic scattering is that
    of one and of many phonons in the incoherent approximation of Freund [1]_.

    References
    ----------
    .. [1] Freund, A. K., "Cross-sections of materials used as neutron monochromators and filters",
       Nucl. Instrum. Methods 213, 495-501, 1983. :doi:`10.1016/0167-5087(83)90447-7`
    """
    from math import factorial

    from scipy import constants

    b_factor = displacement(phase, temperature)
    y = 2 * b_factor / wavelength**2
    elastic = phase.incoherent * -np.expm1(-y) / y
    energy = constants.h**2 / (2 * constants.m_n * (wavelength * 1e-10) ** 2)
    free = (phase.mass / (phase.mass + 1)) ** 2 * (
        4 * np.pi * phase.coherent_length**2 / 100 + phase.incoherent
    )
    x = phase.debye / temperature
    series = sum(b * x ** (n - 1) / (factorial(n) * (n + 2.5)) for n, b in enumerate(_BERNOULLI))
    single = 3 * free / phase.mass * np.sqrt(constants.k * phase.debye / energy) * series
    in_ev = energy / constants.e
    many = free * -np.expm1(-b_factor * 4.27 * np.exp(phase.mass / 61) * in_ev)
    return np.asarray(elastic + single + many + phase.absorption * wavelength / _THERMAL)


def total(
    phase: Phase, edges: Array, *, texture: Texture | None = None, temperature: float = ROOM
) -> Array:
    """Return the total cross-section of a powder, averaged over bins of wavelength."""
    middle = (edges[:-1] + edges[1:]) / 2
    bragg = coherent_elastic(phase, edges, texture=texture, temperature=temperature)
    return bragg + smooth_part(phase, middle, temperature=temperature)
