"""A simulated film of cells that move and divide."""

from __future__ import annotations

from pathlib import Path

from graticule.simulate.dividing_cells import CellMovie, dividing_cells


def film(seed: int = 7) -> CellMovie:
    """Return 72 frames of about 40 cells that divide every 36 frames; some are dim for a while."""
    return dividing_cells(
        (256, 256), frames=72, count=40, radius=8, speed=1.5, cycle=36, missed=0.01, seed=seed
    )


def example(folder: Path) -> None:
    """Write the film with 0.5 um a pixel and 10 minutes a frame, and the truth beside it."""
    from graticule.core.image import with_spacing
    from graticule.io import write

    made = film()
    spacing = {"t": "10 min", "y": "0.5 um", "x": "0.5 um"}
    write(folder / "film.ome.tif", with_spacing(made.image, spacing))
    (folder / "truth").mkdir(exist_ok=True)
    write(folder / "truth" / "film.ome.tif", with_spacing(made.tracks, spacing))
