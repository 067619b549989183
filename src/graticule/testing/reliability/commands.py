"""Commands as processes of their own: forked where all is imported, or from a shell.

A forked one is a real process that leads a group of its own, as a shell makes it, with the signals
a program begins with; it only need not import anything, so that thousands can be tried.
"""

from __future__ import annotations

import contextlib
import gc
import io
import multiprocessing.util
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

_PAUSE = 0.002
_LONGEST = 300.0
"""Seconds after which a command hangs."""
_LINGERS = 60.0
"""Seconds that what a command started may take to notice that it has ended."""


@dataclass(frozen=True)
class Command:
    """A command line of ``graticule``.

    Attributes
    ----------
    words : tuple of str
        What stands behind ``graticule``.
    environment : mapping
        Variables that are set besides.
    arrays : int
        Bytes that images get, so that small ones are cut into tiles; 0 leaves it to the program.
        Of a forked command only.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    arrays: int = 0


@dataclass(frozen=True)
class CommandEnd:
    """How a command ended.

    Attributes
    ----------
    status : int
        Exit status; that of a signal is negative.
    said : str
        What it wrote to its standard output and error.
    seconds : float
        How long it took.
    left : tuple of int
        Processes of its group that were still there long after; none are now.
    """

    status: int
    said: str
    seconds: float
    left: tuple[int, ...] = ()


class RunningCommand:
    """A command that runs.

    Parameters
    ----------
    command : Command
        What to run.
    log : Path
        Where its output goes.
    is_forked : bool
        Whether it is forked from this process, and not started from a shell.
    """

    def __init__(self, command: Command, log: Path, *, is_forked: bool) -> None:
        self.log = log
        self._started = time.monotonic()
        self._process = None if is_forked else _started(command, log)
        self.pid = _forked(command, log) if self._process is None else self._process.pid

    def signal(self, number: int, *, to_group: bool = False) -> None:
        """Send a signal to it, or to all that it started, too, as a terminal does."""
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if to_group else os.kill)(self.pid, number)

    def ended(self) -> CommandEnd | None:
        """Return how it ended; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        seconds = time.monotonic() - self._started
        if not pid:
            if seconds > _LONGEST:
                self.signal(signal.SIGKILL, to_group=True)
            return None
        if self._process is not None:
            self._process.returncode = os.waitstatus_to_exitcode(status)  # it is waited for here
        left = self._left()
        said = self.log.read_text("utf-8", "replace")
        return CommandEnd(os.waitstatus_to_exitcode(status), said, seconds, left)

    def wait(self) -> CommandEnd:
        """Wait for its end."""
        while (end := self.ended()) is None:
            time.sleep(_PAUSE)
        return end

    def _left(self) -> tuple[int, ...]:
        """Wait until no process of the group is there; return those that stay, and end them."""
        deadline = time.monotonic() + _LINGERS
        while (left := _members(self.pid)) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return left


@contextlib.contextmanager
def forking() -> Iterator[None]:
    """Keep what this process holds from being copied by those that are forked."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _members(group: int) -> tuple[int, ...]:
    """Return the processes of a group that have not ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return ()
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                found.append(int(stat.parent.name))
    return tuple(found)


def _started(command: Command, log: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "graticule.cli", *command.words]
    with log.open("wb") as output:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **command.environment},
            start_new_session=True,
        )


def _forked(command: Command, log: Path) -> int:
    """Fork a process for a command; return its number once it is about to begin."""
    begins, begun = os.pipe()
    pid = os.fork()
    if pid:
        os.close(begun)
        os.read(begins, 1)
        os.close(begins)
        return pid
    status = 70
    try:
        os.close(begins)
        os.setpgid(0, 0)
        _redirect(log)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.write(begun, b".")
        os.close(begun)
        status = carried_out(command)
    except KeyboardInterrupt:  # before the command heeds it
        status = 130
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            multiprocessing.util._exit_function()  # type: ignore[attr-defined]  # as any process
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _redirect(log: Path) -> None:
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, number in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(stream, number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115


def carried_out(command: Command) -> int:
    """Carry out a command in this process as ``python -m`` does, and return its exit status."""
    from graticule.pipeline import execute

    os.environ.update(command.environment)
    _forget_settings()
    sys.argv = ["graticule", *command.words]
    budget: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    if command.arrays:
        budget = mock.patch.object(execute, "array_budget", return_value=command.arrays)
    with budget:
        try:
            runpy.run_module("graticule.cli", run_name="__main__")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def warm_up(command: Command) -> None:
    """Carry out a command in this process, so that those that are forked find all imported.

    Raises
    ------
    RuntimeError
        If it does not end well.
    """
    before = dict(os.environ)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = carried_out(command)
    finally:
        os.environ.clear()
        os.environ.update(before)
        _forget_settings()
    if status:
        raise RuntimeError(f"graticule {' '.join(command.words)}: {said.getvalue()}")


def _forget_settings() -> None:
    from graticule.core.settings import settings

    settings.cache_clear()
    tempfile.tempdir = None
