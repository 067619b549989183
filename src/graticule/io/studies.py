"""A set of images: a folder, a pattern, a file or a list of these."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from graticule.core.errors import FormatError
from graticule.io.escaping import escaped
from graticule.io.format import formats, is_one_image, locate, sniff
from graticule.io.paths import as_path, matches, natural, obstacle
from graticule.io.safety import guard

HIDDEN, FOLDER, UNKNOWN, EMPTY = "hidden", "a folder", "of no known format", "empty"
NO_PATTERN = "fits no pattern of the inputs"
"""Why something was passed over."""

_DOCUMENTS = frozenset({
    ".txt", ".md", ".rst", ".csv", ".tsv", ".xls", ".xlsx", ".ods", ".parquet", ".json", ".yaml",
    ".yml", ".toml", ".ini", ".xml", ".html", ".htm", ".pdf", ".doc", ".docx", ".odt", ".ppt",
    ".pptx", ".log", ".py", ".ipynb", ".sh", ".r", ".m", ".db", ".lnk",
})  # fmt: skip


@dataclass(frozen=True)
class StudyImage:
    """One image of a study.

    Attributes
    ----------
    name : str
        Its path from the folder of the study, without its ending where that is enough to tell it
        from all others; what of it is no text as `escaped` has it.
    path : Path
        What `graticule.io.read` takes.
    files : mapping of Path
        The files of its inputs, where these are paired by what their names say.
    facts : mapping
        What is known of it beside: fields of the names of its files, columns of the sheet.

    Examples
    --------
    >>> from pathlib import Path
    >>> image = StudyImage("day3/B02", Path("day3/B02.tif"), facts={"well": "B02", "dose": 0.1})
    >>> image.facts["dose"]
    0.1
    """

    name: str
    path: Path
    files: Mapping[str, Path] = field(default_factory=dict, hash=False)
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Study(Sequence[StudyImage]):
    """The images of a study in natural order, and what was passed over in their folders.

    Parameters
    ----------
    sources : iterable of StudyImage
        The images, in the order in which they are worked on.
    skipped : iterable of (Path, str)
        Files and folders that are no images, with the reason: hidden, a folder, of no known format.
    units : mapping, optional
        Of the facts that have one.
    notes : iterable of str
        What images and facts do not have in common.

    Examples
    --------
    >>> from pathlib import Path
    >>> images = Study([StudyImage(name, Path(f"{name}.tif")) for name in ("a", "b")])
    >>> len(images), images[1].name, images[:1]
    (2, 'b', <study of 1 images, 0 files skipped>)
    """

    def __init__(
        self,
        sources: Iterable[StudyImage],
        skipped: Iterable[tuple[Path, str]] = (),
        units: Mapping[str, str] | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        self.sources = tuple(sources)
        self.skipped = tuple(skipped)
        self.units = dict(units or {})
        self.notes = tuple(notes)

    @overload
    def __getitem__(self, index: int) -> StudyImage: ...
    @overload
    def __getitem__(self, index: slice) -> Study: ...
    def __getitem__(self, index: int | slice) -> StudyImage | Study:
        """Return one image, or a part of the study."""
        if isinstance(index, slice):
            return Study(self.sources[index], self.skipped, self.units, self.notes)
        return self.sources[index]

    def __len__(self) -> int:
        return len(self.sources)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<study of {len(self)} images, {len(self.skipped)} files skipped>"


def study(paths: str | Path | Iterable[str | Path]) -> Study:
    """Return the images of a folder, a pattern, a file, or a list of these.

    Folders are searched one level deep; their hidden files and files of no known format are
    left out and listed in ``skipped``. A file that is named itself is always taken, and so is
    one that is named like an image and is none (``.tif`` of no bytes), one that may not be read
    and a link to nothing: they fail when read.

    Parameters
    ----------
    paths : str or Path or iterable of these
        A pattern has ``*``, ``?`` or ``[...]``, and no file has this very name.

    Returns
    -------
    Study
        A sequence of `StudyImage`, in natural order (``a2`` before ``a10``) within each folder
        and pattern, each image once, names unique.

    Raises
    ------
    FormatError
        If there is no such file, or no image.

    Examples
    --------
    >>> import os, skimage
    >>> images = study(os.path.join(skimage.data_dir, "co*.png"))
    >>> [source.name for source in images][:2]
    ['coffee', 'coins']
    """
    entries: list[Any] = [paths]
    if isinstance(paths, Iterable) and not isinstance(paths, (str, bytes)):
        entries = list(paths)
    if not entries:
        raise FormatError("a study needs at least one image; none was given")
    images: dict[Path, Path] = {}
    skipped: list[tuple[Path, str]] = []
    for entry in entries:
        expanded = list(_expand(entry, skipped))
        if not expanded:
            raise FormatError("holds no image", where=str(entry), hint=_why(skipped))
        root = _common_folder(expanded)
        images |= {path: root for path in expanded if path not in images}
    return Study(_name(images), skipped)


def images_in(folder: Path) -> list[Path]:
    """Return the images of a folder; none where it holds none.

    Parameters
    ----------
    folder : Path
        Its own folders are not looked into.

    Returns
    -------
    list of Path
        In natural order.
    """
    try:
        return [each.path for each in study(folder)]
    except FormatError:
        return []


def _expand(entry: str | Path, skipped: list[tuple[Path, str]]) -> Iterator[Path]:
    path = _straight(as_path(entry))
    with guard(entry):
        found = matches(path)
        if found is None and not is_one_image(path):
            found = sorted(path.iterdir(), key=natural)
            if not found:
                raise FormatError("holds no image", hint="the folder is empty")
    if found is None:
        locate(path)
        yield path
    elif not found:
        raise FormatError("matches no file", where=str(entry))
    else:
        yield from _images(found, skipped)


def _straight(path: Path) -> Path:
    """Return a path without ``..``, so that a name made of its parts leads nowhere else."""
    if ".." not in path.parts:
        return path
    return path.resolve() if path.name == ".." else path.parent.resolve() / path.name


def _images(entries: list[Path], skipped: list[tuple[Path, str]]) -> Iterator[Path]:
    listed = frozenset(entries)
    for entry in entries:
        reason = _not_an_image(entry, listed)
        if reason:
            skipped.append((entry, reason))
        else:
            yield entry


def _not_an_image(entry: Path, listed: frozenset[Path]) -> str:
    if entry.name.startswith("."):
        return HIDDEN
    if not os.access(entry, os.R_OK):
        return ""  # nobody may read it, or it leads to nothing: an image that failed
    if in_the_way := obstacle(entry):
        return in_the_way
    try:
        known = sniff(entry)
    except OSError:
        return ""  # so is one that the disk does not give
    if known is not None:
        whole = known.whole_of(entry) if known.whole_of else None
        return f"part of {whole.name}" if whole in listed and whole else ""
    if entry.is_dir():
        return FOLDER
    if any(known.claims(entry.name) for known in formats()):
        return ""  # so is one that says it is an image and is not: cut off, or never written
    return UNKNOWN if entry.stat().st_size else EMPTY


def could_be_image(path: Path, why: str) -> bool:
    """Whether what was passed over for a reason may be an image that is now missing.

    What is hidden, a folder, part of another, not asked for by a pattern, or a document by its
    ending, is none.

    Examples
    --------
    >>> could_be_image(Path("well.lif"), UNKNOWN), could_be_image(Path("notes.txt"), UNKNOWN)
    (True, False)
    """
    if path.suffix.lower() in _DOCUMENTS or why in (HIDDEN, FOLDER, NO_PATTERN):
        return False
    return not why.startswith(("part of ", "not "))


def _why(skipped: list[tuple[Path, str]]) -> str:
    shown = ", ".join(f"{path.name} ({reason})" for path, reason in skipped[:5])
    return f"skipped {shown}{', ...' if len(skipped) > 5 else ''}"


def _common_folder(paths: Iterable[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))


def _name(paths: Mapping[Path, Path]) -> list[StudyImage]:
    """Name files by their path from the folder they were found in, with endings where need be.

    Where names of several folders would be the same, by their path from the one all are in.
    """
    below = [path.relative_to(root) for path, root in paths.items()]
    names = _without_endings(below)
    if names is None:
        root = _common_folder(paths)
        below = [path.relative_to(root) for path in paths]
        names = _without_endings(below) or [path.as_posix() for path in below]
    return [StudyImage(escaped(name), path) for name, path in zip(names, paths, strict=True)]


def _without_endings(paths: Sequence[Path]) -> list[str] | None:
    """Return paths without the endings of files; None where two would be the same."""
    names = [(path.parent / stem(path.name)).as_posix() for path in paths]
    return names if len(set(names)) == len(names) else None


def stem(name: str) -> str:
    """Return a file's name without its ending, the double ones included.

    Examples
    --------
    >>> stem("cell.ome.tiff"), stem("run_1.2.png")
    ('cell', 'run_1.2')
    """
    short = re.sub(r"(?i)(\.ome)?\.[a-z][a-z0-9]{0,6}(\.gz|\.zip)?$", "", name)
    return short if short.strip(".") else name
