"""Guards against files that lie: typed errors, bounded sizes, quiet libraries."""

from __future__ import annotations

import logging
import math
import os
import threading
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from graticule.core.errors import FormatError, GraticuleError, UnsafeFileError
from graticule.core.forks import ProcessLock, renew_in_child
from graticule.core.settings import array_budget, enough_bytes, format_bytes, memory_limit
from graticule.io.blame import blame, is_our_fault

_one_at_a_time = ProcessLock()
_open: list[tuple[int, ExitStack]] = []
"""Threads that have changed what is shown of warnings, and what undoes it."""
_OF_CODE = (
    *(DeprecationWarning, PendingDeprecationWarning, FutureWarning),
    *(ImportWarning, ResourceWarning, SyntaxWarning),
)
"""Warnings that say nothing of a file."""
_RATIO = 2000
"""Deflate packs at most 1032 to 1; a member that claims more lies about its size."""


@contextmanager
def guard(where: object) -> Iterator[None]:
    """Turn whatever a library raises over the bytes of a file into a `FormatError`.

    Faults of our own go through as they are: see `graticule.io.blame`.
    """
    try:
        yield
    except GraticuleError as error:
        raise (error if error.where else error.at(str(where))) from error.__cause__
    except Exception as error:
        if is_our_fault(error):
            error.add_note(
                f"while {where} was read; this is a fault in Graticule, please report it"
            )
            raise
        told = blame(error)
        told.where = str(where)
        raise told from error


@contextmanager
def noted(*loggers: str) -> Iterator[list[str]]:
    """Collect what libraries warn of, by `warnings` and by these loggers, instead of showing it.

    Yields the list that it is put into, in words and each once.
    """
    notes: list[str] = []
    collector = _Collector(notes)
    with _own_filters() as undo:
        warnings.simplefilter("always")
        for category in _OF_CODE:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = lambda message, *_, **__: collector.add(str(message))
        for channel in map(logging.getLogger, loggers):
            undo.callback(setattr, channel, "propagate", channel.propagate)
            undo.callback(channel.removeHandler, collector)
            channel.addHandler(collector)
            channel.propagate = False
        yield notes


class _Collector(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message of a logger."""
        self.add(record.getMessage())

    def add(self, message: str) -> None:
        """Keep a message, once."""
        text = " ".join(message.split())[:200]
        if text and text not in self.notes:
            self.notes.append(text)


@contextmanager
def quiet(*categories: type[Warning]) -> Iterator[None]:
    """Keep a library's warnings of these categories to itself."""
    with _own_filters():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield


@contextmanager
def _own_filters() -> Iterator[ExitStack]:
    """Let a thread change what is shown of warnings; yields what is undone at the end.

    Warning filters belong to the process and not to the thread, hence the lock.
    """
    with _one_at_a_time, ExitStack() as undo:
        undo.enter_context(warnings.catch_warnings())
        _open.append((threading.get_ident(), undo))
        try:
            yield undo
        finally:
            _open.pop()


def _undo_for_other_threads() -> None:
    """Put back, in a forked child, what threads that are not there would never put back."""
    for thread, undo in reversed(_open):
        if thread != threading.get_ident():
            undo.close()
    _open[:] = [each for each in _open if each[0] == threading.get_ident()]


renew_in_child(_undo_for_other_threads)


def decoding_room() -> int:
    """Return the bytes that decoding one thing may take at its peak, as memory is set."""
    return array_budget(memory_limit())


def require_room(nbytes: int, *, what: str = "the image") -> None:
    """Raise `UnsafeFileError` if decoding would take more bytes than there is room for."""
    room = decoding_room()
    if nbytes > room:
        raise UnsafeFileError(
            f"{what} would take {format_bytes(nbytes)} of memory to unpack, and "
            f"{format_bytes(room)} are allowed",
            hint="if it is genuine, allow more with --memory or GRATICULE_MEMORY: "
            f"{enough_bytes(memory_limit() - room + nbytes)}",
        )


def require_modest(shape: Sequence[int], itemsize: int, *, what: str = "the image") -> None:
    """Raise `UnsafeFileError` if decoding this shape at once would be a decompression bomb.

    ``itemsize`` is what a sample takes at the peak, all copies of it that the decoder makes.
    """
    size = " x ".join(map(str, shape))
    require_room(math.prod(shape) * itemsize, what=f"{what} of {size}")


def require_packed(member: zipfile.ZipInfo) -> None:
    """Raise `UnsafeFileError` if a member of a ZIP claims more bytes than it can unpack to."""
    if member.file_size > _RATIO * max(1, member.compress_size):
        raise UnsafeFileError(
            f"its member {member.filename} claims to unpack to {member.file_size} bytes"
        )


def require_complete(have: int, need: int) -> None:
    """Raise `FormatError` if a file has fewer bytes than its header promises."""
    if have < need:
        raise FormatError(
            f"ends early: its header promises {need} bytes and there are {have}",
            hint="fetch or export the file again",
        )


def require_inside(folder: Path) -> None:
    """Raise `UnsafeFileError` if a link in a folder leads out of it."""
    root = folder.resolve()
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            entry = Path(parent, name)
            if entry.is_symlink() and not entry.resolve().is_relative_to(root):
                raise UnsafeFileError(
                    f"{entry.relative_to(folder)} is a link that leads out of the folder",
                    where=str(folder),
                    hint="copy what it points to into the folder",
                )
