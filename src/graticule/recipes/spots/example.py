"""Simulated neutron radiographs with gamma spots, and the spots as masks."""

from __future__ import annotations

from pathlib import Path


def example(folder: Path) -> None:
    """Write four radiographs of different exposures into images/, their spots into labels/."""
    from graticule.io import write
    from graticule.simulate.dataset import samples

    settings = {
        "shape": [192, 192],
        "frames": 1,
        "dead": 0,
        "lines": 0,
        "spots.tracks": 0.03,
        "camera.flux": "800..5000",
        "camera.spread": "0.0..1.2",
    }
    for sample in samples("radiograph", 4, seed=40, parameters=settings):
        for part, image in (("images", sample.image), ("labels", sample.labels)):
            (folder / part).mkdir(exist_ok=True)
            write(folder / part / f"{sample.name}.tif", image)
