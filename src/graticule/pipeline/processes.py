"""Processes of this machine that work on images, and end with the one that started them.

They are forked from this program where it has no thread beside, so that they have what it has
imported and compiled; or else from a server that imports everything once.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Any, TypeVar

from graticule.core.memory import process_bytes
from graticule.core.threads import work_alone

_PRELOADED = "graticule.pipeline._preloaded"
_MANY, _FEW, _SMALL = 48, 3, 2**21
"""Images from which on processes are faster than threads: of a server, and of this program; and
bytes of a file up to which they are."""
_SERVER_BYTES = 300_000_000
"""What the process takes that the others are forked from, and the one that keeps their locks."""
_STOPS = {signal.SIGINT, signal.SIGTERM}
_stopped: Any = None
T = TypeVar("T")


class ProcessPool(ProcessPoolExecutor):
    """Processes that can be told to stop.

    Parameters
    ----------
    count : int
        How many.

    Attributes
    ----------
    are_forks : bool
        Whether they are forked from this program, with the first call: what it does before that
        they need not do.
    """

    def __init__(self, count: int) -> None:
        self.are_forks = _can_fork()
        context: Any
        if self.are_forks:
            context = multiprocessing.get_context("fork")
        elif os.name == "posix":
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([_PRELOADED])
        else:
            context = multiprocessing.get_context("spawn")
        self.stopped = context.Event()
        # where processes are forked nothing is left in a folder
        held = (self.stopped, "" if self.are_forks else get_temp_dir())
        super().__init__(count, mp_context=context, initializer=_begin, initargs=held)

    def submit(self, function: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        """Start a call, and a process for it if need be; who asks to stop waits until it has begun.

        Python would drop what is raised around a fork.
        """
        if os.name != "posix":
            return super().submit(function, *args, **named)
        held = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            return super().submit(function, *args, **named)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _can_fork() -> bool:
    """Whether nothing else goes on in this program that a fork would break; see `core.forks`."""
    return sys.platform == "linux" and threading.active_count() == 1


def are_many_and_small(paths: Iterable[Path]) -> bool:
    """Whether processes are worth their start: Python, and not loops, takes the time of images."""
    sizes = []
    with contextlib.suppress(OSError):
        sizes = [path.stat().st_size for path in paths]
    return len(sizes) >= (_FEW if _can_fork() else _MANY) and max(sizes) < _SMALL


def processes_share(memory: int, count: int) -> int:
    """Return what each of some processes may take, of the memory of all that belong to a run."""
    return (memory - process_bytes() - _SERVER_BYTES) // count


def work_through(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Apply a function to some items; raise `KeyboardInterrupt` once the pool was told to stop."""
    results = []
    for item in items:
        if _stopped is not None and _stopped.is_set():
            raise KeyboardInterrupt
        results.append(function(item))
    return results


def _begin(stopped: Any, folder: str) -> None:
    """Prepare a process: the first one is asked by the keyboard, and tells the others."""
    global _stopped
    _stopped = stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if os.name == "posix":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)  # they were held where it was forked
    gc.freeze()  # what was there before stays
    work_alone()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent, folder), daemon=True).start()


def _end_with(parent: Any, folder: str) -> None:
    """Wait for the end of the process that began this one; remove what it left if it was killed."""
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
