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
