"""Simulated micrographs of nuclei, with their truth beside them."""

from __future__ import annotations

from pathlib import Path


def example(folder: Path) -> None:
    """Write a micrograph of each kind; the labels go into ``truth``."""
    from graticule.io import write
    from graticule.simulate.nuclei import Contrast, nuclei

    kinds: tuple[Contrast, ...] = ("fluorescent", "stained", "bright-field")
    for number, contrast in enumerate(kinds):
        image, truth = nuclei(contrast=contrast, seed=number)
        (folder / "truth").mkdir(exist_ok=True)
        write(folder / f"{contrast}.png", image)
        write(folder / "truth" / f"{contrast}.ome.tif", truth, labels=True)
