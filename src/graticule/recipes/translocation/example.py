"""A simulated plate, with the sheet of its wells."""

from __future__ import annotations

from pathlib import Path


def example(folder: Path) -> None:
    """Write a plate of 96 wells with two sites of two channels; the truth is in ``truth``."""
    from graticule.simulate.plate import plate

    plate(seed=42).write(folder)
