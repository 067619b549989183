"""Files and folders that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

DRAFT = ".draft-"
"""What the names of unfinished files and folders begin with."""
_SIDE_BY_SIDE = 16
"""Files brought to the disk at once: the disk takes many in one go."""
_TRIES = 3
_CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF)
"""What a system says that cannot bring a folder to the disk by itself, or not this one."""


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a fresh path beside a target, and rename what was written there into its place.

    A reader meets what stood there before or all of the new, never half of it; so does who
    looks after a loss of power, as what was written is brought to the disk before it is renamed,
    and the name after. If anything fails, what was written is removed and what stood there
    remains.

    Parameters
    ----------
    target : Path
        A file or a folder; what stands there is replaced.

    Yields
    ------
    Path
        A hidden name in the same folder with the same last suffix, where nothing stands yet.

    Raises
    ------
    OSError
        If the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder, "note.txt")
    ...     with atomic_path(target) as draft:
    ...         _ = draft.write_text("whole")
    ...     target.read_text()
    'whole'
    """
    draft = target.with_name(f"{DRAFT}{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        yield draft
        bring_to_disk(draft)
        replace(draft, target)
        bring_to_disk(target.parent, within=False)
    finally:
        remove(draft)


def bring_to_disk(path: Path, *, within: bool = True) -> None:
    """Wait until the disk holds a file, or a folder and, unless told otherwise, all within.

    Not every system can bring a folder to the disk by itself, nor has to.
    """
    if not path.is_dir():
        _flush(path)
        return
    if within:
        files = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            list(pool.map(_flush, files))
        for folder, _, _ in os.walk(path, topdown=False):
            _flush_folder(folder)
    else:
        _flush_folder(path)


def _flush(path: str | Path) -> None:
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_folder(path: str | Path) -> None:
    if os.name != "posix":
        return
    try:
        _flush(path)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def replace(draft: Path, target: Path) -> None:
    """Rename a file or a folder to a place beside it; what stands there goes.

    Who else puts something there at the same time is not in the way: the last one remains.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    if not target.is_dir() and not draft.is_dir():
        os.replace(draft, target)
        return
    # a folder cannot be replaced in one step, so what stood there steps aside first
    aside = draft.with_name(f"{draft.name}.old")
    for remaining in reversed(range(_TRIES)):
        with suppress(FileNotFoundError):
            os.replace(target, aside)
        try:
            os.replace(draft, target)
            break
        except OSError:
            if os.path.lexists(target) and remaining:
                remove(aside)
                continue
            with suppress(OSError):
                os.replace(aside, target)
            raise
    remove(aside)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that it holds, as far as the disk allows."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
