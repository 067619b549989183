"""What is grouped: the images of a study, prepared by a pipeline, or the rows of a table.

Rows are kept in memory, and of images no more than where their files lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graticule.clustering.document import ClusteringDocument
from graticule.core.errors import FormatError, RequestError, suggest
from graticule.core.progress import Progress, no_progress
from graticule.io import Study, content_hash, escaped, study
from graticule.io.escaping import unescaped
from graticule.io.format import locate

if TYPE_CHECKING:
    import pandas as pd

    from graticule.pipeline.execute import Run
    from graticule.pipeline.result import ImageResult

Box: TypeAlias = tuple[int, int, int, int]
"""First and last samples of a part of an image: top, bottom, left, right."""
_BOX = ("y_start", "y_stop", "x_start", "x_stop")
PREPARED = "prepared"
"""Folder of the pipeline's run within that of the clustering."""
TABLES = (".csv", ".parquet")


@dataclass(frozen=True)
class SetAside:
    """What takes no part, and why.

    Attributes
    ----------
    image : str
        Its name.
    why : str
        In words.
    failed : bool
        Whether something went wrong with it; else it was refused by a column.
    """

    image: str
    why: str
    failed: bool = False


@dataclass(frozen=True)
class Collection:
    """What is grouped, a row each.

    Attributes
    ----------
    rows : DataFrame
        One row for each image or object, with the unit of columns in ``attrs``; ``image`` names
        it.
    original, prepared : tuple of (Path or None)
        The file of each row's image, and that of its prepared one.
    set_aside : tuple of SetAside
        What takes no part.
    skipped : tuple of (Path, str)
        Files beside the images that were passed over.
    source : str
        What it was made of, in words.
    notes : tuple of str
        What of the files was not understood.
    are_parts : bool
        Whether rows are objects within their images.
    sha256 : str
        Of the table they are from, where it was given.
    """

    rows: pd.DataFrame
    original: tuple[Path | None, ...]
    prepared: tuple[Path | None, ...]
    set_aside: tuple[SetAside, ...] = ()
    skipped: tuple[tuple[Path, str], ...] = ()
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    are_parts: bool = False
    sha256: str = ""

    @property
    def names(self) -> list[str]:
        """What each row is called: its image, and its number where it is an object of one."""
        names = [str(name) for name in self.rows["image"]]
        if "label" not in self.rows or len(set(names)) == len(names):
            return names
        return [f"{n} {label}" for n, label in zip(names, self.rows["label"], strict=True)]

    @property
    def noun(self) -> str:
        """What a row is: an image, an object, or no more than a row."""
        if not self.are_parts:
            return "image"
        return "object" if set(_BOX) <= set(self.rows.columns) else "row"

    def box(self, row: int) -> Box | None:
        """Return the part of its image that an object lies in; None for all of it."""
        if not self.are_parts or not set(_BOX) <= set(self.rows.columns):
            return None
        values = [float(self.rows[name].iloc[row]) for name in _BOX]
        if not all(np.isfinite(values)):
            return None
        top, bottom, left, right = (int(value) for value in values)
        return (top, bottom, left, right) if bottom > top and right > left else None

    def keep(self, kept: np.ndarray[Any, Any], set_aside: Sequence[SetAside]) -> Collection:
        """Return the collection with some of its rows alone."""
        rows = self.rows[kept].reset_index(drop=True)
        rows.attrs = dict(self.rows.attrs)
        places = np.flatnonzero(kept)
        return Collection(
            rows,
            tuple(self.original[n] for n in places),
            tuple(self.prepared[n] for n in places),
            (*self.set_aside, *set_aside),
            self.skipped,
            self.source,
            self.notes,
            self.are_parts,
            self.sha256,
        )


def is_table(path: Path) -> bool:
    """Whether a path is that of a table."""
    return path.suffix.lower() in TABLES and path.is_file()


def collect(
    document: ClusteringDocument,
    given: Sequence[str | Path],
    out: Path,
    *,
    pipeline: Path | None = None,
    workers: int | None = None,
    memory: str | None = None,
    command: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Collection:
    """Return what a document groups: a table as it is, or images, prepared by its pipeline.

    Parameters
    ----------
    document : ClusteringDocument
        What to do.
    given : sequence of str or Path
        Files, folders and patterns of images, or one table.
    out : Path
        The folder of the clustering; the run of the pipeline lies in it, and goes on from what is
        done.
    pipeline : Path, optional
        The file of the document's pipeline.
    workers, memory, command, progress
        As of `graticule.Pipeline.run`.

    Raises
    ------
    GraticuleError
        If there is nothing to group, or a column by which is refused is not there.
    """
    if len(given) == 1 and is_table(Path(given[0])):
        return _refused(document, _of_table(document, Path(given[0])))
    if pipeline is not None:
        run = _run_of(pipeline, given, out, workers, memory, command, progress)
        return _refused(document, _of_run(document, run, pipeline))
    images = study([str(each) for each in given])
    return _of_images(images)


def _of_table(document: ClusteringDocument, path: Path) -> Collection:
    """Return the rows of a table; where it has ``path``, the files of their images."""
    rows = read_rows(path)
    if "image" not in rows:
        first = next((name for name in ("name", "id", "label") if name in rows), None)
        names = rows[first].astype(str) if first else [str(n) for n in range(1, len(rows) + 1)]
        rows.insert(0, "image", list(names))
    rows["image"] = rows["image"].astype(str)
    files: list[Path | None] = [None] * len(rows)
    if "path" in rows:
        places = [Path(path.parent, unescaped(str(each))) for each in rows["path"]]
        files = [place if place.is_file() else None for place in places]
    said = f"the rows of {path.name}"
    held = content_hash(path)
    none = (None,) * len(rows)
    return Collection(rows, tuple(files), none, source=said, are_parts=True, sha256=held)


def read_rows(path: Path) -> pd.DataFrame:
    """Return a table of a CSV or Parquet file, with the units that its run wrote.

    Raises
    ------
    FormatError
        If it cannot be read, or has no row.
    """
    import pandas as pd

    from graticule.pipeline.tables import read_table

    try:
        rows = read_table(path)
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise FormatError(f"cannot be read as a table: {error}", where=str(path)) from None
    if not len(rows):
        raise FormatError("is a table without a row", where=str(path))
    return rows.reset_index(drop=True)


def _run_of(
    pipeline: Path,
    given: Sequence[str | Path],
    out: Path,
    workers: int | None,
    memory: str | None,
    command: Sequence[str],
    progress: Progress,
) -> Run:
    """Return the run of the document's pipeline; one of another pipeline or study is replaced."""
    from graticule.pipeline import Pipeline

    return Pipeline.load(pipeline).run(
        [str(each) for each in given],
        out / PREPARED,
        workers=workers,
        memory=memory,
        overwrite=True,
        processes=True,
        command=command,
        progress=progress,
    )


def _of_run(document: ClusteringDocument, run: Run, pipeline: Path) -> Collection:
    """Return the images of a run, or the objects of one of its tables."""
    failed = [SetAside(each.image, _why(each), failed=True) for each in run.failed]
    rows = _joined(document, run)
    if not len(rows):
        first = f"; the first: {failed[0].image}: {failed[0].why}" if failed else ""
        raise RequestError(
            f"no {document.rows} came out of the pipeline{first}",
            where=str(pipeline),
        )
    files: dict[str, tuple[Path | None, Path | None]] = {}
    for each in run.results:
        if each.status == "done":
            found = _prepared(document, run, each) if document.rows == "images" else None
            files[each.image] = (Path(unescaped(each.path)), found)
    original, prepared = zip(*(files[str(name)] for name in rows["image"]), strict=True)
    return Collection(
        rows,
        original,
        prepared,
        tuple(failed),
        run.skipped,
        f"the {document.rows} of {pipeline.name}",
        run.notes,
        are_parts=document.rows != "images",
    )


def _why(result: ImageResult) -> str:
    error = result.error or {}
    place = f"{error['where']}: " if error.get("where") else ""
    return f"{place}{error.get('what', '')}"


def _joined(document: ClusteringDocument, run: Run) -> pd.DataFrame:
    """Return the rows of images with what was measured once of each, or objects with their image's.

    A column of a name that is taken has that of its table before.
    """
    if document.rows != "images":
        return _beside(_objects(document, run), run.images, "image")
    rows = run.images
    for name, table in run.tables.items():
        if "image" in table and table["image"].is_unique:
            rows = _beside(rows, table, name)
    return rows


def _beside(rows: pd.DataFrame, other: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return rows with what was measured in the row of another table that has the same image."""
    taken = set(rows.columns)
    other = other.drop(columns=list(other.attrs.get("facts", {})))  # rows have them themselves
    names = {c: f"{name}_{c}" if c in taken and c != "image" else str(c) for c in other.columns}
    joined = rows.merge(other.rename(columns=names), on="image", how="left")
    units = {names[c]: unit for c, unit in other.attrs.get("units", {}).items() if c in names}
    joined.attrs = {**rows.attrs, "units": {**units, **rows.attrs.get("units", {})}}
    return joined


def _objects(document: ClusteringDocument, run: Run) -> pd.DataFrame:
    names = {name.removeprefix("objects_"): name for name in run.tables}
    name = document.rows if document.rows in run.tables else names.get(document.rows)
    if name is None:
        raise RequestError(
            f"the pipeline has no table {document.rows!r} among its outputs",
            where=f"{document.source}: rows",
            hint=suggest(document.rows, ["images", *run.tables]),
        )
    return run.tables[name]


def _prepared(document: ClusteringDocument, run: Run, result: ImageResult) -> Path | None:
    """Return the file of the prepared image: the array that the document names, or the first."""
    from graticule.io.studies import stem

    by_output = {stem(Path(name).name): name for name in result.arrays}
    if document.prepared and by_output and document.prepared not in by_output:
        raise RequestError(
            f"the pipeline writes no array {document.prepared!r}",
            where=f"{document.source}: prepared",
            hint=suggest(document.prepared, list(by_output)),
        )
    name = by_output.get(document.prepared) if document.prepared else next(iter(result.arrays), "")
    return run.folder / name if name else None


def _of_images(images: Study) -> Collection:
    """Return images as they are; what is no image is found when it is read."""
    import pandas as pd

    rows = pd.DataFrame({"image": [source.name for source in images]})
    files = tuple(source.path for source in images)
    return Collection(rows, files, files, (), images.skipped)


def folder_of(path: Path | None) -> str:
    """Return the name of the folder an image lies in, which may be its label."""
    return "" if path is None else escaped(locate(path).path.absolute().parent.name)


def _refused(document: ClusteringDocument, collection: Collection) -> Collection:
    """Set aside the rows that a column refuses: true, or a text that is not empty."""
    reasons: list[list[str]] = [[] for _ in range(len(collection.rows))]
    for column in document.refuse:
        if column not in collection.rows:
            raise RequestError(
                f"there is no column {column!r} by which could be refused",
                where=f"{document.source}: refuse",
                hint=suggest(column, [str(name) for name in collection.rows.columns]),
            )
        for number, value in enumerate(collection.rows[column].tolist()):
            if isinstance(value, str) and value:
                reasons[number].append(value)
            elif not isinstance(value, str) and value == value and value:
                reasons[number].append(column)
    aside = [
        SetAside(name, ", ".join(why))
        for name, why in zip(collection.names, reasons, strict=True)
        if why
    ]
    if aside and len(aside) == len(reasons):
        first = f"{aside[0].image}: {aside[0].why}"
        raise RequestError(
            f"all {len(aside)} {collection.noun}s are refused, the first as {first}",
            where=f"{document.source}: refuse",
            hint="leave a column out of refuse, or change the limits of the pipeline",
        )
    return collection.keep(np.array([not why for why in reasons], bool), aside)
