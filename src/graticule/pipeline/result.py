"""What became of one image."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graticule.io.escaping import printable


@dataclass
class ImageResult:
    """What became of one image.

    Attributes
    ----------
    image, path : str
        Its name, and its file; bytes that are no text are escaped (`graticule.io.escaped`).
    place : str
        Name of its own files in the run folder (`graticule.pipeline.names`).
    status : str
        ``"done"`` or ``"failed"``.
    sha256, key : str
        Hash of the file's content, and of all that decides the result.
    seconds : float
        How long it took.
    cached : bool
        Whether an earlier call did it.
    error : mapping or None
        ``kind``, ``what``, ``where`` and ``hint`` of what went wrong.
    notes : list of str
        What of its files was not understood.
    row : mapping
        Its numbers, by column.
    evidence : mapping
        The columns of each check.
    units : mapping
        Unit by column of the row.
    tables : mapping
        Number of rows of each object table.
    arrays : list of str
        Files of written images, relative to the run folder.
    seals : mapping
        Size and hash of every file that was made of it, by its place in the run folder, or in
        the folder of what is finished of the image.
    steps : mapping
        Seconds, tiles, and use of the step store of each step.
    checks : mapping
        Seconds each check took.
    tile : mapping or None
        Size of a tile by dim, where it was computed in tiles.
    appearance : mapping
        How its inputs look, and what its thresholds took (`graticule.pipeline.appearance`).
    of_run : list of str
        Notes that concern the run and not the image; not kept with it.
    advice : tuple of int and str, optional
        The ``--memory`` with which it would take much less time, and what is said of that; not
        kept with it.
    """

    image: str
    path: str
    place: str
    status: str = "done"
    sha256: str = ""
    key: str = ""
    seconds: float = 0.0
    cached: bool = False
    error: dict[str, str] | None = None
    notes: list[str] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    arrays: list[str] = field(default_factory=list)
    seals: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    checks: dict[str, float] = field(default_factory=dict)
    tile: dict[str, int] | None = None
    appearance: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_run: list[str] = field(default_factory=list)
    advice: tuple[int, str] | None = None

    def fail(self, kind: str, what: str, where: str = "", hint: str = "") -> None:
        """Set down that the image failed, and why."""
        self.status = "failed"
        told = {"kind": kind, "what": what, "where": where, "hint": hint}
        self.error = {key: printable(text) for key, text in told.items()}

    def folder(self, work: Path) -> Path:
        """Return the folder of what is finished of this image."""
        return work / self.key[:2] / self.key
