"""Groups of the spectra of a cube, what pixels are mixed of, and whether the groups are there.

`cube.SpectralCube` is the pixels as rows; `groups.spectral_groups` finds the groups of those that
are like their surroundings, tells what others are mixed of, and `one_material` holds them against a
single material of any thickness.
"""
