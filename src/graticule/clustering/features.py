"""The numbers by which a collection is grouped: columns of its table, and rows of its images."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.collection import Collection, SetAside
from graticule.clustering.document import ClusteringDocument
from graticule.clustering.embedding import content_of, fitted, together
from graticule.core.atomic import atomic_path, flushed_later
from graticule.core.errors import (
    GraticuleError,
    ImageError,
    MemoryBudgetError,
    RequestError,
    suggest,
)
from graticule.core.progress import Progress, no_progress
from graticule.core.settings import enough_bytes, memory_limit, settings
from graticule.core.typing import Array
from graticule.io import read
from graticule.learn.models.image_rows import ImageRows
from graticule.pipeline.spec import digest

if TYPE_CHECKING:
    import pandas as pd

WORK = ".work"
_ENDS = ("_start", "_stop")
_PART = 256
_LOOKED_AT = 25
"""Images whose size is looked at, to know that of most."""
_PROCESSES = 2000
_COPIES = 4
"""Copies of a table that grouping it takes, in double precision."""
PLACES = (
    "label", "image", "path", "centroid", "bbox", "weighted_centroid", "min_", "max_", "row",
)  # fmt: skip
"""What starts the names of columns that number or place things, and do not describe them."""


@dataclass(frozen=True)
class FeatureTable:
    """Rows of numbers, none missing.

    Attributes
    ----------
    table : DataFrame
        A column for each feature; units in ``attrs``.
    collection : Collection
        The things of its rows, in their order.
    image_rows : ImageRows or None
        How images became rows.
    image_columns : tuple of str
        The columns that came of it.
    left_out : tuple of str
        What was not taken of the columns, in words.
    images_key : str
        Of the content of all images that became rows, in their order, and of how.
    """

    table: pd.DataFrame
    collection: Collection
    image_rows: ImageRows | None = None
    image_columns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    images_key: str = ""


def describe(
    document: ClusteringDocument,
    collection: Collection,
    out: Path,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> FeatureTable:
    """Return the features of a collection; rows that lack a number are set aside and named.

    Parameters
    ----------
    document : ClusteringDocument
        Which columns, and which embedding.
    collection : Collection
        What is described.
    out : Path
        The folder of the clustering, where rows of images are kept.
    workers : int, optional
        Processes for images.
    progress : callable
        Told of images.

    Raises
    ------
    RequestError
        If there is no such column, no number, or no row is left.
    MemoryBudgetError
        If the table would be too large.
    """
    import pandas as pd

    wanted, left_out = _columns(document, collection.rows)
    parts: list[pd.DataFrame] = []
    image_rows, key = None, ""
    if wanted:
        parts.append(collection.rows[wanted].apply(pd.to_numeric).astype(np.float64))
    if document.features.embedding is not None or not wanted:
        image_rows, (own, failed, key) = _image_part(document, collection, out, workers, progress)
        kept = np.array([name not in failed for name in range(len(own))], bool)
        aside = [SetAside(collection.names[n], why, failed=True) for n, why in failed.items()]
        collection = collection.keep(kept, aside)
        parts = [part[kept].reset_index(drop=True) for part in parts]
        parts.append(pd.DataFrame(own[kept], columns=image_rows.columns))
    table = pd.concat(parts, axis=1) if len(parts) > 1 else parts[0]
    table, collection, dropped = _sound(table, collection)
    units = collection.rows.attrs.get("units", {})
    table.attrs["units"] = {name: units[name] for name in table.columns if units.get(name)}
    names = tuple(c for c in table.columns if image_rows and c in set(image_rows.columns))
    return FeatureTable(table, collection, image_rows, names, (*left_out, *dropped), key)


def _columns(document: ClusteringDocument, rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that are features: those that a pattern names, or that describe."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    names = [str(name) for name in rows.columns]
    numeric = [n for n in names if is_numeric_dtype(rows[n]) and not is_bool_dtype(rows[n])]
    spec = document.features
    if not spec.columns:
        if spec.embedding is not None:
            return [], []
        others = {*document.refuse, document.labels, *spec.without}
        facts = rows.attrs.get("facts", {})
        return [
            n for n in numeric
            if n not in facts
            and not n.startswith(PLACES)
            and not n.endswith(_ENDS)
            and not any(fnmatchcase(n, o) for o in others)
        ], []  # fmt: skip
    found: dict[str, None] = {}
    for pattern in spec.columns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            raise RequestError(
                f"no column is {pattern!r}",
                where=f"{document.source}: features.columns",
                hint=suggest(pattern, numeric),
            )
        texts = [name for name in matching if name not in numeric]
        if texts and not any(sign in pattern for sign in "*?["):
            raise RequestError(
                f"the column {texts[0]} holds no numbers",
                where=f"{document.source}: features.columns",
            )
        found |= dict.fromkeys(name for name in matching if name in numeric)
    kept = [n for n in found if not any(fnmatchcase(n, p) for p in spec.without)]
    return [name for name in kept if name != document.labels], []


def _sound(
    table: pd.DataFrame, collection: Collection
) -> tuple[pd.DataFrame, Collection, list[str]]:
    """Leave out columns that say nothing, and rows that lack a number in what is left."""
    values = table.to_numpy(np.float64)
    finite = np.isfinite(values)
    empty = ~finite.any(axis=0)
    low = np.where(finite, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf)
    constant = ~empty & (low == high) & (len(table) > 1)
    names = np.array(table.columns, object)
    left_out = []
    for what, which in (("has no number", empty), ("is the same everywhere", constant)):
        if which.any():
            shown = ", ".join(names[which][:5]) + (", ..." if which.sum() > 5 else "")
            count = int(which.sum())
            left_out.append(f"{count} column{'s' * (count > 1)} left out, for it {what}: {shown}"
                            if count == 1 else
                            f"{count} columns left out, for each {what}: {shown}")  # fmt: skip
    used = ~(empty | constant)
    if not used.any():
        raise RequestError(
            f"no feature is left of {len(names)}: {'; '.join(left_out)}",
            hint="all images are alike, or nothing was measured",
        )
    lacking = ~finite[:, used]
    kept = ~lacking.any(axis=1)
    if not kept.any():
        worst = names[used][lacking.sum(axis=0).argmax()]
        raise RequestError(
            f"every row lacks a number somewhere, most often in {worst}",
            hint="leave such columns out: features.without",
        )
    table_names = names[used]
    aside = [
        SetAside(collection.names[n], f"no number in {', '.join(table_names[lacking[n]][:3])}"
                 + (", ..." if lacking[n].sum() > 3 else ""))
        for n in np.flatnonzero(~kept)
    ]  # fmt: skip
    if used.all() and kept.all():
        return table, collection, left_out
    chosen = table.loc[kept, used].reset_index(drop=True)
    return chosen, collection.keep(kept, aside), left_out


def _image_part(
    document: ClusteringDocument,
    collection: Collection,
    out: Path,
    workers: int | None,
    progress: Progress,
) -> tuple[ImageRows, tuple[Array, dict[int, str], str]]:
    """Return the rows of all images, and why those of some could not be had."""
    files = [own or other for own, other in zip(collection.prepared, collection.original,
                                                strict=True)]  # fmt: skip
    if document.rows != "images" or all(file is None for file in files):
        raise RequestError(
            "there are no images to make numbers of, and no columns are named",
            where=f"{document.source}: features",
            hint="name columns of the table",
        )
    made = ImageRows.of(document.features.embedding or "values")
    there = [file for file in files if file is not None]
    made = _seen(made, there)
    if made.is_learned:
        made = fitted(made, there, out / WORK / "embedding", document.seed, progress)
    _require_room(len(files), len(made.columns))
    return made, _rows(made, files, out / WORK / "rows", workers, progress)


def _seen(made: ImageRows, files: Sequence[Path]) -> ImageRows:
    """Return it for images like most of some; what cannot be read is met later."""
    places = np.unique(np.linspace(0, len(files) - 1, min(len(files), _LOOKED_AT)).astype(int))
    found: list[ImageRows] = []
    trouble: GraticuleError | None = None
    for place in places:
        try:
            found.append(made.seen(read(files[place])))
        except GraticuleError as error:
            trouble = trouble or error.at(str(files[place]))
    if not found:
        assert trouble is not None
        raise trouble
    counts = Counter((each.shape, each.channels) for each in found)
    most = counts.most_common(1)[0][0]
    return next(each for each in found if (each.shape, each.channels) == most)


def _require_room(rows: int, columns: int) -> None:
    needed, limit = rows * columns * 8 * _COPIES, memory_limit()
    if needed > limit:
        raise MemoryBudgetError(
            f"{rows:,} rows of {columns:,} numbers take {enough_bytes(needed)} to be grouped, and "
            f"there are {enough_bytes(limit)}",
            where="features.embedding",
            hint="describe images by fewer numbers, or allow more: --memory",
        )


def _rows(
    made: ImageRows,
    files: Sequence[Path | None],
    kept_in: Path,
    workers: int | None,
    progress: Progress,
) -> tuple[Array, dict[int, str], str]:
    """Return the rows of files, why some have none, and a key of their content.

    What is done is kept and taken up again.
    """
    from graticule.pipeline.workers import Workers

    kept_in.mkdir(parents=True, exist_ok=True)
    parts = [list(files[start : start + _PART]) for start in range(0, len(files), _PART)]
    out = np.full((len(files), len(made.columns)), np.nan, np.float32)
    failed: dict[int, str] = {}
    used: dict[str, None] = {}
    count = settings().workers if workers is None else workers
    with Workers(count, processes=count > 1 and len(files) >= _PROCESSES) as pool:
        work = partial(_part_rows, made, kept_in)
        for number, (rows, why, name) in enumerate(pool.map(work, parts)):
            start = number * _PART
            out[start : start + len(rows)] = rows
            failed |= {start + place: text for place, text in why.items()}
            used[name] = None
            progress(min(start + _PART, len(files)), len(files), "describing images")
    for stale in kept_in.glob("*.npz"):
        if stale.name not in used:
            stale.unlink(missing_ok=True)
    return out, failed, digest("images", list(used))


def _part_rows(
    made: ImageRows, kept_in: Path, files: Sequence[Path | None]
) -> tuple[Array, dict[int, str], str]:
    """Return the rows of some files, why some have none, and the file in which they are kept."""
    learned = {key: sha256(array.tobytes()).hexdigest() for key, array in made.arrays.items()}
    name = f"{digest('rows', made.state(), learned, [content_of(file) for file in files])[:32]}.npz"
    found = _kept(kept_in / name)
    if found is not None:
        return (*found, name)
    rows = np.full((len(files), len(made.columns)), np.nan, np.float32)
    why: dict[int, str] = {}
    places: list[int] = []
    samples: list[Array] = []
    for number, file in enumerate(files):
        if file is None:
            why[number] = "there is no image of it"
            continue
        try:
            samples.append(made.sample(read(file)))
            places.append(number)
        except GraticuleError as error:
            why[number] = _told(error, file)
        except Exception as error:  # one image must not end the study, whatever is wrong with it
            why[number] = f"{type(error).__name__}: {error}"
        if len(samples) == together(made):
            rows[places] = made.rows(np.stack(samples))
            places, samples = [], []
    if samples:
        rows[places] = made.rows(np.stack(samples))
    with flushed_later(), atomic_path(kept_in / name) as draft:
        failed = np.array(list(why), np.int64)
        np.savez(draft, rows=rows, places=failed, why=np.array(list(why.values()), str))
    return rows, why, name


def _told(error: GraticuleError, file: Path) -> str:
    """Return an error as text without the file, which is named beside it."""
    return str(error).removeprefix(f"{file}: ")


def _kept(path: Path) -> tuple[Array, dict[int, str]] | None:
    """Return what was kept, if it is there and whole."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            places, texts = file["places"].tolist(), file["why"].tolist()
            return file["rows"], dict(zip(places, texts, strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def labels_of(document: ClusteringDocument, collection: Collection) -> list[str] | None:
    """Return the label of each row by which groups are judged; empty where it has none.

    Raises
    ------
    RequestError
        If there is no such column.
    """
    from graticule.clustering.collection import folder_of

    if not document.labels:
        return None
    if document.labels == "folder":
        return [folder_of(path) for path in collection.original]
    rows = collection.rows
    if document.labels not in rows:
        raise RequestError(
            f"there is no column {document.labels!r}",
            where=f"{document.source}: labels",
            hint=suggest(document.labels, ["folder", *map(str, rows.columns)]),
        )
    return ["" if value is None or value != value else _as_label(value)
            for value in rows[document.labels].tolist()]  # fmt: skip


def _as_label(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def require_rows(features: FeatureTable, needed: Mapping[str, int]) -> None:
    """Refuse a table of fewer rows than some method has groups.

    Raises
    ------
    ImageError
    """
    rows = len(features.table)
    for name, groups in needed.items():
        if rows < groups:
            raise ImageError(f"{groups} groups of {rows} rows cannot be", where=f"methods.{name}")
