"""The served folder: its images are read, and only what lies in its ``graticule/`` is written."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError, RequestError
from graticule.io.format import is_one_image, locate
from graticule.io.studies import images_in
from graticule.pipeline.spec import Spec, digest

OWN = "graticule"
_DEEPEST = 3
_MOST = 10_000
"""Images that are listed."""
_NAME = re.compile(r"[^\W_][\w .()+-]{0,99}")


class ConflictError(RequestError):
    """A document was saved by another since it was read.

    Attributes
    ----------
    text, revision : str
        What it holds now.
    """

    def __init__(self, name: str, text: str, revision: str) -> None:
        super().__init__(f"{name} was changed elsewhere since it was opened")
        self.text, self.revision = text, revision


@dataclass(frozen=True)
class Saved:
    """A document as it is on the disk; ``revision`` is equal for equal texts."""

    text: str
    revision: str


class ServedFolder:
    """A folder of images, and the documents that are kept beside them.

    Parameters
    ----------
    root : Path
        The folder; nothing outside it is read.
    """

    def __init__(self, root: Path) -> None:
        require_folder(root)
        self.root = root.resolve()
        self.own = self.root / OWN
        self._lock = threading.Lock()

    def images(self) -> list[str]:
        """Return the paths of the images from the folder."""
        examples = self.own / "examples"
        made = sorted(examples.iterdir()) if examples.is_dir() else []
        folders = [*_folders(self.root, self.own), *(each for each in made if each.is_dir())]
        found = [path for folder in folders for path in images_in(folder)]
        return [path.relative_to(self.root).as_posix() for path in found[:_MOST]]

    def file(self, path: str) -> Path:
        """Return a file or folder within the served one.

        Raises
        ------
        RequestError
            If it lies elsewhere, by whatever way, or is not there.
        """
        found = self.root / path
        if "\0" in path:
            raise RequestError("is no path")
        self.require_inside(found, path[:200])
        try:
            locate(found)
        except FormatError:
            raise RequestError("there is no such image in the folder", where=path[:200]) from None
        return found

    def require_inside(self, path: Path, where: str) -> None:
        """Raise `RequestError` if a path leads out of the folder, by links too."""
        if not path.resolve().is_relative_to(self.root):
            raise RequestError("lies outside of the folder that is served", where=where)

    def require_reads(self, pipeline: Spec) -> None:
        """Raise `RequestError` if the sheet or a step of a pipeline reads outside of the folder."""
        if pipeline.sheet is not None:
            for beside in (self.root, self.own / "pipelines"):
                self.require_inside(beside / pipeline.sheet.file, "sheet")
        for name, step in pipeline.steps.items():
            for key, value in step.params.items():
                path = getattr(value, "path", None)
                if isinstance(path, Path):
                    self.require_inside(path, f"{name}.{key}")

    def require_clusters(self, document: Path) -> None:
        """Raise `RequestError` if a clustering document of the folder reads outside of it."""
        from graticule.clustering.document import load
        from graticule.pipeline import Pipeline
        from graticule.recipes import prepared_by, recipes

        loaded = load(document)
        for place in loaded.study:
            for beside in (self.root, document.parent):
                self.require_inside(beside / place, document.name)
        pipeline = prepared_by(loaded)
        if pipeline is not None and loaded.pipeline not in recipes():
            self.require_inside(pipeline, document.name)
            self.require_reads(Pipeline.load(pipeline))

    def pipelines(self) -> list[str]:
        """Return the names of the pipelines that are kept here."""
        folder = self.own / "pipelines"
        return sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []

    def pipeline_file(self, name: str) -> Path:
        """Return where a pipeline is kept, whether it is there or not.

        Raises
        ------
        RequestError
            If it cannot be called so.
        """
        if not _NAME.fullmatch(name) or name.rstrip(" .") != name:
            raise RequestError(
                "is no name for a pipeline", where=name[:100],
                hint="letters, digits, spaces and . ( ) + - _, up to 100 of them",
            )  # fmt: skip
        return self.own / "pipelines" / f"{name}.yaml"

    def training_file(self, name: str) -> Path:
        """Return where the training document of a classifier is kept, as `pipeline_file` does."""
        return self.own / "training" / self.pipeline_file(name).name

    def clustering_file(self, name: str) -> Path:
        """Return where a clustering document is kept."""
        return self.own / "clusterings" / self.pipeline_file(name).name

    def clusterings(self) -> list[str]:
        """Return the names of the clustering documents that are kept here."""
        folder = self.own / "clusterings"
        return sorted(path.stem for path in folder.glob("*.yaml")) if folder.is_dir() else []

    def model_file(self, name: str) -> Path:
        """Return where the model of a classifier is kept."""
        return self.own / "models" / f"{self.pipeline_file(name).stem}.model"

    def load(self, name: str) -> Saved:
        """Return a pipeline that is kept here."""
        path = self.pipeline_file(name)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise RequestError("there is no such pipeline", where=name) from None
        except UnicodeDecodeError:
            raise RequestError("is no text in UTF-8", where=path.name) from None
        return Saved(text, revision_of(text))

    def save(self, name: str, text: str, revision: str) -> Saved:
        """Keep a pipeline.

        Raises
        ------
        ConflictError
            If it is not the ``revision`` (nothing of a new one) that this is a change of.
        """
        path = self.pipeline_file(name)
        with self._lock:
            before = self.load(name) if path.exists() else Saved("", "")
            if before.revision not in (revision, revision_of(text)):
                raise ConflictError(name, before.text, before.revision)
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as draft:
                draft.write_text(text, "utf-8")
        return Saved(text, revision_of(text))

    def example_folder(self, name: str) -> Path:
        """Return where the images of a recipe's example are put."""
        return self.own / "examples" / self.pipeline_file(name).stem

    def run_folder(self, name: str) -> Path:
        """Return where the runs of a pipeline are kept."""
        return self.own / "runs" / self.pipeline_file(name).stem


def require_folder(root: Path) -> None:
    """Raise `RequestError` if there is no such folder."""
    if not root.is_dir():
        raise RequestError("is no folder", where=str(root))


def revision_of(text: str) -> str:
    """Return a word that is equal for equal texts."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def first_revision() -> int:
    """Return where the revisions of what is opened begin: beyond those of all that was before it.

    What is kept by a revision is then never taken for that of a file of the same name.
    """
    return time.time_ns() // 10**6


def stamp_of(file: Path) -> str:
    """Return what is another after a file was changed, without reading it."""
    whole = locate(file).path
    parts = sorted(whole.rglob("*"))[:10_000] if whole.is_dir() else [whole]
    told = [(str(p), s.st_size, s.st_mtime_ns) for p in parts for s in [p.stat()]]
    return digest("stamp", str(file), told)


def _folders(root: Path, but: Path) -> list[Path]:
    """Return a folder and those in it, as deep as people put their days and plates."""
    found = level = [root]
    for _ in range(_DEEPEST):
        inside = [path for folder in level for path in sorted(folder.iterdir())]
        level = [
            path
            for path in inside
            if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
            and path != but and not is_one_image(path)
        ]  # fmt: skip
        found = [*found, *level][:_MOST]
    return found
