"""Recipes: a pipeline for a real problem, with its checks, its example and its numbers.

Each is a folder with ``pipeline.yaml``, ``README.md`` and ``expected.json``. A plugin adds its
own through the entry point group ``graticule.recipes``, which names a package of such folders.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from graticule.core.errors import UnknownNameError, suggest


@cache
def recipes() -> dict[str, Path]:
    """Return the folder of every recipe by name.

    Examples
    --------
    >>> "coins" in recipes()
    True
    """
    found: dict[str, Path] = {}
    for point in sorted(entry_points(group="graticule.recipes"), key=lambda point: point.name):
        spec = importlib.util.find_spec(point.value)
        places = spec.submodule_search_locations if spec else None
        for place in places or []:
            for file in sorted(Path(place).glob("*/pipeline.yaml")):
                found.setdefault(file.parent.name, file.parent)
    return found


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
