"""Recipes: a pipeline for a real problem, with its checks, its example and its numbers.

Each is a package with ``pipeline.yaml``, ``README.md``, ``expected.json`` (what its example must
give) and ``example.py`` (a function ``example(folder)`` that puts the example's images there). A
plugin adds its own through the entry point group ``graticule.recipes``, which names a package of
such packages.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from graticule.core.errors import UnknownNameError, suggest


@cache
def _packages() -> dict[str, tuple[str, Path]]:
    found: dict[str, tuple[str, Path]] = {}
    for point in sorted(entry_points(group="graticule.recipes"), key=lambda point: point.name):
        spec = importlib.util.find_spec(point.value)
        places = spec.submodule_search_locations if spec else None
        for place in places or []:
            for file in sorted(Path(place).glob("*/pipeline.yaml")):
                name = file.parent.name
                found.setdefault(name, (f"{point.value}.{name}", file.parent))
    return found


def recipes() -> dict[str, Path]:
    """Return the folder of every recipe by name.

    Examples
    --------
    >>> "coins" in recipes()
    True
    """
    return {name: folder for name, (_, folder) in _packages().items()}


def make_example(name: str, folder: Path) -> Path:
    """Put the images of a recipe's example into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    package, _ = _packages()[name]
    importlib.import_module(f"{package}.example").example(folder)
    return folder


def expected(name: str) -> dict[str, Any]:
    """Return what a recipe's example must give."""
    text = (recipes()[name] / "expected.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def pipeline_path(name_or_path: str) -> Path:
    """Return the file of a pipeline: a path as it is, or the name of a recipe.

    Raises
    ------
    UnknownNameError
        If there is neither; the message names the closest recipe.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir() and (path / "pipeline.yaml").is_file():
        return path / "pipeline.yaml"
    name = name_or_path.removeprefix("recipes/")
    if name in recipes():
        return recipes()[name] / "pipeline.yaml"
    raise UnknownNameError(
        f"{name_or_path!r} is neither a file nor a recipe", hint=suggest(name, list(recipes()))
    )
