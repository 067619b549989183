"""Recipes: a way to the answer of a real problem, with its checks, its example and its numbers.

Each is a package with ``README.md``, ``expected.json`` (what its example must give),
``example.py`` (a function ``example(folder)`` that puts the example's images there), and one of

- ``pipeline.yaml``: a pipeline (``graticule run``);
- ``training.yaml``: methods that learn, and how they are judged (``graticule train``,
  ``graticule evaluate``);
- ``study.py``: what neither can say, as a function ``study(images, out)`` that writes tables and
  a page and returns the main table.

A plugin adds its own through the entry point group ``graticule.recipes``, which names a package
of such packages.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from graticule.core.errors import UnknownNameError, suggest

PIPELINE, TRAINING, STUDY = "pipeline.yaml", "training.yaml", "study.py"


@cache
def _packages() -> dict[str, tuple[str, Path]]:
    found: dict[str, tuple[str, Path]] = {}
    for point in sorted(entry_points(group="graticule.recipes"), key=lambda point: point.name):
        spec = importlib.util.find_spec(point.value)
        places = spec.submodule_search_locations if spec else None
        for place in places or []:
            holders = {
                file.parent
                for name in (PIPELINE, TRAINING, STUDY)
                for file in Path(place).glob(f"*/{name}")
            }
            for folder in sorted(holders):
                found.setdefault(folder.name, (f"{point.value}.{folder.name}", folder))
    return found


def _holding(file: str) -> dict[str, Path]:
    return {name: folder for name, (_, folder) in _packages().items() if (folder / file).is_file()}


def recipes() -> dict[str, Path]:
    """Return the folder of every recipe that is a pipeline, by name.

    Examples
    --------
    >>> "coins" in recipes()
    True
    """
    return _holding(PIPELINE)


def trainings() -> dict[str, Path]:
    """Return the training document of every recipe that learns, by name.

    Examples
    --------
    >>> trainings()["spots"].name
    'training.yaml'
    """
    return {name: folder / TRAINING for name, folder in _holding(TRAINING).items()}


def examples() -> dict[str, Path]:
    """Return the folder of every recipe, whatever it holds, by name.

    Examples
    --------
    >>> {"coins", "spots", "digits"} <= set(examples())
    True
    """
    return {name: folder for name, (_, folder) in _packages().items()}


def study_of(name: str) -> Callable[[Path, Path], Any] | None:
    """Return the study of a recipe; None where it has none."""
    package, folder = _packages()[name]
    if not (folder / STUDY).is_file():
        return None
    found: Callable[[Path, Path], Any] = importlib.import_module(f"{package}.study").study
    return found


def make_example(name: str, folder: Path) -> Path:
    """Put the images of a recipe's example into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    package, _ = _packages()[name]
    importlib.import_module(f"{package}.example").example(folder)
    return folder


def expected(name: str) -> dict[str, Any]:
    """Return what a recipe's example must give."""
    text = (examples()[name] / "expected.json").read_text(encoding="utf-8")
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
    if path.is_dir() and (path / PIPELINE).is_file():
        return path / PIPELINE
    name = name_or_path.removeprefix("recipes/")
    if name in recipes():
        return recipes()[name] / PIPELINE
    if name in trainings():
        raise UnknownNameError(
            f"{name} is a recipe that learns, not a pipeline",
            hint=f"graticule train {name} IMAGES --labels LABELS -o MODEL, then run the model",
        )
    raise UnknownNameError(
        f"{name_or_path!r} is neither a file nor a recipe", hint=suggest(name, list(recipes()))
    )
