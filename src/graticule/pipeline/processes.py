"""Processes of this machine that work on images, and end with the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

from graticule.core.memory import process_bytes
from graticule.core.threads import work_alone

_PRELOADED = "graticule.pipeline._preloaded"
_SERVER_BYTES = 300_000_000
"""What the process takes that the others are forked from, and the one that keeps their locks."""
_stopped: Any = None
T = TypeVar("T")


class ProcessPool(ProcessPoolExecutor):
    """Processes that can be told to stop.

    Parameters
    ----------
    count : int
        How many.
    """

    def __init__(self, count: int) -> None:
        # a process with threads must not be forked; the server has none
        context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            context.set_forkserver_preload([_PRELOADED])
        self.stopped = context.Event()
        super().__init__(count, mp_context=context, initializer=_begin, initargs=(self.stopped,))

    def submit(self, function: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        """Start a call, and a process for it if need be; an interrupt waits until it has begun."""
        if os.name != "posix":
            return super().submit(function, *args, **named)
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return super().submit(function, *args, **named)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)


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


def _begin(stopped: Any) -> None:
    """Prepare a process: the first one is asked by the keyboard, and tells the others."""
    global _stopped
    _stopped = stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work_alone()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
