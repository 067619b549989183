"""What a file format is, and the registry of those that are known.

An entry point of the group ``graticule.formats`` names a package; each of its public modules is
one format and declares it as ``FORMAT``. A new format is one new file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from graticule.core.errors import FormatError, suggest
from graticule.core.image import Image
from graticule.core.registry import Registry
from graticule.io.paths import as_path, matches, obstacle
from graticule.io.safety import guard
from graticule.io.unread import unread

HEAD = 4096
"""Bytes of a file that a format may look at to know it."""

Sizes: TypeAlias = dict[str, int]
Links: TypeAlias = Literal["never", "beside"]


@dataclass(frozen=True)
class Address:
    """A file, and a name within it.

    Attributes
    ----------
    path : Path
        The file, or the folder that is one image.
    inside : str
        A dataset, member, extension or variable, as in ``scan.h5/entry/data``; may be empty.
    links : str
        Whether links to other files are followed: ``"never"``, or ``"beside"`` to those in the
        folder of the file and below it.
    """

    path: Path
    inside: str = ""
    links: Links = "never"

    def __str__(self) -> str:
        return f"{self.path}/{self.inside}" if self.inside else str(self.path)


@dataclass(frozen=True)
class Format:
    """One file format.

    Attributes
    ----------
    name : str
        As shown in messages.
    sniff : callable
        ``sniff(path, head) -> bool``: whether the content is of this format. ``head`` is the
        first `HEAD` bytes of a file, and empty for a folder. Formats of folders are asked about
        folders alone, and formats of files about files that are not empty.
    open : callable
        ``open(address, level) -> DataArray``: lazily where the format allows. Axes the file
        does not name are called by `graticule.io.axes.default_dims`.
    suffixes : tuple of str
        Endings, in lower case, by which a name claims this format; a file that has one (and
        ``.gz`` after it, maybe) counts as an image whatever it holds, and fails when read.
    is_folder : bool
        Whether an image is a folder and not a file.
    write : callable, optional
        ``write(path, image, labels)``: to a fresh path that is moved into place afterwards.
        ``labels`` says whether values are names, which must not be averaged.
    write_suffixes : tuple of str
        Endings that ask for this format when writing; by default all of ``suffixes``.
    open_labels : callable, optional
        ``open_labels(address, level) -> DataArray``: as ``open``, for a file whose values are
        names of objects or classes: where it has a palette, the indices that are stored and not
        the colours they stand for, ``y x`` and not ``y x c``. A format without palettes has none.
    levels : callable, optional
        ``levels(address) -> [sizes, ...]``: pyramid levels, the full resolution first. Without
        it a file has the one level that ``open`` gives.
    names : callable, optional
        ``names(address) -> [name, ...]``: of the images within that can be read by name, for a
        format whose files may hold several.
    neighbours : callable, optional
        ``neighbours(address) -> [path, ...]``: further files that the image lies in, for a
        format whose files may link to others.
    whole_of : callable, optional
        ``whole_of(path) -> path or None``: the file that stands for the image a file is part of,
        None where it is that file itself, for a format whose images always lie in several.
    unit : callable, optional
        ``unit(image) -> shape``: of what is written as one piece of an image of such dims and
        sizes, for a format whose files can only be written whole.

    Examples
    --------
    A format of which files can be read and not written:

    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> def sniff(path, head):
    ...     return head.startswith(b"ROWS")
    >>> def open_rows(address, level):
    ...     return as_image(np.loadtxt(address.path, skiprows=1))
    >>> rows = Format("rows of numbers", sniff, open_rows, suffixes=(".rows",))
    >>> rows.claims("scan.rows"), rows.sniff(None, b"ROWS 3 4")
    (True, True)
    """

    name: str
    sniff: Callable[[Path, bytes], bool]
    open: Callable[[Address, int], Image]
    suffixes: tuple[str, ...] = ()
    is_folder: bool = False
    write: Callable[[Path, Image, bool], None] | None = None
    write_suffixes: tuple[str, ...] = ()
    open_labels: Callable[[Address, int], Image] | None = None
    levels: Callable[[Address], list[Sizes]] | None = None
    names: Callable[[Address], list[str]] | None = None
    neighbours: Callable[[Address], list[Path]] | None = None
    whole_of: Callable[[Path], Path | None] | None = None
    unit: Callable[[Image], tuple[int, ...]] | None = None

    def claims(self, name: str) -> bool:
        """Whether a file says by its name that it is an image of this format."""
        return not self.is_folder and name.lower().removesuffix(".gz").endswith(self.suffixes)


_FORMATS: Registry[Format] = Registry(
    "format", "graticule.formats", load=lambda module: module.FORMAT
)


def formats() -> list[Format]:
    """Return every known format, built in or plugged in."""
    return _FORMATS.values()


def register(known: Format) -> Format:
    """Make a format known in this process, by its name."""
    return _FORMATS.register(known.name, known)


def locate(path: str | Path) -> Address:
    """Return the file a path leads to, and the name within the file that is left over.

    Raises
    ------
    FormatError
        If nothing is there, or what is neither a file nor a folder.
    """
    whole = as_path(path)
    with guard(path):
        for candidate in (whole, *whole.parents):
            if candidate.is_file():
                return Address(candidate, "/".join(whole.parts[len(candidate.parts) :]))
            if candidate == whole and candidate.is_dir():
                return Address(candidate)
            if candidate.is_dir():
                break
            if in_the_way := obstacle(candidate):
                raise FormatError(f"is {in_the_way}, and no file", where=str(candidate))
        raise FormatError("there is no such file", hint=_nearest(whole))


def within(path: Path, name: str) -> Path:
    """Return the path of an array of this name in a file, unless the path names one itself."""
    return path / name if name and not locate(path).inside else path


def _nearest(path: Path) -> str:
    import difflib

    if matches(path):
        return "it is a pattern, and one file is wanted"
    parent = next(parent for parent in path.parents if parent.is_dir())
    missing = path.parts[len(parent.parts)]
    names = sorted(entry.name for entry in parent.iterdir())
    spaced = next((name for name in names if name.startswith(f"{missing} ")), None)
    if spaced:
        return f'did you mean "{spaced}"? a name with spaces goes in quotes'
    close = difflib.get_close_matches(missing, names, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else f"the folder {parent} has no {missing}"


def format_of(path: Path) -> Format:
    """Return the format of a file by its content.

    Raises
    ------
    FormatError
        If it is empty, or of no format that is known.
    """
    with guard(path):
        known = sniff(path)
    if known is not None:
        return known
    if path.is_dir():
        what = "is a folder, and no image (a Zarr folder holds zarr.json, .zgroup or .zarray)"
        inside = (entry for entry in sorted(path.iterdir()) if entry.is_file() and sniff(entry))
        image = next(inside, None)
        hint = f"an image in it is {image}" if image else "no file in it is an image"
        raise FormatError(what, where=str(path), hint=hint)
    if not path.stat().st_size:
        raise FormatError("is empty", where=str(path))
    with path.open("rb") as file:
        foreign = unread(file.read(HEAD))
    if foreign is not None:
        raise FormatError(f"is {foreign[0]}, which is not read", where=str(path), hint=foreign[1])
    names = ", ".join(each.name for each in formats())
    raise FormatError("is of no known format", where=str(path), hint=f"known: {names}")


def sniff(path: Path) -> Format | None:
    """Return the format whose mark the content bears, or None."""
    head, is_folder = b"", path.is_dir()
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(HEAD)
    if not head and not is_folder:
        return None
    fitting = (known for known in formats() if known.is_folder is is_folder)
    return next((known for known in fitting if known.sniff(path, head)), None)


def is_one_image(path: Path) -> bool:
    """Whether a path is a file, or a folder that is one image, and not a folder of many."""
    return not path.is_dir() or sniff(path) is not None


def choose_array(arrays: Mapping[str, Sequence[int]], inside: str) -> str:
    """Return the name of the array that is asked for, or of the only one that is an image.

    Parameters
    ----------
    arrays : mapping
        Shape by name.
    inside : str
        The name asked for; empty for the only array, or the only one with two axes or more.

    Raises
    ------
    FormatError
        If there is none, or more than one; the message lists them.

    Examples
    --------
    >>> choose_array({"frames": (5, 8, 8), "exposure": (5,)}, "")
    'frames'
    """
    if inside:
        if inside not in arrays:
            raise FormatError(f"holds no array {inside!r}", hint=suggest(inside, list(arrays)))
        return inside
    images = [name for name, shape in arrays.items() if len(shape) >= 2 and min(shape) > 1]
    for names in (images, list(arrays)):
        if len(names) == 1:
            return names[0]
    if not arrays:
        raise FormatError("holds no array of numbers")
    shown = [f"{name} ({' x '.join(map(str, arrays[name]))})" for name in images or arrays]
    raise FormatError(
        f"holds {len(shown)} arrays: {', '.join(shown[:12])}{', ...' if shown[12:] else ''}",
        hint=f"name one after the path, as .../{next(iter(images or arrays))}",
    )
