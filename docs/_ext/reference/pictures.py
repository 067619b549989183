"""The pictures of ops, which are made once and kept until an op or what it is shown on changes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
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
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drawn: dict[str, Drawn | None] = {}

    @property
    def files(self) -> set[Path]:
        """The files of all pictures that were asked for."""
        drawn = [each.file for each in self._drawn.values() if each is not None]
        return {*drawn, *(file.with_suffix(".txt") for file in drawn)}

    def draw(self, ops: Iterable[str], *, processes: int = 1) -> None:
        """Draw the pictures of ops that are not there yet.

        On a new machine nearly all of the time goes into compiling what the ops run, and ops
        of a family run much the same: so each process takes families as a whole, large ones first.
        """
        families: dict[str, list[tuple[str, Path]]] = {}
        for op in ops:
            file = self._file(op)
            if file is not None and not _words(file).is_file():
                families.setdefault(op.partition(".")[0], []).append((op, file))
        if not families:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # not forked: that would copy the threads of what is loaded here in whatever state they are
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(_draw_all, sorted(families.values(), key=len, reverse=True)))

    def of(self, op: str) -> Drawn | None:
        """Return the picture of an op; None where it has none, or none was made."""
        if op not in self._drawn:
            file = self._file(op)
            self._drawn[op] = None
            if file is not None and _words(file).is_file():
                self._drawn[op] = Drawn(file, _words(file).read_text("utf-8"))
        return self._drawn[op]

    def _file(self, op: str) -> Path | None:
        illustration = illustration_of(op)
        if illustration is None:
            return None
        return self._folder / f"{op}.{picture_key(illustration)}.png"


def _words(file: Path) -> Path:
    return file.with_suffix(".txt")


def _draw_all(ops: list[tuple[str, Path]]) -> None:
    """Write pictures with their words, which come last: where they are, it is whole."""
    for op, file in ops:
        illustration = illustration_of(op)
        assert illustration is not None
        png, alt = draw(illustration)
        file.write_bytes(png)
        _words(file).write_text(alt, "utf-8")
