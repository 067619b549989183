"""Helpers that several tests import."""

from __future__ import annotations

import os
from pathlib import Path


def tables_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every table of a run folder."""
    names = ("images.csv", "images.parquet", "objects.csv", "objects.parquet")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def environment_with(folder: Path) -> dict[str, str]:
    """Return the environment of a process that finds the modules of a folder too."""
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
