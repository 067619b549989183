"""Helpers that several tests import."""

from __future__ import annotations

from pathlib import Path


def tables_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every table of a run folder."""
    names = ("images.csv", "images.parquet", "objects.csv", "objects.parquet")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
