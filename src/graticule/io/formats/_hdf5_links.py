"""Links of HDF5: followed one by one, so that none leads where the user did not allow.

HDF5 itself follows a link to another file, and takes the values of a data set from other files,
wherever they are; and where one is missing it gives fill values without a word.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError, suggest
from graticule.io.format import Address, Links

MOST_LINKS = 32
_PREFIXES = ("HDF5_EXT_PREFIX", "HDF5_VDS_PREFIX", "HDF5_EXTFILE_PREFIX")
_UNLIMITED = 2**64 - 1


class Tree:
    """An HDF5 file that is open for reading, and those that its links lead to.

    Parameters
    ----------
    path : Path
        The file.
    links : str
        ``"never"``, or ``"beside"`` to follow links to files in the folder and below it.
    folder : Path, optional
        The folder meant; by default that of the file.

    Attributes
    ----------
    file : h5py.File
        The file.
    others : list of Path
        Further files that what was asked for lies in.
    """

    def __init__(self, path: Path, links: Links, folder: Path | None = None) -> None:
        self.links, self.path = links, path
        self.folder = folder or path.parent
        self.others: list[Path] = []
        self._open_files: dict[Path, Any] = {}
        self._closing = ExitStack()

    @classmethod
    def of(cls, address: Address) -> Tree:
        """Return the tree of an address."""
        return cls(address.path, address.links)

    def __enter__(self) -> Tree:
        self.file = self._opened(self.path)
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def __contains__(self, name: str) -> bool:
        """Whether there is something of this name that may be read."""
        try:
            self.find(name)
        except FormatError:
            return False
        return True

    def find(self, name: str, start: Any = None) -> Any:
        """Return what a name leads to from a group, by default the root.

        Raises
        ------
        UnsafeFileError
            If a link on the way leads where it must not.
        FormatError
            If there is nothing of this name.
        """
        import h5py

        item = self.file if start is None else start
        whole = "/".join([*_parts(item.name or ""), *_parts(name)])
        parts, followed = _parts(name), 0
        while parts:
            part = parts.pop(0)
            link = item.get(part, getlink=True) if isinstance(item, h5py.Group) else None
            if isinstance(link, (h5py.SoftLink, h5py.ExternalLink)):
                followed += 1
                if followed > MOST_LINKS:
                    raise FormatError(f"{whole} runs through links that lead in a circle")
                if isinstance(link, h5py.ExternalLink):
                    item = self._other(item.file, link.filename, f"{part} is a link")
                elif link.path.startswith("/"):
                    item = item.file
                parts = _parts(link.path) + parts
                continue
            found = item.get(part) if link is not None else None
            if found is None:
                known = [each.name.strip("/") for each in datasets(item.file)]
                raise FormatError(f"holds nothing named {whole!r}", hint=suggest(whole, known))
            item = found
        return item

    def holders(self, dataset: Any, virtual: Sequence[tuple[str, str]] = ()) -> list[Any]:
        """Return the data sets that hold the values of one: itself, or those it is made of.

        Raises
        ------
        UnsafeFileError
            If they lie where they must not.
        FormatError
            If some are missing; HDF5 itself would give fill values.
        """
        if dataset.external and virtual:
            raise UnsafeFileError(f"the values of {dataset.name} lie in other files of raw values")
        if dataset.external:
            self.segments(dataset)
        if not dataset.is_virtual:
            return [dataset]
        this = (os.path.realpath(dataset.file.filename), dataset.name)
        if this in virtual:
            circle = _shown([*virtual[virtual.index(this) :], this])
            raise FormatError(f"{dataset.name} takes its values from itself, in a circle: {circle}")
        if len(virtual) > MOST_LINKS:
            raise FormatError(
                f"{virtual[0][1]} takes its values from {dataset.name} by more than {MOST_LINKS} "
                "virtual data sets"
            )
        found: list[Any] = []
        for source in dict.fromkeys((s.file_name, s.dset_name) for s in dataset.virtual_sources()):
            for file, name in _numbered(*source, self._folder_of(dataset.file)):
                found += self._source(dataset, file, name, [*virtual, this])
        return found

    def shape_of(self, dataset: Any) -> tuple[int, ...] | None:
        """Return the shape of a data set; None of one that is empty, and of all else.

        HDF5 opens the sources of a virtual data set that may grow to know it, wherever they are.

        Raises
        ------
        FormatError
            If they lie where they must not, or it is one of them.
        """
        import h5py

        if not isinstance(dataset, h5py.Dataset):
            return None
        if dataset.is_virtual and _may_grow(dataset):
            self.holders(dataset)
        shape: tuple[int, ...] | None = dataset.shape
        return shape

    def _source(
        self, dataset: Any, file: str, name: str, virtual: Sequence[tuple[str, str]]
    ) -> list[Any]:
        import h5py

        whose = f"the values of {dataset.name} lie"
        own = dataset.file if file == "." else self._other(dataset.file, file, whose)
        try:
            source = self.find(name, own)
        except UnsafeFileError:
            raise
        except FormatError as error:
            raise FormatError(f"{whose} in {name} of {own.filename}, which {error.what}") from None
        if not isinstance(source, h5py.Dataset):
            raise FormatError(f"{whose} in {name}, which is a group")
        return self.holders(source, virtual)

    def segments(self, dataset: Any) -> list[tuple[Path, int, int]]:
        """Return the pieces of other files, with offset and length, that raw values lie in.

        HDF5 itself would seek them in the folder that the process happens to be in.
        """
        found = []
        left = dataset.size * dataset.id.get_type().get_size()
        for name, offset, size in dataset.external:
            path = self._beside(dataset.file, name, f"the values of {dataset.name} lie")
            need = left if size == _UNLIMITED else min(size, left)
            left -= need
            if path.stat().st_size < offset + need:
                raise FormatError(
                    f"the values of {dataset.name} lie in {name}, which ends early: "
                    f"{offset + need} bytes are promised and there are {path.stat().st_size}"
                )
            self._note(path)
            found.append((path, offset, need))
        if left:
            raise FormatError(f"the values of {dataset.name} lie in files that are too short")
        return found

    def _other(self, file: Any, name: str, what: str) -> Any:
        path = self._beside(file, name, what)
        self._note(path)
        return self._opened(path)

    def _note(self, path: Path) -> None:
        if path not in (*self.others, self.path):
            self.others.append(path)

    def _opened(self, path: Path) -> Any:
        if path not in self._open_files:
            self._open_files[path] = self._closing.enter_context(open_file(path))
        return self._open_files[path]

    def _folder_of(self, file: Any) -> Path:
        return Path(file.filename).parent

    def _beside(self, file: Any, name: str, what: str) -> Path:
        """Return a file that another names, if it lies in the folder or below it."""
        shown = f"{what} {'to' if what.endswith('link') else 'in'} another file, {name}"
        if self.links != "beside":
            raise UnsafeFileError(
                shown,
                hint='if it lies beside this one, allow it with links="beside" (in a pipeline '
                "links: beside); else read that file, or copy the data into this one",
            )
        path = self._folder_of(file) / name  # which is name, where that is absolute
        within = path.resolve().is_relative_to(self.folder.resolve())
        if ".." in Path(name).parts or not within:
            raise UnsafeFileError(
                f"{shown}, which is not in the folder of this one or below it",
                hint="copy it there, or read that file",
            )
        if not path.is_file():
            raise FormatError(f"{shown}, which is missing", hint="copy it there")
        if (prefix := next((key for key in _PREFIXES if os.environ.get(key)), None)) is not None:
            raise UnsafeFileError(
                f"{shown}, and {prefix} tells HDF5 to look for it elsewhere", hint=f"unset {prefix}"
            )
        return path


def open_file(path: Path) -> Any:
    """Return a file open for reading.

    Raises
    ------
    FormatError
        If another process is writing to it, or the file system has no locks.
    """
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        text = str(error)
        if error.errno in (errno.EAGAIN, errno.EACCES) and "lock" in text:
            raise FormatError(
                "is open for writing in another process", hint="read it when that has closed it"
            ) from error
        if "already open for" in text or "consistency" in text:
            raise FormatError(
                "is being written, or was when its writer was ended",
                hint="close it there; if nothing writes to it, mend it with h5clear -s",
            ) from error
        if "lock" in text:
            raise FormatError(
                "cannot be locked for reading on this file system",
                hint="set HDF5_USE_FILE_LOCKING=FALSE if nothing writes to it",
            ) from error
        raise


def _shown(sets: Sequence[tuple[str, str]]) -> str:
    """Return the names of data sets that are made of one another, and of their files if several."""
    several = len({file for file, _ in sets}) > 1
    names = (f"{Path(file).name}{name}" if several else name for file, name in sets)
    return " from ".join(names)


def _may_grow(dataset: Any) -> bool:
    """Whether the extent of a virtual data set is that of its sources."""
    import h5py

    plist = dataset.id.get_create_plist()
    for number in range(plist.get_virtual_count()):
        space = plist.get_virtual_vspace(number)
        if space.get_select_type() == h5py.h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
            _, _, count, block = space.get_regular_hyperslab()
            if _UNLIMITED in (*count, *block):
                return True
    return False


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


def datasets(group: Any) -> Iterator[Any]:
    """Give the data sets of a group and below it; no soft or external link is followed."""
    import h5py

    names: list[bytes] = []

    def visit(name: bytes, about: Any) -> None:
        if about.type == h5py.h5o.TYPE_DATASET:  # and no group, and no type that has a name
            names.append(name)

    h5py.h5o.visit(group.id, visit, info=True)
    for name in names:
        yield h5py.Dataset(h5py.h5d.open(group.id, name))


def outward(group: Any) -> list[str]:
    """Return the names of the links of a group, and below it, that lead to other files."""
    import h5py

    names: list[str] = []

    def visit(name: bytes, about: Any) -> None:
        if about.type == h5py.h5l.TYPE_EXTERNAL:
            names.append(name.decode("utf-8", "surrogateescape"))

    group.id.links.visit(visit, info=True)
    return names


def _numbered(file: str, name: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Give the sources of a virtual data set of which one mapping may name many, as ``%b``."""
    if "%b" not in file:
        yield file.replace("%%", "%"), name.replace("%b", "0").replace("%%", "%")
        return
    for number in itertools.count():
        one = file.replace("%b", str(number)).replace("%%", "%")
        if number and not (folder / one).is_file():
            return
        yield one, name.replace("%b", str(number)).replace("%%", "%")
