"""What an export wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graticule.pipeline.result import ImageResult


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    files : sequence of Path
        The files.
    notes : sequence of str
        What was left out, and why.
    failed : sequence of ImageResult
        Images that the run set aside, of which there is nothing.
    """

    files: Sequence[Path]
    notes: Sequence[str] = ()
    failed: Sequence[ImageResult] = ()
