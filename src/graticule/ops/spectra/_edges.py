"""Bragg edges: where they are expected, in which window they are fitted, and what a fit gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import map_ranges
from graticule.core.errors import ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops.spectra._axis import DOC as _AXIS_DOC
from graticule.ops.spectra._crystal import PHASES, Lattice, reflections, spacing
from graticule.ops.spectra._ncrystal import Crystal

PhaseName = Annotated[
    Literal[
        "ferrite", "austenite", "aluminium", "nickel", "copper", "chromium", "tungsten", "silicon"
    ]
    | None,
    Field(title="Phase"),
]
LatticeKind = Annotated[Lattice | None, Field(title="Lattice")]
LatticeParameter = Annotated[float | None, Field(title="Lattice parameter in angstrom", gt=0)]
Window = Annotated[float, Field(title="Half width of the window", gt=0, lt=0.5)]
Search = Annotated[float, Field(title="How far from where it is expected", gt=0, lt=0.5)]
Width = Annotated[float | None, Field(title="Width to begin with, in angstrom", gt=0)]
Decay = Annotated[float, Field(title="Decay of the pulse, in angstrom", ge=0)]
FreeDecay = Annotated[bool, Field(title="Fit the decay")]
Dose = Annotated[float, Field(title="Exposure of the open beam", gt=0)]
BeamFall = Annotated[float, Field(title="Fall of the beam for each angstrom")]

DOC = _AXIS_DOC | {
    "phase": """\
phase : {"ferrite", "austenite", "aluminium", "nickel", "copper", "chromium", "tungsten", \
"silicon"}, optional
    What is looked for; without it ``lattice`` and ``lattice_parameter`` say it.""",
    "lattice": """\
lattice : {"bcc", "fcc", "sc", "diamond"}, optional
    How its cubic cell is centred; that of the phase by default.
lattice_parameter : float, optional
    Edge of the cell without strain, in angstrom; that of the phase at room temperature by
    default.""",
    "fit": """\
window : float
    Half width of what is fitted, as a part of the wavelength. It ends earlier where the next
    edge of the phase is near.
search : float
    How far from where it is expected an edge may be, as a part of the wavelength.
width : float, optional
    Standard deviation of the resolution to begin with, in angstrom; by default two bins.
decay : float
    Time constant of the decay of the pulse, in angstrom: the time multiplied by 3956 and divided
    by the flight path (in s and m). 0 for an edge that is an error function.
free_decay : bool
    Whether the decay is fitted too; few spectra tell it and the position apart, so it is better
    found once, on a strong edge of a strain-free powder, and then kept.
dose : float
    How many times longer the open beam was exposed.
beam_fall : float
    By what part the beam falls for each angstrom, where no open beam tells it. A beam that
    falls makes edges look later, by this times :math:`\\sigma^2 + \\tau^2`.""",
    "model": r"""
.. math:: T(\lambda) = e^{-a - b\,x} \left[ e^{-h - c\,x} + \left(1 - e^{-h - c\,x}\right)
    B(\lambda - \lambda_0) \right], \quad
    B(u) = \frac12 \left[ \mathrm{erfc}\left(\frac{-u}{\sqrt2\,\sigma}\right) -
    e^{-u / \tau + \sigma^2 / 2 \tau^2}\, \mathrm{erfc}\left(\frac{-u}{\sqrt2\,\sigma} +
    \frac{\sigma}{\sqrt2\,\tau}\right) \right]

with :math:`x = \lambda - \lambda_0 - \tau`: attenuation that is linear on either side, a step
at the position :math:`\lambda_0` of the height :math:`h`, and a resolution that is a
Gaussian of the width :math:`\sigma` together with the decay :math:`\tau` of the
pulse [1]_ [2]_ (an error function where it is 0). The Gaussian is widened by a bin's
width.""".strip(),
    "references": """\
.. [1] Santisteban, J. R. et al., "Time-of-flight neutron transmission diffraction", J. Appl.
   Cryst. 34, 289-297, 2001. :doi:`10.1107/S0021889801003260`
.. [2] Ramadhan, R. S. et al., "Characterization and application of Bragg-edge transmission
   imaging for strain measurement and crystallographic analysis on the IMAT beamline", J. Appl.
   Cryst. 52, 351-368, 2019. :doi:`10.1107/S1600576719001730`""",
}
"""Paragraphs of the ops of Bragg edges."""

REASONS = (
    "",
    "too few bins",
    "no edge",
    "edge at the rim of the window",
    "not converged",
    "narrower than the bins",
    "too wide for the window",
    "away from where it is expected",
)
"""What became of a fit, by its number; no word where it is good."""
LEAST_GAIN = 18.5
"""Twice the log likelihood that an edge must gain: one in a thousand, for four parameters."""
_MOST = 200_000
"""Squared indices up to which edges are listed."""
_PRECISION = 1e-7
_NEIGHBOUR = 0.75


class Edge(NamedTuple):
    """An edge that is expected: its plane, how many there are, spacing, and wavelength."""

    plane: str
    multiplicity: int
    strength: float
    spacing: float
    wavelength: float


@lru_cache(maxsize=64)
def expected(
    phase: str | None,
    lattice: Lattice | None,
    parameter: float | None,
    shortest: float,
) -> tuple[Edge, ...]:
    """Return the edges of a lattice beyond a wavelength, from the longest down.

    Raises
    ------
    ParameterError
        If neither a phase nor a lattice with its parameter is given, or there are too many edges
        beyond the wavelength to be told apart.
    """
    known = PHASES[phase] if phase else None
    kind = lattice or (known.lattice if known else None)
    size = parameter or (known.parameter if known else None)
    if kind is None or size is None:
        raise ParameterError(
            "neither a phase nor a lattice with its parameter is given",
            where="phase",
            hint="as phase: ferrite, or lattice: bcc, lattice_parameter: 2.8665",
        )
    largest = (2 * size / max(shortest, 1e-9)) ** 2
    if largest > _MOST:
        raise ParameterError(
            f"a lattice of {size:g} angstrom has too many edges beyond {shortest:.3g} angstrom",
            where="lattice_parameter",
            hint="it is in angstrom; or crop the spectrum to the edges that are wanted",
        )
    found = reflections(kind, int(largest))
    distances = spacing(size, found.indices)
    strengths = found.structure * found.multiplicity * distances**3
    edges = [
        Edge(name_of(plane), many, strength, distance, 2 * distance)
        for plane, many, strength, distance in zip(
            found.indices.tolist(), found.multiplicity.tolist(), strengths.tolist(),
            distances.tolist(), strict=True,
        )
    ]  # fmt: skip
    return tuple(edge for edge in _joined(edges) if edge.wavelength >= shortest)


def _joined(edges: Sequence[Edge]) -> list[Edge]:
    """Return edges, by falling spacing, with those of one spacing as one, as of 300 and 221."""
    joined: list[Edge] = []
    for edge in edges:
        if joined and abs(joined[-1].spacing - edge.spacing) < 1e-9 * edge.spacing:
            before = joined.pop()
            name, many = f"{before.plane}, {edge.plane}", before.multiplicity + edge.multiplicity
            strength = before.strength + edge.strength
            joined.append(Edge(name, many, strength, edge.spacing, edge.wavelength))
        else:
            joined.append(edge)
    return joined


def edges_of(crystal: Crystal, shortest: float) -> tuple[Edge, ...]:
    """Return the edges of a crystal of NCrystal beyond a wavelength, from the longest down."""
    found = crystal.planes(shortest)
    return tuple(
        _joined([Edge(name, many, f * many * d**3, d, 2 * d) for name, many, f, d in found])
    )


def name_of(plane: Sequence[int]) -> str:
    """Return the indices of a plane as they are written, as ``110``."""
    joint = "" if max(plane) < 10 else " "
    return joint.join(map(str, plane))


def edge_of(edges: Sequence[Edge], plane: str) -> Edge:
    """Return the edge of a plane.

    Raises
    ------
    ParameterError
        If the lattice has none.
    """
    for edge in edges:
        if plane in edge.plane.split(", "):
            return edge
    names = [name for edge in edges for name in edge.plane.split(", ")]
    raise ParameterError(
        f"there is no edge {plane!r} of this lattice",
        where="plane",
        hint=suggest(plane, names) or f"the longest are {', '.join(names[:5])}",
    )


@dataclass(frozen=True)
class Resolution:
    """What is known of the resolution and of the beam.

    Attributes
    ----------
    width, decay : float
        Of the resolution, in angstrom; the width to begin with, if it is known.
    free_decay : bool
        Whether the decay is fitted.
    dose : float
        Exposure of the open beam as a multiple of that of the sample.
    fall : float
        Part by which the beam falls for each angstrom, where there are no counts that tell it.
    """

    width: float | None
    decay: float
    free_decay: bool
    dose: float
    fall: float

    def falls(self, beam: Array | None, middle: Array, rows: int) -> Array:
        """Return by what part the beam falls for each angstrom, for each spectrum."""
        if beam is None:
            return np.full(rows, self.fall)
        away = middle - middle.mean()
        counts = np.where(np.isfinite(beam), beam, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            # a product of matrices would round a row otherwise when there are other rows
            falls = -(counts * away).sum(axis=1) / (counts.sum(axis=1) * (away**2).mean())
        return np.where(np.isfinite(falls), falls, self.fall)


def window_around(
    edge: float, others: Sequence[float], window: float, left: Array, right: Array
) -> Array:
    """Return which bins are fitted for an edge, given where all edges of the phase are."""
    low, high = edge * (1 - window), edge * (1 + window)
    for other in others:
        limit = edge + _NEIGHBOUR * (other - edge)
        if other < edge * (1 - 1e-9):
            low = max(low, limit)
        elif other > edge * (1 + 1e-9):
            high = min(high, limit)
    middle = (left + right) / 2
    return np.flatnonzero((middle >= low) & (middle <= high))


class Fits(NamedTuple):
    """What fits of many spectra give: a row for each.

    Attributes
    ----------
    found, errors : ndarray
        Position, width and height, and their standard errors; NaN where the fit is no good.
    bounds : ndarray
        Both ends of the interval of each; NaN where none is wanted.
    spread : ndarray
        Deviance for each degree of freedom: about 1 where the model and the errors are right.
    bins : ndarray
        How many were fitted.
    reason : ndarray
        Index into `REASONS`.
    """

    found: Array
    errors: Array
    bounds: Array
    spread: Array
    bins: Array
    reason: Array


def fitted(
    values: Array,
    extra: Array,
    kind: int,
    bounds: tuple[Array, Array],
    near: tuple[float, float],
    resolution: Resolution,
    *,
    beam: Array | None = None,
    quantile: float = 0.0,
) -> Fits:
    """Fit an edge to each row of values.

    Parameters
    ----------
    values, extra : ndarray
        Transmissions and their errors, or counts and those of the open beam; a row for each
        spectrum.
    kind : int
        ``GAUSSIAN``, ``POISSON`` or ``BINOMIAL`` of the kernels.
    bounds : pair of ndarray
        Where the bins begin and end, in angstrom.
    near : pair of float
        Between which the position must be.
    resolution : Resolution
        Of the instrument.
    beam : ndarray, optional
        Counts of the open beam, which tell how it falls.
    quantile : float
        Of the intervals, in standard deviations; 0 for none.
    """
    from graticule.ops.spectra import _edge_kernels as kernels

    rows, size = values.shape
    p = np.full((rows, kernels.PARAMETERS), np.nan)
    errors, about = p.copy(), np.zeros((rows, 4))
    ends = np.full((rows, 3, 2), np.nan)
    if size < 2:
        about[:, 3] = kernels.TOO_FEW
        return _fits(p, errors, ends, about)
    left, right = (np.minimum(*bounds), np.maximum(*bounds))
    if (np.diff(left) < 0).any():
        order = np.argsort(left)
        left, right, values, extra = left[order], right[order], values[:, order], extra[:, order]
        beam = None if beam is None else beam[:, order]
    middle, width = (left + right) / 2, right - left
    alike = np.allclose(width, width[0], rtol=1e-6, atol=0)
    alike = alike and np.allclose(np.diff(middle), width[0], rtol=1e-4, atol=0)
    begin = resolution.width or 2 * float(width.mean())
    falls = resolution.falls(beam, middle, rows)
    work = partial(
        kernels.fit_edges, kind, middle, width[:1] if alike else width,
        np.ascontiguousarray(values, np.float64), np.ascontiguousarray(extra, np.float64),
        resolution.dose, falls, begin,
        resolution.decay or (begin if resolution.free_decay else 0.0), resolution.free_decay,
        near[0], near[1], LEAST_GAIN, _PRECISION, quantile, p, errors, ends, about,
    )  # fmt: skip
    map_ranges(work, rows, least=16)
    return _fits(p, errors, ends, about)


def _fits(p: Array, errors: Array, ends: Array, about: Array) -> Fits:
    """Return what the kernels found, the width not as a logarithm, and NaN for what is no good."""
    from graticule.ops.spectra import _edge_kernels as kernels

    reason = about[:, 3].astype(np.int64)
    narrow = reason == kernels.TOO_NARROW
    good = (reason == kernels.FITTED) | narrow
    found, spread = p[:, :3].copy(), errors[:, :3].copy()
    with np.errstate(invalid="ignore", over="ignore"):
        found[:, kernels.WIDTH] = np.exp(p[:, kernels.WIDTH])
        spread[:, kernels.WIDTH] *= found[:, kernels.WIDTH]
        ends[:, kernels.WIDTH] = np.exp(ends[:, kernels.WIDTH])
        free = np.maximum(about[:, 1] - np.isfinite(errors).sum(axis=1), 1)
        each = np.where(good, about[:, 0] / free, np.nan)
    found[~good], spread[~good], ends[~good] = np.nan, np.nan, np.nan
    found[narrow, kernels.WIDTH] = np.nan
    spread[narrow, kernels.WIDTH] = np.nan
    return Fits(found, spread, ends, each, about[:, 1].astype(np.int64), reason)
