"""The size of the step store: one bound for all processes that use it.

How much is held stands in the file ``size``, which is locked for a moment by whoever adds to it,
so that the folders are walked only where it says that room must be made, or cannot be believed.
Whatever goes wrong leaves it too large and never too small; the next walk puts it right.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

SUFFIX = ".step"
_BLOCK = 4096
_SLACK = 0.1
_PATIENCE = 0.5
_MIN_ABANDONED = 3600.0


class Quota:
    """Room for entries within a bound, for any number of processes.

    Parameters
    ----------
    folder : Path
        Of the store; made when room is first asked for.
    max_bytes : int
        Bytes on the disk; the entries used longest ago go first.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._drafts = folder / "drafts"

    def take(self, size: int) -> IO[bytes] | None:
        """Return a new file for so many bytes, locked until it is closed.

        None if there is no room, or others are at the store for longer than a moment.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        room = _occupied(size)
        if room > self.max_bytes:
            return None
        self._drafts.mkdir(parents=True, exist_ok=True)
        with _opened(self.folder / "size") as account:
            if not _lock(account, patience=_PATIENCE):
                return None
            self._clear_drafts()
            held = _read_count(account)
            if held is None or held + room > self.max_bytes:
                held = self._make_room(room)
            fits = held + room <= self.max_bytes
            _write_count(account, held + room if fits else held)
            return self._draft(size) if fits else None

    def _draft(self, size: int) -> IO[bytes]:
        draft = (self._drafts / uuid.uuid4().hex).open("xb")
        try:
            draft.truncate(size)
            _lock(draft)
        except BaseException:
            draft.close()
            Path(draft.name).unlink(missing_ok=True)
            raise
        return draft

    def _clear_drafts(self) -> None:
        """Remove drafts whose process has ended: nobody holds their lock."""
        for draft in self._drafts.iterdir():
            with contextlib.suppress(OSError), draft.open("rb") as stream:
                if _lock(stream, unless_younger=_MIN_ABANDONED):
                    draft.unlink()

    def _make_room(self, room: int) -> int:
        """Count what is held, remove what is too much and some more, and return what is left."""
        held = 0
        for draft in self._drafts.iterdir():  # first: one that becomes an entry counts twice
            with contextlib.suppress(OSError):
                held += _occupied(draft.stat().st_size)
        entries = sorted(self._entries())
        held += sum(size for _, size, _ in entries)
        if held + room <= self.max_bytes:
            return held
        for _, size, entry in entries:
            if held + room <= self.max_bytes * (1 - _SLACK):
                break
            with contextlib.suppress(OSError):
                entry.unlink()
                held -= size
        return held

    def _entries(self) -> Iterator[tuple[int, int, Path]]:
        """Give when each entry was last used, its size, and where it is."""
        for entry in self.folder.glob(f"??/*{SUFFIX}"):
            with contextlib.suppress(OSError):
                state = entry.lstat()
                yield state.st_mtime_ns, _occupied(state.st_size), entry


def _occupied(size: int) -> int:
    """Return what a file takes of a disk."""
    return -(-size // _BLOCK) * _BLOCK


def _opened(path: Path) -> IO[bytes]:
    """Open a file to read and write, making it if it is not there."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0)


def _read_count(account: IO[bytes]) -> int | None:
    """Return what an account says; None where it says nothing that can be believed."""
    words = account.read(_BLOCK).split()
    if len(words) != 2 or words[1] != _check(words[0]) or not words[0].isdigit():
        return None
    return int(words[0])


def _write_count(account: IO[bytes], held: int) -> None:
    number = b"%020d" % held
    account.seek(0)
    account.write(b"%b %b\n" % (number, _check(number)))


def _check(number: bytes) -> bytes:
    return b"%08x" % zlib.crc32(number)


def _lock(stream: Any, *, patience: float = 0.0, unless_younger: float = 0.0) -> bool:
    """Lock a file until it is closed, or this process ends however it ends.

    Return whether it is locked; where the system knows no such locks, whether it was last
    written so many seconds ago.
    """
    end = time.monotonic() + patience
    while True:
        try:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.005)
        except (ImportError, OSError):
            return time.time() - os.fstat(stream.fileno()).st_mtime >= unless_younger
        else:
            return True
