"""Reflections and cross-sections of cubic powders."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from graticule.ops.spectra._crystal import (
    PHASES,
    Texture,
    _preferred,
    coherent_elastic,
    reflections,
    spacing,
    total,
)


@pytest.mark.parametrize(
    ("lattice", "sites"),
    [
        ("sc", [(0, 0, 0)]),
        ("bcc", [(0, 0, 0), (0.5, 0.5, 0.5)]),
        ("fcc", [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]),
    ],
)
def test_structure_factors_and_multiplicities_are_sums_over_atoms_and_planes(lattice, sites):
    """Every plane with |h|, |k|, |l| <= 4, by brute force."""
    known = reflections(lattice, 16)
    counted: dict[int, float] = {}
    for plane in product(range(-4, 5), repeat=3):
        square = sum(h * h for h in plane)
        if 0 < square <= 16:
            factor = abs(sum(np.exp(2j * np.pi * np.dot(plane, site)) for site in sites)) ** 2
            counted[square] = counted.get(square, 0) + factor
    found: dict[int, float] = {}
    for plane, m, f in zip(*known, strict=True):
        square = int((plane**2).sum())
        found[square] = found.get(square, 0) + m * f
    assert found == pytest.approx({k: v for k, v in counted.items() if v > 1e-9})


def test_diamond_has_the_reflections_of_silicon():
    """111, 220, 311, 400, 331, 422; 200 and 222 are extinct."""
    known = reflections("diamond", 24)
    names = ["".join(map(str, plane)) for plane in known.indices.tolist()]
    assert names == ["111", "220", "311", "400", "331", "422"]


def test_short_wavelengths_see_the_bound_cross_section():
    """The sum over many planes tends to 4 pi b^2, less what the Debye-Waller factor takes."""
    from dataclasses import replace

    cold = replace(PHASES["ferrite"], debye=4000.0, mass=5e4)
    edges = np.linspace(0.12, 0.16, 200)
    mean = coherent_elastic(cold, edges).mean()
    assert mean == pytest.approx(4 * np.pi * 0.945**2, rel=0.02)


def test_the_attenuation_is_the_tabulated_one_of_iron():
    """Per cm, of the tables of a beamline's program, beyond 1 angstrom within 3 percent."""
    edges = np.arange(0.9, 5, 0.003)
    phase = PHASES["ferrite"]
    at = {1.4: 1.079, 2.0: 1.186, 2.5: 0.9985, 3.0: 1.101, 3.5: 1.408, 4.0: 1.758, 4.5: 0.619}
    middle = (edges[1:] + edges[:-1]) / 2
    found = np.interp(list(at), middle, total(phase, edges) * phase.density)
    assert found == pytest.approx(list(at.values()), rel=0.03)


@pytest.mark.parametrize("plane", [(1, 1, 1), (2, 0, 0), (3, 1, 1)])
def test_texture_keeps_the_number_of_planes_over_all_directions(plane):
    """The mean over the sine of the angle to the beam is 1."""
    sine = (np.arange(2000) + 0.5) / 2000
    assert _preferred(Texture(0.6), plane, sine).mean() == pytest.approx(1, abs=2e-3)


def test_texture_moves_intensity_between_planes():
    """A March-Dollase ratio of 1 is none; below 1 the preferred plane's edge is higher."""
    phase = PHASES["nickel"]
    first = 2 * float(spacing(phase.parameter, np.array([1, 1, 1])))
    edges = np.linspace(first * 0.9, first * 0.9999, 50)
    plain, same, more = (
        coherent_elastic(phase, edges, texture=texture)
        for texture in (None, Texture(1.0), Texture(0.7))
    )
    assert np.array_equal(plain, same)
    assert more[-1] > 1.05 * plain[-1]
