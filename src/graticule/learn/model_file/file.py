"""The bytes of a model file: read whole, and written beside their place."""

from __future__ import annotations

from pathlib import Path

from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError, UnsafeFileError, suggest

_LARGEST = 16 * 2**30


def write_bytes(target: Path, content: bytes) -> None:
    """Write bytes beside a place and rename them into it."""
    if not target.parent.is_dir():
        raise FormatError("there is no such folder to write into", where=str(target.parent))
    try:
        with atomic_path(target, durable=True) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise FormatError(f"cannot be written: {error.strerror}", where=str(target)) from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises
    ------
    FormatError
        If it cannot be read.
    UnsafeFileError
        If it is larger than any model.
    """
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise UnsafeFileError("is over 16 GiB, which no model is", where=str(path))
        return path.read_bytes()
    except FileNotFoundError:
        near = sorted(file.name for file in path.parent.glob("*.model"))
        hint = suggest(path.name, near) if near else ""
        raise FormatError("there is no such file", where=str(path), hint=hint) from None
    except IsADirectoryError:
        raise FormatError("is a folder, and no model file", where=str(path)) from None
    except FormatError:
        raise
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", where=str(path)) from None
