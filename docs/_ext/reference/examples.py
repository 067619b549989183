"""Which examples use an op: gallery scripts, tutorials and recipes, found by their text."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from graticule.core.registry import op_names
from graticule.recipes import recipes

_TITLE = re.compile(r'\A(?:"""|# )\s*(.+)')
_BY_NAME = re.compile(r"\bgt\.(\w+\.\w+)|\bop: ?(\w+\.\w+)|op\(\"(\w+\.\w+)\"\)")


class Uses:
    """The examples of a folder of documentation, and what each uses."""

    def __init__(self, docs: Path) -> None:
        self._links: dict[str, list[str]] = defaultdict(list)
        known = set(op_names())
        for link, text in _texts(docs):
            for name in sorted(_used(text) & known):
                self._links[name].append(link)

    def of(self, op: str) -> list[str]:
        """Return links to the examples that use an op."""
        return self._links[op]


def _used(text: str) -> set[str]:
    return {name for found in _BY_NAME.findall(text) for name in found if name}


def _texts(docs: Path) -> list[tuple[str, str]]:
    """Return a link to every example, with its text."""
    found = []
    for file in sorted((docs / "gallery").glob("*.py")):
        text = file.read_text("utf-8")
        found.append((f":doc:`{_title(text)} </auto_gallery/{file.stem}>`", text))
    for file in sorted((docs / "tutorials").glob("*.md")):
        text = file.read_text("utf-8")
        found.append((f":doc:`{_title(text)} </tutorials/{file.stem}>`", text))
    for name, folder in recipes().items():
        link = f":doc:`the recipe {name} </reference/recipes/{name}>`"
        found.append((link, (folder / "pipeline.yaml").read_text("utf-8")))
    return found


def _title(text: str) -> str:
    match = _TITLE.match(text)
    return match[1].strip() if match else "example"
