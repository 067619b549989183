"""Bragg edges fitted in every pixel."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Neighbourhood, like, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops.spectra._axis import (
    bounds_of,
    positions_in,
    require_same_bins,
    whole_spectra,
)
from graticule.ops.spectra._crystal import Lattice
from graticule.ops.spectra._edges import (
    DOC,
    REASONS,
    BeamFall,
    Decay,
    Dose,
    FreeDecay,
    LatticeKind,
    LatticeParameter,
    PhaseName,
    Resolution,
    Search,
    Width,
    Window,
    edge_of,
    expected,
    fitted,
    window_around,
)
from graticule.ops.spectra._errors import holds_counts, require_error, spread_over
from graticule.ops.spectra.expected_edges import wavelength_dim

_ANGSTROM = "angstrom"


class EdgeMaps(NamedTuple):
    """An edge in every pixel: maps of what is fitted, their standard errors, and what failed."""

    position: Image
    position_error: Image
    width: Image
    width_error: Image
    height: Image
    height_error: Image
    spacing: Image
    strain: Image
    strain_error: Image
    spread: Image
    reason: Labels


@op(version=1, scope=Neighbourhood(whole_spectra, memory=6), dtype="float32", doc=DOC)
def bragg_edge_maps(
    image: Image,
    error: Image | None = None,
    open_beam: Image | None = None,
    *,
    phase: PhaseName = None,
    plane: Annotated[str, Field(title="Plane")] = "",
    lattice: LatticeKind = None,
    lattice_parameter: LatticeParameter = None,
    position: Annotated[float | None, Field(title="Expected position in angstrom", gt=0)] = None,
    window: Window = 0.05,
    search: Search = 0.01,
    width: Width = None,
    decay: Decay = 0.0,
    free_decay: FreeDecay = False,
    dose: Dose = 1.0,
    beam_fall: BeamFall = 0.0,
) -> EdgeMaps:
    r"""Fit a Bragg edge in every pixel: its position, width and height, and the lattice strain.

    %(model)s

    With counts and those of the ``open_beam`` the likelihood is that of two Poisson counts for
    each bin, which needs no estimate of the beam and holds for few counts too; of a
    transmission with its ``error`` it is that of a Gaussian; counts alone are fitted as such, the
    beam being part of the attenuation. Maximum by Levenberg and Marquardt.

    Strain is :math:`\lambda_0 / \lambda_e - 1` against the expected position :math:`\lambda_e =
    2 d`, spacing :math:`d = \lambda_0 / 2`. Errors are standard errors from the curvature; where
    counts are few, intervals of `bragg_edges` are the better answer.

    Parameters
    ----------
    image : Image
        With the dim ``wavelength`` and any others: transmission, or counts.
    error : Image, optional
        One standard deviation of the transmission. Without it the values are counts.
    open_beam : Image, optional
        Counts without the sample. Beside an ``error`` they tell no more than how the beam falls.
    %(phase)s
    plane : str
        Whose edge it is, as ``110``; by default that of the longest wavelength within the spectrum.
    %(lattice)s
    position : float, optional
        Where the edge is expected, in angstrom, in place of phase and plane.
    %(fit)s

    Returns
    -------
    position, width, height : Image
        float32 without the spectral dim, in angstrom and without unit; NaN where there is no good
        fit. The width is NaN also where it is too narrow for the bins.
    position_error, width_error, height_error : Image
        One standard error of each.
    spacing : Image
        Distance of the planes, in angstrom.
    strain, strain_error : Image
        Without unit.
    spread : Image
        Deviance for each degree of freedom; far above 1 the model does not fit, as where a second
        edge lies in the window.
    reason : Labels
        0 where all is well, 1 too few bins, 2 no edge, 3 edge at the rim of the window, 4 not
        converged, 5 narrower than the bins, 6 too wide for the window, 7 away from where it is
        expected.

    Raises
    ------
    %(spectral_error)s
        Or it is not ``wavelength``, or the edge lies outside, or there is neither an error nor a
        count.
    %(axis_error)s
    ParameterError
        If it is not said which edge is looked for, or the phase has no such plane.

    References
    ----------
    %(references)s

    %(examples)s
    >>> from graticule.simulate.neutron_tof import neutron_tof
    >>> made = neutron_tof((4, 4), 661, materials=("ferrite",), pieces=1, seed=1)
    >>> counts, empty = (
    ...     gt.spectra.to_wavelength(cube, flight_path="50 m")
    ...     for cube in (made.image, made.open_beam)
    ... )
    >>> found = gt.spectra.bragg_edge_maps(
    ...     counts, open_beam=empty, phase="ferrite", plane="110", decay=0.0127
    ... )
    >>> bool(abs(found.position[2, 2] - 4.0538) < 4 * found.position_error[2, 2])
    True
    """
    from graticule.ops.spectra import _edge_kernels as kernels

    dim = wavelength_dim(image)
    _, scale = positions_in(image, dim, _ANGSTROM)
    sides = tuple(each * scale for each in bounds_of(image, dim))
    shortest, longest = min(map(np.min, sides)), max(map(np.max, sides))
    where, others = _wanted(phase, plane, lattice, lattice_parameter, position, shortest, longest)
    bins = window_around(where, others, window, *sides)
    values = _rows(image, dim, bins, image.dims)
    kind, extra, beam = kernels.POISSON, np.zeros_like(values), None
    if open_beam is not None:
        wavelength_dim(open_beam)
        require_same_bins(image, open_beam, dim)
        window_of = image.isel({dim: bins})
        spread = spread_over(open_beam.isel({dim: bins}), window_of, "open_beam")
        whole = window_of.copy(data=np.broadcast_to(spread, window_of.shape))
        kind, extra = kernels.BINOMIAL, _rows(whole, dim, np.arange(bins.size), image.dims)
        beam = extra
    if error is not None or not holds_counts(image):
        require_error(image, error)
        assert error is not None
        require_same_bins(image, error, dim, "error")
        kind, extra = kernels.GAUSSIAN, _rows(error, dim, bins, image.dims)
    fits = fitted(
        values, extra, kind, (sides[0][bins], sides[1][bins]),
        (where * (1 - search), where * (1 + search)),
        Resolution(width, decay, free_decay, dose, beam_fall), beam=beam,
    )  # fmt: skip
    template = image.isel({dim: 0}, drop=True)

    def shown(column: Array, units: str = "") -> Image:
        attrs = {"units": units} if units else {}
        return like(template, column.reshape(template.shape).astype(np.float32), **attrs)

    place, spread = fits.found[:, 0], fits.errors[:, 0]
    words = {"meaning": "; ".join(f"{n} {word or 'fitted'}" for n, word in enumerate(REASONS))}
    reason = like(template, fits.reason.reshape(template.shape).astype(np.uint8), **words)
    return EdgeMaps(
        shown(place, _ANGSTROM),
        shown(spread, _ANGSTROM),
        shown(fits.found[:, 1], _ANGSTROM),
        shown(fits.errors[:, 1], _ANGSTROM),
        shown(fits.found[:, 2]),
        shown(fits.errors[:, 2]),
        shown(place / 2, _ANGSTROM),
        shown(place / where - 1),
        shown(spread / where),
        shown(fits.spread),
        reason,
    )


def _rows(image: Image, dim: str, bins: Array, dims: Sequence[Hashable]) -> Array:
    """Return the values of some bins, a row for each place in the order of ``dims``."""
    places = [each for each in dims if each != dim]
    turned = image.isel({dim: bins}).transpose(*places, dim).values
    return np.ascontiguousarray(turned.reshape(-1, bins.size), np.float64)


def _wanted(
    phase: str | None,
    plane: str,
    lattice: Lattice | None,
    lattice_parameter: float | None,
    position: float | None,
    shortest: float,
    longest: float,
) -> tuple[float, list[float]]:
    """Return where the edge is expected, and where the others of its phase are.

    Raises
    ------
    ParameterError
        If it is not said which edge is looked for.
    ImageError
        If the spectrum does not hold it.
    """
    if position is not None and (phase or lattice or lattice_parameter or plane):
        raise ParameterError(
            "is given beside a phase, a lattice or a plane, which say it too",
            where="position",
            hint="give one of them",
        )
    if position is not None:
        where, others = position, []
    else:
        edges = expected(phase, lattice, lattice_parameter, max(shortest / 2, 0.05))
        inside = [edge for edge in edges if shortest <= edge.wavelength <= longest]
        if not plane and not inside:
            raise ImageError(
                f"has the wavelengths {shortest:.4g} to {longest:.4g} angstrom, and there is no "
                "edge of the phase in them",
                hint="spectra.expected_edges tells where they are",
            )
        where = (edge_of(edges, plane) if plane else inside[0]).wavelength
        others = [edge.wavelength for edge in edges]
    if not shortest <= where <= longest:
        raise ImageError(
            f"has the wavelengths {shortest:.4g} to {longest:.4g} angstrom, and the edge is "
            f"expected at {where:.4g}",
            hint="spectra.expected_edges tells which edges there are",
        )
    return where, others
