"""Bragg edges of the spectra of regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Table, Whole, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.core.units import scale_to
from graticule.ops.spectra import _edges
from graticule.ops.spectra._axis import bounds_of
from graticule.ops.spectra._edges import Edge, Fits, Resolution
from graticule.ops.spectra._errors import is_unit_of_counts

_ANGSTROM = "angstrom"
_QUANTITIES = ("position", "width", "height")


@op(version=1, scope=Whole("a table is small", memory=4), doc=_edges.DOC)
def bragg_edges(
    spectra: Table,
    open_beam: Table | None = None,
    *,
    phase: _edges.PhaseName = None,
    planes: Annotated[tuple[str, ...], Field(title="Planes")] = (),
    lattice: _edges.LatticeKind = None,
    lattice_parameter: _edges.LatticeParameter = None,
    positions: Annotated[tuple[float, ...], Field(title="Expected positions in angstrom")] = (),
    window: _edges.Window = 0.05,
    search: _edges.Search = 0.01,
    width: _edges.Width = None,
    decay: _edges.Decay = 0.0,
    free_decay: _edges.FreeDecay = False,
    dose: _edges.Dose = 1.0,
    beam_fall: _edges.BeamFall = 0.0,
    confidence: Annotated[float, Field(title="Confidence of the intervals", gt=0, lt=1)] = 0.95,
) -> Table:
    r"""Fit the Bragg edges of regions: position, width, height, lattice spacing and strain.

    %(model)s

    Intervals are those of the profile likelihood: all values of a quantity that leave a fit, with
    the others fitted anew, less than the quantile of :math:`\chi^2_1` worse than the best one.
    They need not lie evenly about it, and hold for few counts as well, where standard errors do
    not: of spectra of counts give ``open_beam`` too, so that the likelihood is that of the two
    Poisson counts of each bin. An interval that is not closed ends at infinity, or at 0 for a width
    too narrow for the bins.

    Parameters
    ----------
    spectra : Table
        As `spectra.regions` gives it, with the column ``wavelength``: of transmissions, with
        ``error_counts``; or of counts.
    open_beam : Table, optional
        The same regions in the open beam, where ``spectra`` are of counts.
    %(phase)s
    planes : sequence of str
        Whose edges are fitted, as ``[110, 200]``; by default all within the spectrum.
    %(lattice)s
    positions : sequence of float
        Where edges are expected, in angstrom, in place of phase and planes.
    %(fit)s
    confidence : float
        Of the intervals.

    Returns
    -------
    Table
        A row for each region and edge: ``region``, ``plane``, ``expected``; ``position``,
        ``width`` and ``height``, each with ``_error`` (one standard error), ``_low`` and ``_high``
        (the interval); ``spacing`` and ``strain`` with ``_error``; ``spread``, the deviance for
        each degree of freedom; ``bins``; and ``reason``: empty, or why numbers are missing (NaN).

    Raises
    ------
    ImageError
        If a table lacks a column, regions or bins of the two differ, those beside an open beam
        are of no counts, or no edge is within the spectrum.
    ParameterError
        If it is not said which edges are looked for, or the phase has no such plane.

    See Also
    --------
    spectra.bragg_edge_maps : the same in every pixel.

    References
    ----------
    %(references)s

    %(examples)s
    >>> from graticule.simulate.neutron_tof import neutron_tof
    >>> made = neutron_tof((8, 8), 661, materials=("ferrite",), pieces=1, seed=1)
    >>> counts, empty = (
    ...     gt.spectra.regions(gt.spectra.to_wavelength(cube, flight_path="50 m"), made.labels)
    ...     for cube in (made.image, made.open_beam)
    ... )
    >>> found = gt.spectra.bragg_edges(
    ...     counts, empty, phase="ferrite", planes=["110"], decay=0.0127, confidence=0.99
    ... )
    >>> steel = found.iloc[-1]
    >>> steel.plane, bool(steel.position_low < 4.0538 < steel.position_high)
    ('110', True)
    """
    import pandas as pd

    edges = _wanted(phase, planes, lattice, lattice_parameter, positions)
    resolution = Resolution(width, decay, free_decay, dose, beam_fall)
    rows: list[dict[str, Any]] = []
    inside = 0
    for spectrum in _spectra(spectra, open_beam):
        low, high = np.min(spectrum.bounds), np.max(spectrum.bounds)
        for edge in edges.fitted:
            held = low <= edge.wavelength <= high
            if not held and not (planes or positions):
                continue
            inside += held
            fits = spectrum.fits(edge, edges.all, window, search, resolution, confidence)
            rows.append({"region": spectrum.region, **_row(edge, fits)})
    if not inside:
        raise ImageError(
            "no edge that is asked for lies within the spectra",
            where="spectra",
            hint="spectra.expected_edges tells which edges there are",
        )
    table = pd.DataFrame(rows)
    lengths = [name for name in table if str(name).startswith(("position", "width", "spacing"))]
    table.attrs["units"] = dict.fromkeys(["expected", *map(str, lengths)], _ANGSTROM)
    return table


class _Wanted(NamedTuple):
    """The edges that are fitted, and where all of the phase are."""

    fitted: Sequence[Edge]
    all: list[float]


def _wanted(
    phase: str | None,
    planes: Sequence[str],
    lattice: Any,
    lattice_parameter: float | None,
    positions: Sequence[float],
) -> _Wanted:
    if positions and (phase or lattice or lattice_parameter or planes):
        raise ParameterError(
            "are given beside a phase, a lattice or planes, which say it too",
            where="positions",
            hint="give one of them",
        )
    if positions:
        wrong = [each for each in positions if not each > 0]
        if wrong:
            raise ParameterError(f"must be above 0, not {wrong[0]:g}", where="positions")
        return _Wanted([Edge("", 0, 0.0, each / 2, each) for each in positions], list(positions))
    edges = _edges.expected(phase, lattice, lattice_parameter, 0.3)
    chosen = [_edges.edge_of(edges, plane) for plane in planes] or edges
    return _Wanted(chosen, [edge.wavelength for edge in edges])


class _Spectrum(NamedTuple):
    """The spectrum of a region: values and errors, or counts and those of the open beam."""

    region: Any
    bounds: tuple[Array, Array]
    values: Array
    extra: Array
    counts: bool

    def fits(
        self,
        edge: Edge,
        others: Sequence[float],
        window: float,
        search: float,
        resolution: Resolution,
        confidence: float,
    ) -> Fits:
        """Return the fit of an edge."""
        from scipy.stats import norm

        from graticule.ops.spectra import _edge_kernels as kernels

        bins = _edges.window_around(edge.wavelength, others, window, *self.bounds)
        return _edges.fitted(
            self.values[None, bins],
            self.extra[None, bins],
            kernels.BINOMIAL if self.counts else kernels.GAUSSIAN,
            (self.bounds[0][bins], self.bounds[1][bins]),
            (edge.wavelength * (1 - search), edge.wavelength * (1 + search)),
            resolution,
            beam=self.extra[None, bins] if self.counts else None,
            quantile=float(norm.ppf(0.5 + confidence / 2)),
        )


def _spectra(spectra: Table, open_beam: Table | None) -> Iterator[_Spectrum]:
    """Give the spectra of a table one by one.

    Raises
    ------
    ImageError
        If columns are missing, or the open beam has other regions or bins.
    """
    needed = ["region", "wavelength", "mean", "pixels" if open_beam is not None else "error_counts"]
    _require(spectra, needed, "spectra")
    beams: Mapping[Any, Table] = {}
    if open_beam is not None:
        _require(open_beam, needed, "open_beam")
        _require_counts(spectra)
        beams = dict(iter(open_beam.groupby("region", sort=False)))
    for region, rows in spectra.groupby("region", sort=False):
        bounds = _bounds(spectra, rows)
        mean = rows["mean"].to_numpy(np.float64)
        if open_beam is None:
            error = rows["error_counts"].to_numpy(np.float64)
            yield _Spectrum(region, bounds, mean, error, counts=False)
            continue
        if region not in beams:
            raise ImageError(
                f"there is no region {region!r}; there are {', '.join(map(str, beams))}",
                where="open_beam",
                hint="measure both with the same labels or boxes",
            )
        beam = beams[region]
        same = len(beam) == len(rows) and np.allclose(beam["wavelength"], rows["wavelength"])
        if not same or (beam["pixels"].to_numpy() != rows["pixels"].to_numpy()).any():
            raise ImageError(
                f"the region {region!r} has {len(beam)} bins with other wavelengths or pixels than "
                f"the {len(rows)} of spectra",
                where="open_beam",
                hint="bin both in the same way, and measure the same pixels",
            )
        counts = (each["mean"].to_numpy(np.float64) * each["pixels"] for each in (rows, beam))
        sums = [np.asarray(each, np.float64) for each in counts]
        yield _Spectrum(region, bounds, sums[0], sums[1], counts=True)


def _require(table: Table, needed: Sequence[str], what: str) -> None:
    missing = [name for name in needed if name not in table.columns]
    if not missing:
        return
    hint = "as spectra.regions gives it"
    if missing[0] == "wavelength":
        hint = "measure the regions of what spectra.to_wavelength gives"
    have = ", ".join(map(str, table.columns))
    raise ImageError(f"has no column {missing[0]!r}; it has {have}", where=what, hint=hint)


def _require_counts(spectra: Table) -> None:
    unit = str(spectra.attrs.get("units", {}).get("mean", ""))
    if not is_unit_of_counts(unit):
        raise ImageError(
            f"holds means in {unit!r} and no counts, and open_beam is given",
            where="spectra",
            hint="measure the regions of the counts, before the open beam divides them; or leave "
            "open_beam out",
        )


def _bounds(table: Table, rows: Table) -> tuple[Array, Array]:
    """Return where the bins of a spectrum begin and end, in angstrom."""
    import xarray as xr

    unit = str(table.attrs.get("units", {}).get("wavelength", _ANGSTROM))
    names = [n for n in ("wavelength", "wavelength_left", "wavelength_right") if n in rows.columns]
    coords = {name: ("wavelength", rows[name].to_numpy(np.float64)) for name in names}
    axis = xr.DataArray(np.zeros(len(rows)), coords, ("wavelength",))
    left, right = bounds_of(axis, "wavelength")
    scale = scale_to(unit, _ANGSTROM)
    return left * scale, right * scale


def _row(edge: Edge, fits: Fits) -> dict[str, Any]:
    """Return what the table says of a fit."""
    row: dict[str, Any] = {"plane": edge.plane, "expected": edge.wavelength}
    for number, name in enumerate(_QUANTITIES):
        row[name] = fits.found[0, number]
        row[f"{name}_error"] = fits.errors[0, number]
        row[f"{name}_low"], row[f"{name}_high"] = fits.bounds[0, number]
    return row | {
        "spacing": row["position"] / 2,
        "spacing_error": row["position_error"] / 2,
        "strain": row["position"] / edge.wavelength - 1,
        "strain_error": row["position_error"] / edge.wavelength,
        "spread": fits.spread[0],
        "bins": int(fits.bins[0]),
        "reason": _edges.REASONS[int(fits.reason[0])],
    }
