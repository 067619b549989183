"""Simulated Doppler cubes, one of them with the rings of a sunquake."""

from __future__ import annotations

from pathlib import Path

from graticule.evaluate.injection import Ripple
from graticule.io import write
from graticule.simulate.doppler import doppler_cube


def example(folder: Path) -> None:
    """Write two cubes of 0.75 min and 0.7 Mm a sample; one holds rings of 1.6 sigma."""
    ripple = Ripple(strength=1.6, t0=30, a=5)
    write(folder / "rings.fits", doppler_cube(spacing=(0.75, 0.7), seed=1, ripple=ripple))
    write(folder / "quiet.fits", doppler_cube(spacing=(0.75, 0.7), seed=2))
