"""Guards against files that lie: typed errors, bounded sizes, quiet libraries."""

from __future__ import annotations

import logging
import math
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graticule.core.errors import FormatError, GraticuleError, UnsafeFileError
from graticule.core.settings import array_budget, format_bytes, memory_limit
from graticule.io.blame import blame, is_our_fault

_one_at_a_time = threading.RLock()


def _after_fork() -> None:
    global _one_at_a_time
    _one_at_a_time = threading.RLock()  # another thread of the parent may hold that one for ever


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_OF_CODE = (
    *(DeprecationWarning, PendingDeprecationWarning, FutureWarning),
    *(ImportWarning, ResourceWarning, SyntaxWarning),
)
"""Warnings that say nothing of a file."""


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

    Yields the list that it is put into, in words and each once. Warning filters belong to the
    process and not to the thread, hence the lock.
    """
    notes: list[str] = []
    collector = _Collector(notes)
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("always")
        for category in _OF_CODE:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = lambda message, *_, **__: collector.add(str(message))
        channels = [logging.getLogger(name) for name in loggers]
        before = [channel.propagate for channel in channels]
        for channel in channels:
            channel.addHandler(collector)
            channel.propagate = False
        try:
            yield notes
        finally:
            for channel, propagate in zip(channels, before, strict=True):
                channel.removeHandler(collector)
                channel.propagate = propagate


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
    """Keep a library's warnings of these categories to itself.

    Warning filters belong to the process and not to the thread, hence the lock.
    """
    with _one_at_a_time, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield


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
            hint="if it is genuine, allow more with --memory or GRATICULE_MEMORY",
        )


def require_modest(shape: Sequence[int], itemsize: int, *, what: str = "the image") -> None:
    """Raise `UnsafeFileError` if decoding this shape at once would be a decompression bomb.

    ``itemsize`` is what a sample takes at the peak, all copies of it that the decoder makes.
    """
    size = " x ".join(map(str, shape))
    require_room(math.prod(shape) * itemsize, what=f"{what} of {size}")


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
