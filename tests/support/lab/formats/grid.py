"""Whole numbers as text, under the word GRID."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from graticule.core import Image
from graticule.io.axes import build
from graticule.io.format import Address, Format


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(b"GRID\n")


def _open(address: Address, level: int) -> Image:
    return build(np.loadtxt(address.path, np.int32, skiprows=1, ndmin=2), ("y", "x"))


def _write(path: Path, image: Image, labels: bool) -> None:
    np.savetxt(path, image.values, "%d", header="GRID", comments="")


FORMAT = Format("grid", _sniff, _open, suffixes=(".grid",), write=_write)
