"""The photograph of coins that comes with scikit-image."""

from __future__ import annotations

import shutil
from pathlib import Path


def example(folder: Path) -> None:
    """Put the photograph into a folder."""
    import skimage

    source = Path(skimage.__file__).parent / "data" / "coins.png"
    shutil.copyfile(source, folder / "coins.png")
