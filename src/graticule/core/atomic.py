"""Files and folders that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_path(target: Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a fresh path beside a target, and rename what was written there into its place.

    A reader meets what stood there before or all of the new, never half of it. If anything
    fails, what was written is removed and what stood there remains.

    Parameters
    ----------
    target : Path
        A file or a folder; what stands there is replaced.
    durable : bool
        Whether a file is brought to the disk first, so that after a loss of power its name is
        not there before its content.

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
    draft = target.with_name(f".draft-{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        yield draft
        if durable and draft.is_file():
            with draft.open("rb") as file:
                os.fsync(file.fileno())
        _replace(draft, target)
    finally:
        remove(draft)


def _replace(draft: Path, target: Path) -> None:
    if not target.is_dir() and not draft.is_dir():
        os.replace(draft, target)
        return
    # a folder cannot be replaced in one step, so what stood there steps aside first
    aside = draft.with_suffix(".old")
    stood = target.exists()
    if stood:
        os.replace(target, aside)
    try:
        os.replace(draft, target)
    except OSError:
        if stood:
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
