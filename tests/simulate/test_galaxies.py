"""Simulated cut-outs of galaxies."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.simulate.galaxies import Morphology, galaxies


@pytest.mark.parametrize("morphology", ["spiral", "elliptical", "disk"])
def test_half_of_the_light_lies_within_the_radius(morphology: Morphology) -> None:
    """Without noise, within the ellipse of the half-light radius, stretched light turned back."""
    seen = galaxies(400, morphology=morphology, radius=20, neighbours=0, noise=0, seed=4)
    grey = seen.image.values.astype(float).mean(axis=2) / 255
    light = np.sinh(grey * np.arcsinh(1.2 / 0.08)) * 0.08 - 0.03
    y, x = np.mgrid[:400, :400] - np.array([seen.y, seen.x])[:, None, None]
    along = y * np.cos(seen.angle) + x * np.sin(seen.angle)
    across = (x * np.cos(seen.angle) - y * np.sin(seen.angle)) / seen.axis_ratio
    far = np.hypot(along, across)
    inside = light[far < seen.radius].sum() / light[far < 8 * seen.radius].sum()
    assert inside == pytest.approx(0.5, abs=0.08)


def test_the_same_seed_gives_the_same_cut_out_and_what_is_asked_for() -> None:
    """A stripe is black, a companion is told."""
    one, other = (galaxies(seed=3, stripe=4.0, companion=2.0) for _ in range(2))
    assert np.array_equal(one.image, other.image)
    assert (one.image.values.max(axis=2) == 0).sum() > 300
    assert one.blended
    assert not galaxies(seed=3).blended
    assert one.footprint.values[round(one.y), round(one.x)]


def test_a_blend_is_what_a_person_would_see() -> None:
    """Not two that are one light, nor two with sky between; the truth is of what was asked for."""
    for seed in range(4):
        told = [galaxies(companion=far, seed=[8, seed]).blended for far in (0.05, 1.8, 8.0)]
        assert told == [False, True, False]
    seen = galaxies(stripe=3.0, trail=True, seed=9)
    assert (seen.striped, seen.trailed, seen.blended) == (True, True, False)
    assert {galaxies(64, radius=5, seed=n).morphology for n in range(12)} == {
        "spiral",
        "elliptical",
    }


def test_neighbours_without_a_place_are_refused() -> None:
    with pytest.raises(ParameterError, match="radius: must leave room for neighbours"):
        galaxies(size=100, radius=20.0)
    assert galaxies(size=100, radius=20.0, neighbours=0).radius == 20
