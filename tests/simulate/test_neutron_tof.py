"""Simulated neutron time-of-flight cubes: what is counted is what the truth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.ops.spectra._flight import PLANCK_OVER_NEUTRON_MASS
from graticule.simulate.neutron_tof import Beam, Pulse, Texture, Timing, neutron_tof

_BRIGHT = Beam(flux=1e5, scatter=0, background=0, blur=0)


def test_the_same_seed_gives_the_same_cube_of_the_size_that_was_asked_for() -> None:
    """Each draw has another."""
    one, two, other = (neutron_tof((16, 20), 40, seed=seed) for seed in (3, 3, 4))
    assert one.image.identical(two.image)
    assert not one.image.identical(other.image)
    assert dict(one.image.sizes) == {"tof": 40, "y": 16, "x": 20}
    assert one.open_beam.shape == one.image.shape
    assert np.allclose(one.fractions.sum("class"), 1)


def test_a_plate_lets_through_what_its_cross_section_says() -> None:
    """Beer's law with the tables of iron: 1.19 and 0.59 a cm at 2 and 4.3 angstrom."""
    made = neutron_tof(
        (8, 8), 661, materials=("ferrite",), pieces=1, thickness=(10, 10), wedge=0,
        texture=Texture(1.0), beam=_BRIGHT, seed=1,
    )  # fmt: skip
    inside = made.labels.values == 1
    wavelength = made.image.tof.values * 1e-6 * PLANCK_OVER_NEUTRON_MASS / 50
    sums = [cube.values[:, inside].sum(axis=1) for cube in (made.image, made.open_beam)]
    found = -np.log(sums[0] / sums[1])
    assert np.interp([2.0, 4.3], wavelength, found) == pytest.approx([1.19, 0.59], rel=0.03)


def test_edges_lie_at_twice_the_spacing_of_the_planes() -> None:
    """The steepest fall of the attenuation, smeared by the pulse, which delays it."""
    for material, plane in (("ferrite", 2**0.5), ("aluminium", 3**0.5)):
        made = neutron_tof(
            (6, 6), 1500, materials=(material,), pieces=1, thickness=(20, 20), wedge=0,
            beam=replace(_BRIGHT, wavelengths=(3.8, 4.9)), pulse=Pulse(20, 0.0), seed=2,
        )  # fmt: skip
        inside = made.labels.values == 1
        sums = [cube.values[:, inside].sum(axis=1) for cube in (made.image, made.open_beam)]
        smooth = np.convolve(-np.log(sums[0] / sums[1]), np.ones(3) / 3, "same")
        place = made.image.tof.values[int(np.argmin(np.gradient(smooth)[5:-5])) + 5]
        expected = 2 * made.lattice_parameters[material] / plane
        assert place * 1e-6 * PLANCK_OVER_NEUTRON_MASS / 50 == pytest.approx(expected, abs=0.003)


def test_counts_are_those_of_poisson() -> None:
    """Variance is the mean, in bins of the open beam of one pixel over many cubes."""
    drawn = [
        neutron_tof((1, 1), 20, pieces=1, thickness=(0, 0), beam=Beam(flux=30), seed=[7, n])
        for n in range(300)
    ]
    counts = np.stack([each.open_beam.values[:, 0, 0] for each in drawn]).astype(float)
    assert counts.mean() == pytest.approx(30.3, rel=0.02)
    assert (counts.var(axis=0) / counts.mean(axis=0)).mean() == pytest.approx(1, abs=0.1)


def test_the_pulse_keeps_neutrons_and_delays_them_by_its_decay() -> None:
    """Mean and standard deviation of an exponential and a Gaussian together."""
    time = np.linspace(-2000, 6000, 80001)
    weight = np.diff(Pulse(120, 160).arrived(time))
    middle = (time[1:] + time[:-1]) / 2
    assert weight.sum() == pytest.approx(1, abs=1e-6)
    mean = (weight * middle).sum()
    assert mean == pytest.approx(160, abs=0.1)
    assert ((weight * (middle - mean) ** 2).sum()) ** 0.5 == pytest.approx(200, rel=1e-3)
    assert Timing.of(Beam(), Pulse(), 50).source.min() > 0


def test_strain_is_in_the_truth() -> None:
    """Half longer, half shorter, by what was asked for at most."""
    made = neutron_tof((16, 16), 30, materials=("nickel",), pieces=1, strain=1e-3, seed=1)
    part = made.lattice.values / made.lattice_parameters["nickel"] - 1
    assert np.nanmax(part) == pytest.approx(1e-3, rel=0.25)
    assert np.nanmin(part) == pytest.approx(-1e-3, rel=0.25)
    assert np.array_equal(np.isnan(part), made.labels.values == 0)


@pytest.mark.parametrize(
    "wrong",
    [{"materials": ("steel",)}, {"thickness": (5, 1)}, {"wedge": 2}, {"beam": Beam(flux=-1)},
     {"beam": Beam(wavelengths=(4, 2))}, {"pieces": 0}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    """By name."""
    with pytest.raises(ParameterError):
        neutron_tof((8, 8), 20, **wrong)  # type: ignore[arg-type]
