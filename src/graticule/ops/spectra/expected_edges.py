"""Bragg edges that a phase has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Reduction, Table, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops.spectra import _ncrystal
from graticule.ops.spectra._axis import bounds_of, positions_in, spectral_dim
from graticule.ops.spectra._crystal import Lattice
from graticule.ops.spectra._edges import (
    DOC,
    LatticeKind,
    LatticeParameter,
    PhaseName,
    edges_of,
    expected,
)


@dataclass(frozen=True)
class _Bins:
    """Where some blocks have their bins, by the first bin of each."""

    axes: Axes
    sides: Mapping[str, Mapping[int, Array]]

    def merged(self, other: _Bins) -> _Bins:
        sides = {side: {**pieces, **other.sides[side]} for side, pieces in self.sides.items()}
        return _Bins(self.axes.merged(other.axes), sides)


def _map(image: Image, *, block: BlockInfo, **_: Any) -> _Bins:
    dim = wavelength_dim(image)
    positions_in(image, dim, "angstrom")
    names = [name for name in (f"{dim}_left", f"{dim}_right") if name in image.coords]
    start = block.offset[dim]
    return _Bins(
        Axes.of(image, block), {name: {start: image.coords[name].values} for name in names}
    )


def _finish(
    bins: _Bins,
    *,
    phase: str | None,
    lattice: Lattice | None,
    lattice_parameter: float | None,
    material: str,
) -> Table:
    import pandas as pd
    import xarray as xr

    axis = bins.axes.coordinate("wavelength")
    assert axis is not None
    coords: dict[str, Any] = {"wavelength": ("wavelength", axis.values, axis.attrs)}
    for name, pieces in bins.sides.items():
        joined = np.concatenate([pieces[start] for start in sorted(pieces)])
        coords[name] = ("wavelength", joined, axis.attrs)
    spectrum = xr.DataArray(np.zeros(axis.size), coords, ("wavelength",))
    _, scale = positions_in(spectrum, "wavelength", "angstrom")
    sides = [each * scale for each in bounds_of(spectrum, "wavelength")]
    low, high = np.minimum(*sides), np.maximum(*sides)
    shortest = max(float(low.min()), 0.05)
    if material and (phase or lattice or lattice_parameter):
        raise ParameterError(
            "is given beside a phase or a lattice, which say it too",
            where="material",
            hint="give one of them",
        )
    if material:
        edges = edges_of(_ncrystal.material(material), shortest)
    else:
        edges = expected(phase, lattice, lattice_parameter, shortest)
    rows = []
    for edge in edges:
        inside = np.flatnonzero((low <= edge.wavelength) & (edge.wavelength < high))
        if inside.size:
            rows.append({**edge._asdict(), "bin": int(inside[0])})
    columns = ["plane", "multiplicity", "spacing", "wavelength", "bin", "strength"]
    table = pd.DataFrame(rows, columns=columns)
    table["strength"] /= max(edge.strength for edge in edges) if edges else 1.0
    table["phase"] = phase or material or f"{lattice}"
    table.attrs["units"] = {"spacing": "angstrom", "wavelength": "angstrom"}
    return table


_SCOPE = Reduction(_map, _Bins.merged, _finish, memory=1)


@op(version=2, scope=_SCOPE, doc=DOC)
def expected_edges(
    image: Image,
    *,
    phase: PhaseName = None,
    lattice: LatticeKind = None,
    lattice_parameter: LatticeParameter = None,
    material: Annotated[str, Field(title="Material of NCrystal")] = "",
) -> Table:
    r"""Return where the Bragg edges of a phase are expected, within the spectrum of an image.

    Planes of the spacing :math:`d`, of a cubic lattice :math:`a / \sqrt{h^2 + k^2 + l^2}`, reflect
    wavelengths up to :math:`2 d`, so transmission rises there. Planes that the centring
    extinguishes are left out: bcc has those with h + k + l even; fcc those with all odd or all
    even.

    Parameters
    ----------
    image : Image
        With the dim ``wavelength``; its values are not looked at.
    %(phase)s
    %(lattice)s
    material : str
        A crystal of any lattice instead, by its name in the library NCrystal [1]_, as
        ``Ti_sg194.ncmat`` (``pip install 'graticule[crystal]'``).

    Returns
    -------
    Table
        From the longest wavelength down: ``plane``, as ``110``; ``multiplicity``, how many planes
        there are; ``spacing`` and ``wavelength``, in angstrom; ``bin``, which one it lies in;
        ``strength``, how high the edge is as a part of the highest beyond the shortest wavelength
        (without texture); ``phase``.

    Raises
    ------
    %(spectral_error)s
        Or it is not ``wavelength``.
    %(axis_error)s
    ParameterError
        If neither a phase nor a lattice with its parameter is given, or no such material is known.
    RequestError
        If a material is given, and NCrystal is not installed.

    References
    ----------
    .. [1] Cai, X.-X., Kittelmann, T., "NCrystal: a library for thermal neutron transport", Comput.
       Phys. Commun. 246, 106851, 2020. :doi:`10.1016/j.cpc.2019.07.015`

    %(examples)s
    >>> wavelength = ("wavelength", np.linspace(2, 5, 301), {"units": "angstrom"})
    >>> cube = gt.core.as_image(np.ones((301, 1)), dims=["wavelength", "x"])
    >>> cube = cube.assign_coords(wavelength=wavelength)
    >>> found = gt.spectra.expected_edges(cube, phase="ferrite")
    >>> found[["plane", "multiplicity", "wavelength", "bin"]].round(4)
      plane  multiplicity  wavelength  bin
    0   110            12      4.0538  205
    1   200             6      2.8665   87
    2   211            24      2.3405   34
    3   220            12      2.0269    3
    """
    given: dict[str, Any] = {
        "phase": phase,
        "lattice": lattice,
        "lattice_parameter": lattice_parameter,
    }
    given |= {"material": material}
    table: Table = _SCOPE.whole(image, **given)
    return table


def wavelength_dim(image: Image) -> str:
    """Return the spectral dim of an image, which must be that of wavelengths.

    Raises
    ------
    ImageError
        If it is another.
    """
    dim = spectral_dim(image)
    if dim != "wavelength":
        raise ImageError(
            f"must have the dim wavelength; its spectral dim is {dim}",
            hint="spectra.to_wavelength makes it of a time of flight",
        )
    return dim
