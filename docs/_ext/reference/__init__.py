"""The reference, written from the registries and the models: what is there has its page.

Before a build reads its sources, every module of this package gives its pages; one whose text is
as it was is not touched, so that only what changed is built anew, and one of what is gone is
removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from graticule.core.registry import op_names
from reference import api, commands, documents, facts, index, kinds, numbers, ops
from reference.page import Page
from reference.pictures import Pictures

FOLDER = "reference"
"""Where the pages stand, below the sources of the documentation; nothing else is kept there."""


def pages(docs: Path, pictures: Pictures) -> Iterator[Page]:
    """Give every page of the reference."""
    yield from index.pages()
    yield from ops.pages(docs, pictures)
    yield from kinds.pages()
    yield from commands.pages()
    yield from documents.pages()
    yield from facts.pages()
    yield from api.pages()
    yield from numbers.pages()


def write(docs: Path, *, drawing: bool = False, processes: int = 1) -> list[Path]:
    """Write the pages below a folder of documentation, and return their files.

    ``drawing`` draws the pictures of ops that are not there yet, which takes some minutes, in so
    many ``processes``.
    """
    pictures = Pictures(docs / FOLDER / "pictures")
    if drawing:
        pictures.draw(op_names(), processes=processes)
    written = []
    for page in pages(docs, pictures):
        file = docs / FOLDER / f"{page.name}{page.suffix}"
        if not file.is_file() or file.read_text("utf-8") != page.text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(page.text, "utf-8")
        written.append(file)
    there = {file for file in (docs / FOLDER).rglob("*") if file.is_file()}
    for file in there.difference(written, pictures.files):
        file.unlink()
    return written


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages when a build begins."""
    app.add_config_value("reference_drawing", True, "env")

    def begin(app: Sphinx) -> None:
        drawing = app.config.reference_drawing
        write(Path(app.srcdir), drawing=drawing, processes=app.parallel)

    app.connect("builder-inited", begin)
    numbers.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
