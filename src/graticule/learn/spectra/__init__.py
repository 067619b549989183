"""Groups of the spectra of a cube, what pixels are mixed of, and whether the groups are there.

`SpectralCube` is the pixels as rows; `spectral_groups` finds the groups of those that are like
their surroundings, tells what others are mixed of, and `one_material` holds them against a single
material of any thickness.
"""

from graticule.learn.spectra.cube import Quantity, SpectralCube
from graticule.learn.spectra.groups import METHODS, Method, SpectralGroups, spectral_groups
from graticule.learn.spectra.one_material import OneMaterial, one_material

__all__ = [
    "METHODS",
    "Method",
    "OneMaterial",
    "Quantity",
    "SpectralCube",
    "SpectralGroups",
    "one_material",
    "spectral_groups",
]
