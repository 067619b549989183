"""Looking at a file as a user would: opened, listed, its axes, notes and values taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError, GraticuleError
from graticule.io import levels, read
from graticule.io.contents import contents
from graticule.io.format import formats
from graticule.testing.trial import Outcome

LARGEST = 2**26
"""Bytes of an image that are read whole; of a larger one its first and last corners are."""
_CORNER = 64
"""Samples of a corner along each dim."""

_NAMED = 3
"""Images within a file that are read by name."""


def look(path: Path) -> tuple[Outcome, str]:
    """Return what reading a file came to, and what was said of it.

    What `graticule inspect` shows is taken: contents, levels with their axes, header, notes and
    values; and all of it again as labels.
    """
    try:
        said = _looked_at(path)
    except GraticuleError as error:
        if isinstance(error.__cause__, MemoryError):
            return "too much memory", str(error)
        return "typed error", f"{type(error).__name__}: {error}"
    except MemoryError as error:
        return "too much memory", repr(error)
    except Exception as error:
        return "untyped error", _traced(error)
    return "read", said


def _named(path: Path) -> Path:
    """Return the file by which an image is named whose files lie side by side in a folder."""
    several = [known for known in formats() if known.whole_of is not None]
    names = sorted(path.iterdir()) if path.is_dir() else []
    return next((each for each in names if any(one.claims(each.name) for one in several)), path)


def _looked_at(path: Path) -> str:
    """Take what is listed and read; of several images, of which one must be named, the first."""
    path = _named(path)
    listed = contents(path)
    several = ""
    try:
        said = _taken(read(path))
    except FormatError as error:
        if all(each.trouble for each in listed):
            raise
        several = said = str(error)
    _take_labels(path)
    for level in range(1, 0 if several else len(levels(path))):
        _taken(read(path, level=level))
    for each in listed[:_NAMED]:
        if not each.trouble:
            _taken(read(path / each.name))
    return said


def _take_labels(path: Path) -> None:
    """Take the image as labels, if it can be had so: an animation cannot."""
    try:
        _taken(read(path, labels=True))
    except FormatError as error:
        if isinstance(error.__cause__, MemoryError):
            raise


def _taken(image: Any) -> str:
    """Take all that an image says, and its values."""
    for dim in image.dims:
        if dim in image.coords:
            np.asarray(image[dim].values)
    about = f"{dict(image.sizes)} {image.dtype} {image.attrs}"
    if image.nbytes <= LARGEST:
        image.compute(scheduler="synchronous")
        return about
    for corner in (slice(0, _CORNER), slice(-_CORNER, None)):
        image.isel(dict.fromkeys(image.dims, corner)).compute(scheduler="synchronous")
    return about


def _traced(error: Exception) -> str:
    import traceback

    where = traceback.extract_tb(error.__traceback__)[-4:]
    lines = "".join(f"\n  {Path(at.filename).name}:{at.lineno} {at.name}" for at in where)
    return f"{type(error).__name__}: {str(error)[:300]}{lines}"
