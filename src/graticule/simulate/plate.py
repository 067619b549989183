"""A simulated screening plate: a protein that moves into the nucleus with the dose of a drug."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.simulate._primitives import blurred

__all__ = ["Plate", "Site", "plate"]

_SPACING = 28
"""Samples between the middles of cells on a full grid."""
_NUCLEUS, _CELL = 5.0, 11.0
_ROWS = "ABCDEFGHIJKLMNOP"


class Site(NamedTuple):
    """A field of view.

    Attributes
    ----------
    row, column, site : str, int, int
        Where it lies.
    dose : float
        Of its well; NaN of a control.
    control : str
        ``negative``, ``positive`` or empty.
    ratio : float
        The true light of the protein in nuclei over that around them.
    dna, protein : ndarray
        ``(y, x)`` uint16 of the two channels.

    Examples
    --------
    >>> small = plate(rows=1, columns=4, sites=1, doses=(0.1, 10), seed=3)
    >>> site = next(small.images())
    >>> site.row, site.column, site.control, site.protein.shape
    ('A', 1, 'negative', (160, 160))
    """

    row: str
    column: int
    site: int
    dose: float
    control: str
    ratio: float
    dna: Array
    protein: Array


@dataclass(frozen=True)
class Plate:
    """What a plate is made of.

    Attributes
    ----------
    rows, columns, sites : int
        Wells down and across, and fields of view in each. The first column is the negative, the
        last the positive control.
    size : int
        Samples along the sides of a field.
    doses : sequence of float
        One for each column between the controls, the first the least; uM.
    ec50, hill : float
        Dose of half the effect, and steepness.
    bottom, top : float
        Ratio of light in the nucleus and around it without and with much of the drug.
    well_sd, cell_sd : float
        Standard deviations of the logarithm of a well's ratio, and of a cell's within its well.
    photons : float
        Mean number counted at a cell.
    seed : int
        Of everything that is drawn.

    Examples
    --------
    >>> small = Plate(rows=1, columns=4, sites=1, doses=(0.1, 10))
    >>> [round(small.response(dose), 2) for dose in small.doses]
    [0.87, 2.27]
    """

    rows: int = 8
    columns: int = 12
    sites: int = 2
    size: int = 160
    doses: Sequence[float] = (0.03, 0.1, 0.3, 0.6, 1.2, 2.5, 5.0, 10.0, 30.0, 100.0)
    ec50: float = 1.3
    hill: float = 1.2
    bottom: float = 0.8
    top: float = 2.4
    well_sd: float = 0.06
    cell_sd: float = 0.12
    photons: float = 120.0
    seed: int = 0

    def response(self, dose: float) -> float:
        """Return the true ratio at a dose."""
        part = 1 / (1 + (self.ec50 / dose) ** self.hill) if dose > 0 else 0.0
        return self.bottom + (self.top - self.bottom) * part

    def images(self) -> Iterator[Site]:
        """Give every site, row by row."""
        for row in range(self.rows):
            for column in range(1, self.columns + 1):
                dose, control = self._treatment(column)
                given = {"negative": 0.0, "positive": math.inf}.get(control, dose)
                ratio = self.top if given == math.inf else self.response(given)
                rng = np.random.default_rng([self.seed, row, column])
                ratio *= math.exp(self.well_sd * rng.normal())
                for site in range(1, self.sites + 1):
                    dna, protein = self._field(rng, ratio)
                    place = (_ROWS[row], column, site)
                    yield Site(*place, dose, control, ratio, dna, protein)

    def _treatment(self, column: int) -> tuple[float, str]:
        if column == 1:
            return math.nan, "negative"
        if column == self.columns:
            return math.nan, "positive"
        return float(self.doses[column - 2]), ""

    def _field(self, rng: np.random.Generator, ratio: float) -> tuple[Array, Array]:
        """Return the light of DNA and protein of cells on a shaken grid, some of them missing."""
        y, x = np.mgrid[: self.size, : self.size].astype(np.float32)
        dna = np.zeros(y.shape, np.float32)
        protein = np.zeros(y.shape, np.float32)
        count = self.size // _SPACING
        start = (self.size - (count - 1) * _SPACING) / 2
        for cell in range(count**2):
            if rng.random() < 0.15:
                continue
            place = start + _SPACING * np.array(divmod(cell, count)) + rng.uniform(-3, 3, 2)
            radius = _NUCLEUS * rng.uniform(0.85, 1.15)
            stretch, angle = rng.uniform(1, 1.3), rng.uniform(0, math.pi)
            box = tuple(slice(max(0, int(p) - 16), int(p) + 17) for p in place)
            dy, dx = y[box] - place[0], x[box] - place[1]
            along = (dy * math.cos(angle) + dx * math.sin(angle)) / stretch
            away = np.hypot(along, dx * math.cos(angle) - dy * math.sin(angle))
            nucleus, body = away < radius, away < _CELL * radius / _NUCLEUS
            own = ratio * math.exp(self.cell_sd * rng.normal())
            light = rng.uniform(0.7, 1.3)
            dna[box][nucleus] = rng.uniform(0.8, 1.2)
            inside = protein[box]
            inside[body] = np.maximum(inside[body], light)
            inside[nucleus] = light * own
        shade = 1 - 0.15 * ((y / self.size - 0.5) ** 2 + (x / self.size - 0.5) ** 2)
        found = []
        for plane, ground in ((dna, 0.08), (protein, 0.0)):
            counted = rng.poisson(self.photons * shade * (blurred(plane, 1.0) + ground))
            found.append((20 + 4 * counted).clip(0, 65535).astype(np.uint16))
        return found[0], found[1]

    def write(self, folder: Path) -> Path:
        """Write two files a site, the sheet of the plate, and the truth in ``truth/``.

        Returns
        -------
        Path
            The sheet, ``plate.csv``: row, col, dose [uM], control.
        """
        from graticule.core import as_image
        from graticule.core.atomic import atomic_path
        from graticule.io import write

        spacing: dict[str, float | str] = {"y": "0.65 um", "x": "0.65 um"}
        wells: dict[tuple[str, int], str] = {}
        truth = ["row,col,site,ratio"]
        for site in self.images():
            name = f"{site.row}{site.column:02d}_{site.site}.tif"
            for channel, values in (("dna", site.dna), ("gfp", site.protein)):
                write(folder / f"{channel}_{name}", as_image(values, spacing=spacing))
            dose = "" if site.control else f"{site.dose:g}"
            line = f"{site.row},{site.column},{dose},{site.control}"
            wells[site.row, site.column] = line
            truth.append(f"{site.row},{site.column},{site.site},{site.ratio!r}")
        (folder / "truth").mkdir(exist_ok=True)
        lines = {folder / "truth" / "truth.csv": truth,
                 folder / "plate.csv": ["row,col,dose [uM],control", *wells.values()]}  # fmt: skip
        for path, text in lines.items():
            with atomic_path(path) as draft:
                draft.write_text("\n".join(text) + "\n", encoding="utf-8")
        return folder / "plate.csv"


def plate(
    *,
    rows: int = 8,
    columns: int = 12,
    sites: int = 2,
    size: int = 160,
    doses: Sequence[float] = Plate.doses,
    ec50: float = 1.3,
    hill: float = 1.2,
    bottom: float = 0.8,
    top: float = 2.4,
    well_sd: float = 0.06,
    cell_sd: float = 0.12,
    photons: float = 120.0,
    seed: int = 0,
) -> Plate:
    """Return a plate of two channels, in which a protein moves into the nucleus with the dose.

    Parameters
    ----------
    rows, columns, sites, size : int
        As of `Plate`.
    doses : sequence of float
        As of `Plate`, in uM.
    ec50, hill, bottom, top, well_sd, cell_sd, photons : float
        As of `Plate`.
    seed : int
        Of everything that is drawn.

    Returns
    -------
    Plate
        Its fields of view are made when they are asked for.

    Raises
    ------
    ParameterError
        If there are more rows than letters, no column between the controls, another number of
        doses than of columns between them, or a field is too small for a cell.

    Examples
    --------
    >>> small = plate(rows=1, columns=6, sites=1, doses=(0.1, 1, 10, 100), seed=3)
    >>> [round(site.ratio, 1) for site in small.images()]
    [0.8, 0.8, 1.6, 2.3, 2.9, 2.2]
    """
    if not 1 <= rows <= len(_ROWS) or columns < 3 or sites < 1:
        raise ParameterError(
            f"must have 1 to {len(_ROWS)} rows, 3 columns or more and a site, not {rows}, "
            f"{columns} and {sites}"
        )
    if len(doses) != columns - 2 or min(doses) <= 0:
        raise ParameterError(
            f"must be {columns - 2} doses above 0, one for each column between the controls, not "
            f"{len(doses)}",
            where="doses",
        )
    if size < 2 * _SPACING:
        raise ParameterError(f"must be {2 * _SPACING} or more, not {size}", where="size")
    return Plate(
        rows, columns, sites, size, tuple(doses), ec50, hill, bottom, top, well_sd, cell_sd,
        photons, seed,
    )  # fmt: skip
