"""Exact results behind what is on screen, in a process that is ended where nobody wants them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from graticule.web.exact_job import Job

_PATIENCE = 0.05


class Dropped(Exception):  # noqa: N818
    """The result is not wanted any more, or its process died."""


class ExactWorker:
    """One process that computes exact results, begun anew when its work was dropped."""

    def __init__(self) -> None:
        self._running: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def warm(self) -> None:
        """Begin the process, if there is none, so that the next job need not wait for it."""
        if self._closed or (self._running is not None and self._running[0].poll() is None):
            return
        own, other = Pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "graticule.web.exact_worker", str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        other.close()
        self._running = (process, own)

    def run(
        self, job: Job, tell: Callable[[tuple[Any, ...]], None], is_wanted: Callable[[], bool]
    ) -> None:
        """Do a job; ``tell`` is given every message of it.

        Raises
        ------
        Dropped
            If it is not wanted any more, or the process ends.
        """
        with self._lock:
            self.warm()
            if self._running is None:
                raise Dropped
            connection = self._running[1]
            try:
                connection.send(job)
                while True:
                    while not connection.poll(_PATIENCE):
                        if not is_wanted():
                            raise Dropped
                    message: tuple[Any, ...] = connection.recv()
                    if message[0] == "done":
                        return
                    tell(message)
                    if message[0] == "fault":
                        return
            except Exception:  # whatever a process that dies leaves in its pipe
                self._end()
                self.warm()
                raise Dropped from None

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        process, connection = running
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        connection.close()

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self._end()
