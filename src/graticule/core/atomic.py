"""Files and folders that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

DRAFT = ".draft-"
"""What the names of unfinished files and folders begin with."""
_SIDE_BY_SIDE = 16
"""Files brought to the disk at once: the disk takes many in one go."""
_MANY = 64
"""Files of a folder from which on all that the disk still waits for is brought to it."""
_TRIES = 3
_CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF)
"""What a system says that cannot bring a folder to the disk by itself, or not this one."""
_is_later: ContextVar[bool] = ContextVar("is_later", default=False)


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a fresh path beside a target, and rename what was written there into its place.

    A reader meets what stood there before or all of the new, never half of it; so does who
    looks after a loss of power, as what was written is brought to the disk before it is renamed,
    and the name after (but see `flushed_later`). If anything fails, what was written is removed
    and what stood there remains.

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
        if _is_later.get():
            replace(draft, target)
            return
        bring_to_disk(draft)
        replace(draft, target)
        bring_to_disk(target.parent, within=False)
    finally:
        remove(draft)


@contextmanager
def flushed_later() -> Iterator[None]:
    """Leave out of `atomic_path`, in this thread, to wait for the disk, which takes milliseconds.

    For files of which a hash is known, or which `bring_to_disk` brings there together.
    """
    token = _is_later.set(True)
    try:
        yield
    finally:
        _is_later.reset(token)


def bring_to_disk(path: Path, *, within: bool = True) -> None:
    """Wait until the disk holds a file, or a folder and, unless told otherwise, all within.

    Not every system can bring a folder to the disk by itself, nor has to.
    """
    if not path.is_dir():
        _flush(path)
        return
    if not within:
        _flush_folder(path)
        return
    files = [Path(folder, name) for folder, _, names in os.walk(path) for name in names]
    if len(files) >= _MANY and _flush_all(path):
        return
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        list(pool.map(_flush, files))
    for folder, _, _ in os.walk(path, topdown=False):
        _flush_folder(folder)


def _flush_all(path: Path) -> bool:
    """Wait until the disk on which a folder is holds all; return whether the system can."""
    if sys.platform != "linux":
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "syncfs"):
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        if library.syncfs(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    finally:
        os.close(handle)
    return True


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
