"""What is given as a path, and what stands there: a file, a folder, a pipe, a link to nothing."""

from __future__ import annotations

import errno
import glob
import io
import os
import re
import stat
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError, RequestError

_ADDRESS = re.compile(r"(?i)^(https?|ftp|s3|gs|gcs|az|abfs|file):/{1,2}(?=[^/]|/)")
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def as_path(given: object) -> Path:
    """Return what was given as a path, absolute and with ``~`` filled in.

    Raises
    ------
    RequestError
        If it is no path, or empty.
    FormatError
        If it is an address of the web, or no file can have this name.

    Examples
    --------
    >>> as_path("/data/a.tif")
    PosixPath('/data/a.tif')
    """
    if not isinstance(given, (str, os.PathLike)):
        raise RequestError(f"a path is a text or a Path, not {_in_words(given)}", hint=_hint(given))
    text = os.fsdecode(given)
    if not text.strip():
        raise RequestError("the path is empty", hint="name a file")
    address = _ADDRESS.match(text)
    if address and not os.path.lexists(f"{address[1]}:"):
        if address[1].lower() == "file":
            raise FormatError("is an address and no path", where=text, hint="leave out file://")
        hint = "files of this machine are read and written: fetch it first"
        raise FormatError("is an address of the web, and no file", where=text, hint=hint)
    if "\0" in text:
        raise FormatError("has a name with a zero byte, which no file can have", where=repr(text))
    path = Path(text)
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # there is nobody of this name, so it is a file's that begins with ~
        return path.absolute()


def _in_words(given: object) -> str:
    if given is None:
        return "None"
    if isinstance(given, io.IOBase):
        return "an open file"
    name = type(given).__name__
    if hasattr(given, "__array__"):
        return f"an array ({name})"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _hint(given: Any) -> str:
    if hasattr(given, "__array__"):
        return "an array is taken as an image wherever one is asked for, without being read"
    if isinstance(given, bytes):
        return "of the bytes of a name os.fsdecode makes a path; other bytes write to a file first"
    if isinstance(given, io.IOBase):
        name = getattr(given, "name", None)
        return f"pass its path, {name}" if isinstance(name, str) else "write it to a file first"
    if hasattr(given, "__iter__"):
        return "list the paths in their order, as sorted(...)"
    return "name a file"


def matches(path: Path) -> list[Path] | None:
    """Return what a pattern stands for, in natural order; None where the path is no pattern.

    ``*``, ``?`` and ``[...]`` stand for themselves as far as there is a file or folder that is
    called so.
    """
    there = next(part for part in (path, *path.parents) if os.path.lexists(part))
    rest = str(path.relative_to(there))
    if not glob.has_magic(rest) or not there.is_dir():
        return None
    found = glob.glob(rest, root_dir=there, recursive=True)
    return sorted((there / name for name in found if name), key=natural)


def natural(path: Path) -> list[Any]:
    """Return a sort key by which ``a2`` comes before ``a10``."""
    parts = re.split(r"(\d+)", str(path))
    numbered = [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
    return [(kind, value, text.casefold()) for kind, value, text in numbered]


def obstacle(path: Path) -> str:
    """Return what stands at a path that is neither a file nor a folder; empty where none does.

    Nothing is opened: to open a pipe is to wait until somebody writes into it.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if not path.is_symlink():
            return ""
        if error.errno == errno.ELOOP:
            return "a link that leads in a circle"
        return f"a link to nothing ({os.readlink(path)})"
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "")
