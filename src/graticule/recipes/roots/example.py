"""Simulated neutron radiographs of roots in soil, and the roots as masks."""

from __future__ import annotations

from pathlib import Path


def example(folder: Path) -> None:
    """Write six radiographs into images/, their roots into labels/."""
    from graticule.io import write
    from graticule.simulate.dataset import samples

    for sample in samples("roots", 6, seed=20, parameters={"shape": [160, 160]}):
        for part, image in (("images", sample.image), ("labels", sample.labels)):
            (folder / part).mkdir(exist_ok=True)
            write(folder / part / f"{sample.name}.tif", image)
