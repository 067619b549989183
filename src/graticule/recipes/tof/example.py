"""Simulated pieces of metal in a pulsed neutron beam, as the frames and tables of a camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TRIGGERS = 72_000
"""How often the shutter opened, for the sample and for the open beam."""
_SIZE, _BINS, _SEED = 64, 200, 7


def example(folder: Path) -> None:
    """Write the frames of four metals and of their open beam; the truth lies in ``truth``."""
    from graticule.io import write
    from graticule.simulate.neutron_tof import Beam, neutron_tof

    made = neutron_tof(
        (_SIZE, _SIZE), _BINS, pieces=9, beam=Beam(flux=800.0, open_dose=1.0), seed=_SEED
    )
    frames(folder / "metals", made.image)
    frames(folder / "metals_open", made.open_beam)
    (folder / "truth").mkdir(exist_ok=True)
    write(folder / "truth" / "labels.tif", made.labels, labels=True)
    write(folder / "truth" / "thickness.tif", made.thickness)


def frames(folder: Path, cube: Any) -> None:
    """Write a cube as a camera does: a file for each bin, and the tables that date them."""
    import numpy as np
    from astropy.io import fits

    folder.mkdir(exist_ok=True)
    middles = cube.tof.values * 1e-6
    begins = middles - np.diff(middles).mean() / 2
    counts = cube.values.sum(axis=(1, 2), dtype=np.int64)
    for number, frame in enumerate(cube.values):
        fits.writeto(folder / f"{folder.name}_{number:05d}.fits", frame, overwrite=True)
    lines = (f"{begin:.9g}\t{count}\n" for begin, count in zip(begins, counts, strict=True))
    (folder / f"{folder.name}_Spectra.txt").write_text("".join(lines))
    opening = f"0\t{begins[0]:.9g}\t{begins[-1] - begins[0] + np.diff(begins).mean():.9g}\n"
    (folder / f"{folder.name}_ShutterTimes.txt").write_text(f"{opening}1\t0\t0\n")
    (folder / f"{folder.name}_ShutterCount.txt").write_text(f"0\t{_TRIGGERS}\n1\t0\n")
