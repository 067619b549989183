"""A process beside this one that does what it is asked to, one thing after the other, watched."""

from __future__ import annotations

import gc
import itertools
import mmap
import os
import pickle
import select
import signal
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

import numpy as np

from graticule.core.errors import GraticuleError
from graticule.core.settings import forget_memory_limits, memory_limited
from graticule.core.typing import Array
from graticule.io.safety import guard

_PATIENCE = 120.0
"""Seconds that a disk may take to answer."""
IDLE = 20.0
"""Seconds after which a process that has nothing to do ends."""
_LENGTH = struct.Struct("<Q")

_given: mmap.mmap | bytes = b""

Job: TypeAlias = tuple[Callable[[], Any], int, int, int]
"""What is to be done, the memory limit of the run, what of it is for arrays, and the bytes that it
may take."""


class LostError(Exception):
    """The process apart ended, or was ended, before it answered; maybe not for what it read."""

    is_of_file = False


class BusyError(LostError):
    """The process apart took more time than what it read is worth."""

    is_of_file = True


class Fork(Protocol):
    """A fork, by whomever it was made."""

    pid: int

    def end(self) -> int | None:
        """End it, if it has not, and return how it ended: a code, less than 0 by a signal.

        It is called once: the number may be that of another process then.
        """


class OwnFork:
    """A fork of this process.

    Parameters
    ----------
    asked, told : int
        Where it reads requests and writes answers.
    job : tuple, optional
        The only thing it is to do.
    close_others : bool
        Whether it is to close all other files, and go on after its first answer.
    """

    def __init__(self, asked: int, told: int, job: Job | None, *, close_others: bool) -> None:
        self.pid = quiet_fork()
        if not self.pid:
            serve(asked, told, job, close_others=close_others)

    def end(self) -> int | None:
        """End it, if it has not, and return how it ended: a code, less than 0 by a signal."""
        return ended(self.pid)


def ended(child: int) -> int | None:
    """Kill a child of this process and return how it had ended; None if it is no child."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None


class Process:
    """A fork that does what it is asked to, one thing after the other.

    Parameters
    ----------
    make : callable
        ``make(asked, told)`` gives the fork, that reads and writes these ends of pipes.
    is_single : bool
        Whether it does one thing alone.
    is_served : bool
        Whether it is no fork of this process, and knows of it no more than it is told.
    """

    def __init__(
        self,
        make: Callable[[int, int], Fork],
        *,
        is_single: bool = False,
        is_served: bool = False,
    ) -> None:
        self.owner, self.done = os.getpid(), 0
        self.is_single, self.is_served = is_single, is_served
        self.environment = dict(os.environ)  # which tells HDF5 where to look for what
        self._limits: tuple[float, float | None, float] = (0.0, None, 0.0)
        self._code: int | None = None
        self._has_ended = False
        asked, self.ask = os.pipe()
        self.heard, told = os.pipe()
        try:
            self._fork = make(asked, told)
        except BaseException:
            os.close(self.ask)
            os.close(self.heard)
            raise
        finally:
            os.close(asked)
            os.close(told)
        if is_served:
            with suppress(BrokenPipeError):  # then there is no answer either
                _write(self.ask, pickle.dumps(self.environment))

    def is_there(self) -> bool:
        """Whether it waits for something to do."""
        if self.owner != os.getpid() or (self.is_single and self.done):
            return False
        if self.environment != os.environ:
            return False
        return not waits(self.heard, 0)  # of one that has ended there is the end to read

    def answer(self, request: bytes, seconds: float) -> bytes:
        """Send a request and return the answer; raise `LostError` if it ends or takes too long."""
        self.done += 1
        self._limits = (time.monotonic() + seconds + _PATIENCE, None, seconds)
        try:
            if request:
                _write(self.ask, request)
            return _read(self.heard, self._watch)
        except (EOFError, BrokenPipeError):
            raise LostError(f"made its reader crash ({self._end_word()})") from None

    def _watch(self) -> None:
        until, before, seconds = self._limits
        used = _cpu_seconds(self._fork.pid)
        self._limits = (until, used if before is None else before, seconds)
        if used - (used if before is None else before) > seconds:
            raise BusyError("keeps its reader busy without end")
        if time.monotonic() > until:
            raise LostError(f"was not read within {_PATIENCE:.0f} s")

    def _end_word(self) -> str:
        code = self._end_fork()
        if code is None:
            return "it ended"
        return signal.Signals(-code).name if code < 0 else f"code {code}"

    def end(self) -> None:
        """End the process, if it is this one's own, and forget it."""
        os.close(self.ask)
        os.close(self.heard)
        if self.owner == os.getpid():
            self._end_fork()

    def _end_fork(self) -> int | None:
        if not self._has_ended:
            self._has_ended = True
            self._code = self._fork.end()
        return self._code


def quiet_fork() -> int:
    """Fork this process, without a warning of its threads."""
    import warnings

    with warnings.catch_warnings():  # of threads: those of Python hold no lock that is used there
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def serve(
    asked: int, told: int, job: Job | None, *, close_others: bool, memory: int | None = None
) -> None:
    """Do what is asked for until nobody asks any more; never return.

    ``memory`` is a file in memory that `fill` fills.
    """
    global _given
    try:
        if memory is not None:
            _given = mmap.mmap(memory, 0)
        _leave_the_parent({asked, told} if close_others else set())
        if job is not None:
            _write(told, _done(*job))
            return
        while waits(asked, IDLE):
            request = _read(asked)
            _write(told, _done(*pickle.loads(request)))  # noqa: S301  packed by the parent
            if not close_others:
                return
    except BaseException:
        pass
    finally:
        os._exit(0)


def serve_as_told(asked: int, told: int, memory: int | None = None) -> None:
    """Serve with the variables of the environment that come first; never return."""
    try:
        environment = pickle.loads(_read(asked))  # noqa: S301  packed by the process that asks
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
    except BaseException:
        os._exit(0)
    serve(asked, told, None, close_others=True, memory=memory)


def fill(work: Callable[[], Array], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Put the array that ``work()`` makes into the memory that this process was given."""
    np.frombuffer(_given, dtype).reshape(shape)[...] = work()


def _leave_the_parent(kept: set[int]) -> None:
    """Take over neither its signals nor, if some are ``kept`` alone, its open files."""
    import faulthandler
    import resource

    faulthandler.disable()
    for each in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGALRM):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.freeze()
    forget_memory_limits()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    if kept:
        ends = [2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
        for low, high in itertools.pairwise(ends):
            os.closerange(low + 1, high)


def _done(work: Callable[[], Any], memory: int, arrays: int, most: int) -> bytes:
    """Return the packed result of some work, or what it raised."""
    _limit(min(memory, most))
    try:
        with guard(""), memory_limited(memory, besides=memory - arrays):
            return pickle.dumps((False, work()))
    except GraticuleError as error:
        return pickle.dumps((True, _alone(error)))
    except Exception as error:
        _alone(error)
        with suppress(Exception):
            packed = pickle.dumps((True, error))
            pickle.loads(packed)  # noqa: S301  some that can be packed cannot be had back
            return packed
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))


def _alone(error: Exception) -> Exception:
    """Return an error without its causes, which some make part of its pickle (tblib does)."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


def _limit(memory: int) -> None:
    """Let this process take so many bytes more than it has."""
    import resource

    with suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * mmap.PAGESIZE
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (now + memory, hard))


def _cpu_seconds(pid: int) -> float:
    import psutil

    with suppress(psutil.Error):
        used = psutil.Process(pid).cpu_times()
        return float(used.user + used.system)
    return 0.0


def waits(source: int, seconds: float) -> bool:
    """Whether there is something to read before so many seconds are over."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def _write(to: int, content: bytes) -> None:
    left = memoryview(_LENGTH.pack(len(content)) + content)
    while left:
        left = left[os.write(to, left) :]


def _read(source: int, watch: Callable[[], None] | None = None) -> bytes:
    """Return what the other side wrote; ``watch`` is called now and then while it does not."""
    found = bytearray()
    need = _LENGTH.size
    while len(found) < need:
        while watch is not None and not waits(source, 0.1):
            watch()
        piece = os.read(source, min(2**20, need - len(found)))
        if not piece:
            raise EOFError
        found += piece
        if need == _LENGTH.size == len(found):
            need += _LENGTH.unpack(found)[0]
    return bytes(found[_LENGTH.size :])
