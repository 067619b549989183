"""The real images that figures are measured on, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

from graticule.bench.row import Row


def data_folder(name: str) -> Path | None:
    """Return a folder of real images, from ``GRATICULE_DATA``; None where it is absent."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("GRATICULE_DATA", root.parent / "shared" / "data")) / name
    return folder if folder.is_dir() else None


def absent(id: str, what: str, bar: str) -> Row:
    """Return the row of a figure whose images are absent."""
    what = f"{what}: not measured, set GRATICULE_DATA to the folder of real images"
    return Row(id, what, None, "", bar, None)
