"""The pictures of ops, which are made once and kept until an op or what it is shown on changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graticule.illustrations import draw, illustration_of, picture_key


@dataclass(frozen=True)
class Drawn:
    """A picture: its file, and what it shows in words."""

    file: Path
    alt: str


class Pictures:
    """The pictures of a folder.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    drawing : bool
        Whether those that are not there are drawn.
    """

    def __init__(self, folder: Path, *, drawing: bool) -> None:
        self._folder = folder
        self._drawing = drawing
        self._drawn: dict[str, Drawn | None] = {}

    @property
    def files(self) -> set[Path]:
        """The files of all pictures that were asked for."""
        drawn = [each.file for each in self._drawn.values() if each is not None]
        return {*drawn, *(file.with_suffix(".txt") for file in drawn)}

    def of(self, op: str) -> Drawn | None:
        """Return the picture of an op; None where it has none, or none was made."""
        if op not in self._drawn:
            self._drawn[op] = self._found(op)
        return self._drawn[op]

    def _found(self, op: str) -> Drawn | None:
        illustration = illustration_of(op)
        if illustration is None:
            return None
        file = self._folder / f"{op}.{picture_key(illustration)}.png"
        words = file.with_suffix(".txt")
        if not words.is_file():
            if not self._drawing:
                return None
            png, alt = draw(illustration)
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png)
            words.write_text(alt, "utf-8")
        return Drawn(file, words.read_text("utf-8"))
