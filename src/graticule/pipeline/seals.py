"""Seals: the size and hash of what a run wrote, by which it knows its own when it goes on.

A disk loses what was not yet on it when the power went, a tool cuts a file, somebody edits one.
What has another seal than was set down is no result, and is computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from graticule.core.atomic import atomic_path
from graticule.core.errors import StoreError
from graticule.io import content_hash
from graticule.io.hashing import tree


def seal_of(path: Path) -> str:
    """Return the seal of a file, or of a folder that is one image, that stands on the disk.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    sizes = [file.stat().st_size for file in (tree(path) if path.is_dir() else [path])]
    return _seal(sum(sizes), content_hash(path))


def is_intact(path: Path, seal: str) -> bool:
    """Whether a file or folder is what its seal says; one of another size is not read."""
    try:
        if not path.is_dir() and path.stat().st_size != int(seal.partition(" ")[0]):
            return False
        return seal_of(path) == seal
    except (OSError, ValueError):
        return False


def _seal(size: int, sha256: str) -> str:
    return f"{size} {sha256}"


class SealedFile:
    """A new file that is written from its beginning to its end, and hashed on the way.

    Parameters
    ----------
    path : Path
        Where it is written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with SealedFile(path) as file:
    ...     _ = file.write(b"whole")
    >>> file.seal == seal_of(path)
    True
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._size = 0
        self._hash = hashlib.sha256()

    def write(self, content: Any) -> int:
        """Write some bytes."""
        self._hash.update(content)
        written = self._file.write(content)
        self._size += written
        return written

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._file.closed

    @property
    def seal(self) -> str:
        """The seal of what was written."""
        return _seal(self._size, self._hash.hexdigest())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_sealed(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON, numbers that are none included, with the hash of its text behind."""
    text = json.dumps(dict(record), default=str)
    with atomic_path(path) as draft:
        draft.write_text(_with_hash(text), encoding="ascii")


def read_sealed(path: Path) -> dict[str, Any]:
    """Return a record as it was written.

    Raises
    ------
    StoreError
        If it is not there, or is not what was written.
    """
    try:
        whole = path.read_bytes().decode("ascii")
        text = whole.partition("\n")[0]
        if whole == _with_hash(text):
            return dict(json.loads(text))
    except (OSError, ValueError):
        pass
    raise StoreError("is damaged or not there", where=str(path))


def _with_hash(text: str) -> str:
    return f"{text}\n{hashlib.sha256(text.encode()).hexdigest()}\n"
