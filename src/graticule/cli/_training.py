"""What the commands of learning have in common: training documents, and folders to write to."""

from __future__ import annotations

import runpy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from graticule.core.errors import RequestError, UnknownNameError, suggest
from graticule.recipes import TRAINING, trainings

if TYPE_CHECKING:
    from graticule.learn.document.document import TrainingDocument


def training_path(name_or_path: str | Path) -> Path | None:
    """Return the file of a training document; None where this names none.

    A YAML file, a folder with ``training.yaml``, or the name of a recipe that has one.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path if path.suffix.lower() in (".yaml", ".yml") else None
    if (path / TRAINING).is_file():
        return path / TRAINING
    known = trainings()
    return None if path.exists() else known.get(str(name_or_path).removeprefix("recipes/"))


def require_training_path(name_or_path: str) -> Path:
    """Return the file of a training document.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    found = training_path(name_or_path)
    if found is None:
        known = list(trainings())
        if Path(name_or_path).suffix.lower() in (".yaml", ".yml"):
            raise RequestError("there is no such training document", where=name_or_path)
        raise UnknownNameError(
            f"{name_or_path!r} is neither a training document (a YAML file) nor a recipe with one",
            hint=suggest(name_or_path, known),
        )
    return found


@contextmanager
def images_and_labels(
    training: TrainingDocument, images: Path | None, labels: Path | None
) -> Iterator[tuple[Path, Path | None]]:
    """Give the images and labels that were named; of a recipe, where none were, its example.

    Without labels the document says where those of the images are.

    Raises
    ------
    RequestError
        If images or labels are missing, and the document has no example of its own.
    """
    document = Path(training.source)
    if images is not None and (labels is not None or training.inputs.labels.path):
        yield images, labels
        return
    example = document.parent / "example.py"
    if images is not None or labels is not None or not example.is_file():
        missing = "images" if images is None else "--labels"
        raise RequestError(
            f"to learn by {document} it needs images and --labels; there are no {missing}",
            hint="as images/ --labels labels/; or say inputs.labels.path in the document",
        )
    with tempfile.TemporaryDirectory() as folder:
        runpy.run_path(str(example))["example"](Path(folder))
        yield Path(folder) / "images", Path(folder) / "labels"


def make_folder(folder: Path) -> None:
    """Make a folder; raise `RequestError` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"cannot make the folder: {error.strerror}", where=str(folder)) from None
