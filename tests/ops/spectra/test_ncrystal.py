"""Crystals of NCrystal, and ours beside them."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ParameterError, RequestError
from graticule.ops.spectra import _ncrystal
from graticule.ops.spectra._crystal import PHASES, total


def spectrum():
    axis = ("wavelength", np.linspace(1.5, 6, 901), {"units": "angstrom"})
    return xr.DataArray(np.ones(901), {"wavelength": axis}, ("wavelength",)).expand_dims("x")


@pytest.mark.parametrize(
    ("phase", "name"),
    [
        ("ferrite", "Fe_sg229_Iron-alpha.ncmat"),
        ("aluminium", "Al_sg225.ncmat"),
        ("nickel", "Ni_sg225.ncmat"),
        ("copper", "Cu_sg225.ncmat"),
        ("chromium", "Cr_sg229.ncmat"),
        ("silicon", "Si_sg227.ncmat"),
    ],
)
def test_our_cross_sections_are_those_of_ncrystal_beyond_2_angstrom(phase, name):
    """Within 3 percent, edges apart, whose places differ with the lattice parameter."""
    pytest.importorskip("NCrystal")
    crystal = _ncrystal.material(name)
    limits = np.linspace(2, 6, 801)
    ratio = total(PHASES[phase], limits) / crystal.total(limits)
    assert np.median(abs(ratio - 1)) < 0.03
    assert np.quantile(abs(ratio - 1), 0.95) < 0.05
    assert crystal.density == pytest.approx(PHASES[phase].density, rel=3e-3)
    ours = gt.spectra.expected_edges(spectrum(), phase=phase)
    theirs = gt.spectra.expected_edges(spectrum(), material=name)
    assert list(ours.plane.str[:3])[:5] == list(theirs.plane)[:5]
    assert list(ours.multiplicity)[:5] == list(theirs.multiplicity)[:5]
    np.testing.assert_allclose(ours.wavelength[:5], theirs.wavelength[:5], rtol=1e-3)


def test_a_hexagonal_crystal_has_edges_and_can_be_simulated():
    pytest.importorskip("NCrystal")
    from graticule.simulate.neutron_tof import neutron_tof

    found = gt.spectra.expected_edges(spectrum(), material="Ti_sg194.ncmat")
    assert list(found.plane)[:3] == ["100", "002", "101"]
    assert found.wavelength[0] == pytest.approx(2 * 2.95 * np.sqrt(3) / 2, rel=1e-6)
    made = neutron_tof((8, 8), 40, materials=("Ti_sg194.ncmat",), pieces=1)
    assert made.lattice_parameters == {"Ti_sg194.ncmat": 2.95}
    inside = made.labels.values == 1
    assert made.image.values[:, inside].mean() < 0.9 * made.open_beam.values[:, inside].mean()


def test_what_ncrystal_does_not_know_is_refused():
    pytest.importorskip("NCrystal")
    with pytest.raises(ParameterError, match="no material"):
        gt.spectra.expected_edges(spectrum(), material="Ti_sg914.ncmat")
    with pytest.raises(ParameterError, match="no material"):
        gt.spectra.expected_edges(spectrum(), material="../Ti_sg194.ncmat")
    with pytest.raises(ParameterError, match="no crystal"):
        gt.spectra.expected_edges(spectrum(), material="Polyethylene_CH2.ncmat")


def test_without_ncrystal_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "NCrystal", None)
    _ncrystal._loaded.cache_clear()
    with pytest.raises(RequestError, match=r"graticule\[crystal\]"):
        gt.spectra.expected_edges(spectrum(), material="Ti_sg194.ncmat")


def test_a_material_beside_a_phase_is_refused():
    with pytest.raises(ParameterError, match="beside a phase"):
        gt.spectra.expected_edges(spectrum(), phase="ferrite", material="Ti_sg194.ncmat")
