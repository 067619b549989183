"""Recipes: a way to the answer of a real problem, with its checks, its example and its numbers.

Each is a package with ``README.md``, ``expected.json`` (what its example must give),
``example.py`` (a function ``example(folder)`` that puts the example's images there), and one of

- ``pipeline.yaml``: a pipeline (``graticule run``);
- ``training.yaml``: methods that learn, and how they are judged (``graticule train``,
  ``graticule evaluate``);
- ``clustering.yaml``: groups without labels (``graticule cluster``), maybe beside a pipeline; what
  it groups without being told what is put there by ``collection(folder)`` of ``example.py``, or by
  ``example``;
- ``study.py``: what neither can say, as a function ``study(images, out)`` that writes tables and
  a page and returns the main table.

A plugin adds its own through the entry point group ``graticule.recipes``, which names a package
of such packages.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from graticule.core.errors import GraticuleError, UnknownNameError, suggest
from graticule.core.registry import Registry

if TYPE_CHECKING:
    from graticule.clustering.document import ClusteringDocument

PIPELINE, TRAINING, STUDY = "pipeline.yaml", "training.yaml", "study.py"
CLUSTERING = "clustering.yaml"


_PACKAGES: Registry[ModuleType] = Registry(
    "recipe", "graticule.recipes", load=lambda module: module
)


def _holding(*files: str) -> dict[str, Path]:
    """Return the folders of the recipes that hold one of some files, by name."""
    folders = {name: Path(_PACKAGES.get(name).__path__[0]) for name in _PACKAGES.names()}
    return {
        name: folder
        for name, folder in folders.items()
        if any((folder / file).is_file() for file in files)
    }


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


def clusterings() -> dict[str, Path]:
    """Return the clustering document of every recipe that has one, by name.

    Examples
    --------
    >>> clusterings()["digits_clusters"].name
    'clustering.yaml'
    """
    return {name: folder / CLUSTERING for name, folder in _holding(CLUSTERING).items()}


def examples() -> dict[str, Path]:
    """Return the folder of every recipe, whatever it holds, by name.

    Examples
    --------
    >>> {"coins", "spots", "digits"} <= set(examples())
    True
    """
    return _holding(PIPELINE, TRAINING, CLUSTERING, STUDY)


def study_of(name: str) -> Callable[[Path, Path], Any] | None:
    """Return the study of a recipe; None where it has none."""
    if name not in _holding(STUDY):
        return None
    module = importlib.import_module(f"{_PACKAGES.get(name).__name__}.study")
    found: Callable[[Path, Path], Any] = module.study
    return found


def make_example(name: str, folder: Path) -> Path:
    """Put the images of a recipe's example into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    importlib.import_module(f"{_PACKAGES.get(name).__name__}.example").example(folder)
    return folder


def make_collection(name: str, folder: Path) -> Path:
    """Put the images that a recipe groups into a folder, which is made, and return it.

    They are those of ``collection(folder)`` of its ``example.py``; where it has none, its example.
    """
    module = importlib.import_module(f"{_PACKAGES.get(name).__name__}.example")
    folder.mkdir(parents=True, exist_ok=True)
    getattr(module, "collection", module.example)(folder)
    return folder


def question_of(name: str) -> tuple[str, str]:
    """Return the title of a recipe and the question that it answers, from its README.

    Examples
    --------
    >>> question_of("coins")
    ('coins', 'How many coins are there, and how large is each?')
    """
    text = (examples()[name] / "README.md").read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").strip()
    question = text.partition("**Question.**")[2].partition("\n\n")[0]
    return title, " ".join(question.split())


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


def prepared_by(document: ClusteringDocument) -> Path | None:
    """Return the file of a clustering document's pipeline: relative to it, or of a recipe.

    Raises
    ------
    GraticuleError
        If there is none of the name.
    """
    if not document.pipeline:
        return None
    own = document.folder / document.pipeline
    if own.is_file():
        return own
    try:
        return pipeline_path(document.pipeline)
    except GraticuleError as error:
        raise error.at(f"{document.source}: pipeline") from None
