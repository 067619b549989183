"""Images that are edited where they lie: TIFF without compression, mapped into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.image import Image


def make_editable(path: Path, like: Image) -> np.memmap[Any, Any]:
    """Write zeros with the dims, sizes and dtype of an image, and return them as `open_editable`.

    Nothing of ``like`` but its shape and coordinates is looked at, and where the disk can leave out
    what is 0, nothing is written.
    """
    from graticule.io.formats._tiff_write import write_zeros

    write_zeros(path, like)
    return open_editable(path)


def open_editable(path: Path) -> np.memmap[Any, Any]:
    """Return the values of a TIFF as they lie on the disk; what is put into them is in the file.

    The axes are those of the file, outermost first. `graticule.io.read` reads the same values.

    Raises
    ------
    FormatError
        If the values do not lie in the file one after the other, as those that are compressed.

    Examples
    --------
    >>> import tempfile
    >>> from graticule.core import as_image
    >>> from graticule.io import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "labels.tif")
    ...     values = make_editable(file, as_image(np.zeros((3, 4), np.int32)))
    ...     values[1, 2:] = 7
    ...     read(file, labels=True).values.tolist()
    [[0, 0, 0, 0], [0, 0, 7, 7], [0, 0, 0, 0]]
    """
    import tifffile

    try:
        found: np.memmap[Any, Any] = tifffile.memmap(path, mode="r+")
        return found
    except (ValueError, OSError, tifffile.TiffFileError) as error:
        raise FormatError(
            f"cannot be edited where it lies: {error}", where=str(path),
            hint="only TIFF without compression can be",
        ) from None  # fmt: skip
