"""Forks of a small process, where this one is too large to be forked for each file.

To fork a process costs time for each page of its memory: of one that holds some gigabytes, hundreds
of milliseconds. A server is an interpreter of its own that has loaded what files are read with, and
forks itself when it is asked. It reads no file, and so nothing a file does can harm it.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from graticule.io.watched import IDLE, ended, quiet_fork, serve_as_told, waits

_NUMBER = struct.Struct("<q")
_BEGUN = _NUMBER.pack(-1)
_BEGINS = (
    "import os, signal, sys; "
    "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGCHLD, signal.SIG_DFL); "
    "os.closerange(3, os.sysconf('SC_OPEN_MAX')); "
)
"""What is not taken over from the program: its interrupts, and files that it leaves to children."""
_LEAVES = 1.0
"""Seconds that a server may take to end once nobody can ask it any more."""
_READERS = ("graticule.io.", "dask.array", "h5py", "hdf5plugin", "imagecodecs", "tifffile")
"""How modules begin that read files; those that are loaded here are loaded there."""


class ServerGoneError(Exception):
    """The server has ended; one that starts later does not know the forks it made."""


class ForkServer:
    """A server that was started from here; it begins after a second or two.

    Attributes
    ----------
    has_begun : bool
        Whether it can fork, as of the last look whether it is there.
    has_failed : bool
        Whether it was seen to end before it had begun.
    """

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.has_begun = self.has_failed = False
        self._turn = threading.Lock()
        self._line, other = socket.socketpair()
        try:
            with other:
                self.pid = _start(other)
        except BaseException:
            self._line.close()
            raise

    @classmethod
    def started(cls) -> ForkServer | None:
        """Start one; None where this system or program cannot."""
        is_python = bool(sys.executable) and not getattr(sys, "frozen", False)
        if not (is_python and hasattr(os, "posix_spawn") and hasattr(socket, "send_fds")):
            return None
        try:
            return cls()
        except OSError:  # the interpreter is no longer there, or there are too many processes
            return None

    def is_there(self) -> bool:
        """Whether it is this process's own, and has not ended."""
        if self.owner != os.getpid():
            return False
        with self._turn:  # no answer is on its way then
            if not waits(self._line.fileno(), 0):
                return True
            if self.has_begun:
                return False  # of one that has ended there is the end to read
            self.has_begun = _heard(self._line) == _BEGUN
            self.has_failed = not self.has_begun
            return self.has_begun

    def fork(self, asked: int, told: int, memory: int | None = None) -> ServedFork:
        """Fork it; the fork serves the ends of pipes that are given, and may fill a file in memory.

        Raises
        ------
        ServerGoneError
            If it has ended.
        """
        ends = [asked, told, *([] if memory is None else [memory])]
        pid = self._asked(0, ends)
        if pid <= 0:
            raise ServerGoneError
        return ServedFork(self, pid)

    def end_of(self, pid: int) -> int:
        """End a fork, if it has not, and return how it ended."""
        return self._asked(pid)

    def _asked(self, number: int, files: Sequence[int] = ()) -> int:
        with self._turn:
            try:
                socket.send_fds(self._line, [_NUMBER.pack(number)], files)
                answer = _heard(self._line)
            except OSError:
                raise ServerGoneError from None
            except BaseException:  # the next would hear what this one did not wait for
                self._hang_up()
                raise
        if len(answer) < _NUMBER.size:
            raise ServerGoneError
        return int(_NUMBER.unpack(answer)[0])

    def end(self) -> None:
        """End it and the forks that it has, if it is this process's own."""
        if self.owner != os.getpid():
            self._line.close()
            return
        self._hang_up()
        self._line.close()
        until = time.monotonic() + (_LEAVES if self.has_begun else 0)
        while time.monotonic() < until:
            with suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                    time.sleep(0.002)
                    continue
            return
        ended(self.pid)

    def _hang_up(self) -> None:
        with suppress(OSError):  # it has ended
            self._line.shutdown(socket.SHUT_RDWR)


class ServedFork:
    """A fork that a server made."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        import psutil

        self.server, self.pid = server, pid
        self._seen: Any = None
        with suppress(psutil.Error):
            self._seen = psutil.Process(pid)  # which knows it from another of the same number

    def end(self) -> int | None:
        """End it, if it has not, and return how it ended: a code, less than 0 by a signal."""
        import psutil

        try:
            return self.server.end_of(self.pid)
        except ServerGoneError:
            if self._seen is not None:
                with suppress(psutil.Error):
                    self._seen.kill()
        return None


def _start(line: socket.socket) -> int:
    paths = [str(path) for path in sys.path]
    loaded = [name for name in sys.modules if name.startswith(_READERS)]
    program = _BEGINS + f"sys.path[:] = {paths!r}; from {__name__} import main; main({loaded!r})"
    actions = [
        (os.POSIX_SPAWN_DUP2, line.fileno(), 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    command = [sys.executable, "-P", "-c", program]
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)


def _heard(line: socket.socket) -> bytes:
    """Return a message; less of it, or nothing, where the other side has ended."""
    found = b""
    with suppress(OSError):
        while len(found) < _NUMBER.size and (piece := line.recv(_NUMBER.size - len(found))):
            found += piece
    return found


def main(modules: Sequence[str]) -> None:
    """Fork when asked by the line at the standard input, until nobody asks for a while.

    Parameters
    ----------
    modules : sequence of str
        What is loaded before the first fork, so that none has to.
    """
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    line = socket.socket(fileno=os.dup(0))
    line.sendall(_BEGUN)
    forks = _Forks()
    while waits(line.fileno(), IDLE) or forks.are_at_work():
        if not waits(line.fileno(), 0):
            continue
        message, ends, *_ = socket.recv_fds(line, _NUMBER.size, 3)
        if len(message) < _NUMBER.size:
            break
        number = int(_NUMBER.unpack(message)[0])
        if not (ends or number):
            break  # there was no place for the files that came with it
        line.sendall(_NUMBER.pack(forks.begin(ends) if ends else forks.end(number)))
    forks.end_all()


class _Forks:
    """The forks of a server: those that run, and how others ended, until that is asked for."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._codes: dict[int, int] = {}

    def begin(self, ends: Sequence[int]) -> int:
        pid = quiet_fork()
        if not pid:
            serve_as_told(*ends)
        for end in ends:
            os.close(end)
        self._running.add(pid)
        return pid

    def end(self, pid: int) -> int:
        code = self._codes.pop(pid, None)
        if code is None and pid in self._running:
            code = ended(pid)
        self._running.discard(pid)
        return 0 if code is None else code

    def are_at_work(self) -> bool:
        for pid in list(self._running):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                self._running.discard(pid)
                self._codes[pid] = os.waitstatus_to_exitcode(status)
        return bool(self._running)

    def end_all(self) -> None:
        for pid in self._running:
            ended(pid)
