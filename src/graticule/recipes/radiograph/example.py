"""A simulated neutron radiograph with its open beam and dark frames."""

from __future__ import annotations

from pathlib import Path


def example(folder: Path) -> None:
    """Write the image, and five frames each of open beam and dark beside it."""
    from graticule.core import as_image
    from graticule.io import write
    from graticule.simulate.radiograph import radiograph

    made = radiograph(shape=(480, 480), seed=4)
    spacing = {"y": "50 um", "x": "50 um"}
    write(folder / "sample.tif", as_image(made.image, spacing=spacing))
    (folder / "reference").mkdir(exist_ok=True)
    write(folder / "reference" / "open_beam.tif", as_image(made.open_beam, spacing=spacing))
    write(folder / "reference" / "dark.tif", as_image(made.dark, spacing=spacing))
