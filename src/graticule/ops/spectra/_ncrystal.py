"""Crystals of the library NCrystal, of any lattice: their planes and cross-sections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from graticule.core.errors import ParameterError, RequestError, suggest
from graticule.core.typing import Array

ENDING = ".ncmat"
"""What names of NCrystal's materials end with, as ``Ti_sg194.ncmat``."""
_NAME = re.compile(r"[\w.+-]+\.ncmat")
_POINTS = 4


@dataclass(frozen=True)
class Crystal:
    """A material of NCrystal.

    Attributes
    ----------
    name : str
        As ``Ti_sg194.ncmat``.
    parameter : float
        First edge of the unit cell, in angstrom.
    density : float
        Atoms for each barn of a layer of 1 cm.
    """

    name: str
    parameter: float
    density: float

    def planes(self, shortest: float) -> list[tuple[str, int, float, float]]:
        """Return planes whose edges are beyond a wavelength, by falling spacing.

        Each with its indices, how many there are, its squared structure factor, and its spacing.
        """
        found = [
            (" ".join(map(str, each[:3])) if max(map(abs, each[:3])) > 9 or min(each[:3]) < 0
             else "".join(map(str, each[:3])), int(each[3]), float(each[5]), float(each[4]))
            for each in _loaded(self.name).info.hklList()
            if 2 * each[4] >= shortest
        ]  # fmt: skip
        return sorted(found, key=lambda each: -each[3])

    def total(self, limits: Array) -> Array:
        """Return the total cross-section of a powder in barn, averaged over bins of wavelength."""
        low, width = limits[:-1], np.diff(limits)
        inside = low[:, None] + width[:, None] * (np.arange(_POINTS) + 0.5) / _POINTS
        values = np.asarray(_loaded(self.name).xsect(wl=inside.ravel()))
        return np.asarray(values.reshape(inside.shape).mean(axis=1))


def material(name: str) -> Crystal:
    """Return a crystal by the name NCrystal has for it.

    Raises
    ------
    RequestError
        If NCrystal is not installed.
    ParameterError
        If it knows no such material, or one that is no crystal.
    """
    loaded = _loaded(name)
    if not (loaded.info.hasStructureInfo() and loaded.info.hasHKLInfo()):
        raise ParameterError(f"{name} is no crystal", where="material")
    return Crystal(name, float(loaded.info.structure_info["a"]), float(loaded.info.numberdensity))


@lru_cache(maxsize=16)
def _loaded(name: str) -> Any:
    try:
        import NCrystal
    except ImportError:
        raise RequestError(
            f"{name} needs the package ncrystal", hint="pip install 'graticule[crystal]'"
        ) from None
    known = [each.name for each in NCrystal.browseFiles()]
    if not _NAME.fullmatch(name) or name not in known:
        raise ParameterError(
            f"NCrystal has no material {name!r}",
            where="material",
            hint=suggest(name, known) or "as Ti_sg194.ncmat",
        )
    return NCrystal.load(name)
