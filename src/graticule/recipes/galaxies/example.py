"""Simulated cut-outs of galaxies, and what is in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_KINDS: dict[str, dict[str, Any]] = {
    "spiral": {"morphology": "spiral"},
    "elliptical": {"morphology": "elliptical"},
    "companion": {"morphology": "spiral", "companion": 2.0},
    "stripe": {"morphology": "disk", "stripe": 4.0},
    "trail": {"morphology": "elliptical", "trail": True},
}


_MANY: dict[str, tuple[int, dict[str, Any]]] = {
    "spiral": (60, {"morphology": "spiral"}),
    "elliptical": (60, {"morphology": "elliptical", "noise": 0.008}),
    "other": (4, {"morphology": "spiral", "companion": 1.5}),
    "spoilt": (4, {"morphology": "disk", "stripe": 4.0}),
}
"""How many of each kind a collection has."""


def collection(folder: Path) -> None:
    """Write 128 cut-outs to be grouped, in a folder by kind: spirals, ellipticals, spoilt ones."""
    import numpy as np

    from graticule.io import write
    from graticule.simulate.galaxies import galaxies

    for place, (kind, (count, params)) in enumerate(_MANY.items()):
        (folder / kind).mkdir(exist_ok=True)
        for number in range(count):
            radius = float(np.random.default_rng([31, place, number]).uniform(9, 15))
            seen = galaxies(**params, radius=radius, neighbours=2, seed=[31, place, number])
            write(folder / kind / f"{kind}_{number:03d}.png", seen.image)


def example(folder: Path) -> None:
    """Write two cut-outs of each kind; what is in them lies beside, in ``truth.csv``."""
    import pandas as pd

    from graticule.io import write
    from graticule.simulate.galaxies import galaxies

    rows = []
    for kind, params in _KINDS.items():
        for number in range(2):
            seen = galaxies(**params, seed=[30, number])
            name = f"{kind}_{number}"
            write(folder / f"{name}.png", seen.image)
            facts = seen._asdict()
            del facts["image"], facts["footprint"]
            rows.append({"image": name, **facts})
    (folder / "truth").mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "truth" / "truth.csv", index=False, lineterminator="\n")
