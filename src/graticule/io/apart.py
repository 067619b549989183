"""Work on files that could crash, hang or fill memory in C: done by a process apart, and watched.

The process is a fork of this one, so that nothing is loaded again; it is kept for the next file
until it fails, or is idle for a while. What fails in one that has seen other files is tried again
in a fresh one, so that no file is blamed for what another did.
"""

from __future__ import annotations

import atexit
import gc
import itertools
import mmap
import os
import pickle
import select
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np

from graticule.core.errors import FormatError, GraticuleError
from graticule.core.settings import (
    array_budget,
    forget_memory_limits,
    memory_limit,
    memory_limited,
)
from graticule.core.typing import Array
from graticule.io.safety import guard

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS = 2.0
_BYTES_A_SECOND = 1e6
"""What is granted to a file beyond that: that many of its bytes a second."""
_PATIENCE = 120.0
"""Seconds that a disk may take to answer."""
_IDLE = 20.0
"""Seconds after which a process that has nothing to do ends."""
_LARGE = 512 * 2**20
"""Above this many bytes in memory a fork is not kept, for it would keep them too."""
_MOST = 2**30
"""Bytes that a look at the structure of a file may take, if the memory setting is not less."""
_LENGTH = struct.Struct("<Q")
_HINT = "it is damaged: fetch or export it again"


Job: TypeAlias = tuple[Callable[[], Any], int, int, int]
"""What is to be done, the memory limit of the run, what of it is for arrays, and the bytes that it
may take."""


class _LostError(Exception):
    """The process apart ended, or was ended, before it answered; maybe not for what it read."""

    is_of_file = False


class _BusyError(_LostError):
    """The process apart took more time than what it read is worth."""

    is_of_file = True


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work(*args)`` returns, or raise what it raises, from a process apart.

    Both must be fit to be pickled. The first argument says what is read: its size, if it is a
    path or has one, decides how long the work may take. Where the system knows no ``fork`` the
    work is done here.

    Raises
    ------
    FormatError
        If the process crashed, or took more time than any such file needs.
    """
    if not hasattr(os, "fork"):
        return work(*args, **kwargs)
    seconds = _SECONDS + _size_of(args[0] if args else None) / _BYTES_A_SECOND
    limit = memory_limit()
    request = pickle.dumps((partial(work, *args, **kwargs), limit, array_budget(limit), _MOST))
    with _lock:
        is_error, value = pickle.loads(_kept.answer(request, seconds))  # noqa: S301  a fork's own
        if is_error:
            _kept.end()  # a file that was refused may have left anything behind
            raise value
        return value  # type: ignore[no-any-return]


def filled_apart(work: Callable[[], Array], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return the array of a known shape that ``work()`` makes in a process apart.

    It may take there as much memory as the settings allow.

    Raises
    ------
    FormatError
        If the process crashed, or took more time than decoding needs.
    """
    nbytes = dtype.itemsize * int(np.prod(shape, dtype=object))
    if not hasattr(os, "fork") or not nbytes:
        return np.asarray(work(), dtype)
    shared = mmap.mmap(-1, nbytes)
    values = np.frombuffer(shared, dtype).reshape(shape)

    def fill() -> None:
        values[...] = work()

    limit = memory_limit()
    single = _Process(job=(fill, limit, array_budget(limit), limit))
    try:
        answer = single.answer(b"", _SECONDS + nbytes / _BYTES_A_SECOND)
        is_error, error = pickle.loads(answer)  # noqa: S301  packed by a fork of this process
        if is_error:
            raise error
    except _LostError as lost:
        raise FormatError(str(lost), hint=_HINT) from None
    finally:
        single.end()
    return values


def _size_of(read: Any) -> int:
    path = getattr(read, "path", read)
    with suppress(OSError, TypeError, ValueError):
        return os.stat(path).st_size
    return 0


class _Process:
    """A fork of this process that does what it is asked to, one thing after the other.

    Parameters
    ----------
    job : tuple, optional
        The only thing it is to do; such a process is not kept.
    """

    def __init__(self, job: Job | None = None) -> None:
        self.owner, self.done, self.is_single = os.getpid(), 0, job is not None or _is_bound()
        self.environment = dict(os.environ)  # which tells HDF5 where to look for what
        self._limits: tuple[float, float | None, float] = (0.0, None, 0.0)
        asked, self.ask = os.pipe()
        self.heard, told = os.pipe()
        self.pid = _fork()
        if not self.pid:
            _serve(asked, told, job, close_others=not self.is_single)
        os.close(asked)
        os.close(told)

    def is_there(self) -> bool:
        """Whether it waits for something to do."""
        if self.owner != os.getpid() or (self.is_single and self.done):
            return False
        if self.environment != os.environ:
            return False
        try:
            return os.waitpid(self.pid, os.WNOHANG) == (0, 0)
        except ChildProcessError:
            return False

    def answer(self, request: bytes, seconds: float) -> bytes:
        """Send a request and return the answer; raise `_LostError` if it ends or takes too long."""
        self.done += 1
        self._limits = (time.monotonic() + seconds + _PATIENCE, None, seconds)
        try:
            if request:
                _write(self.ask, request)
            return _read(self.heard, self._watch)
        except (EOFError, BrokenPipeError):
            raise _LostError(f"made its reader crash ({self._end_word()})") from None

    def _watch(self) -> None:
        until, before, seconds = self._limits
        used = _cpu_seconds(self.pid)
        self._limits = (until, used if before is None else before, seconds)
        if used - (used if before is None else before) > seconds:
            raise _BusyError("keeps its reader busy without end")
        if time.monotonic() > until:
            raise _LostError(f"was not read within {_PATIENCE:.0f} s")

    def _end_word(self) -> str:
        with suppress(ChildProcessError):
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            return signal.Signals(-code).name if code < 0 else f"code {code}"
        return "it ended"

    def end(self) -> None:
        """End the process, if it is this one's own, and forget it."""
        os.close(self.ask)
        os.close(self.heard)
        if self.owner == os.getpid():
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


class _Kept:
    """The process that is kept for the next file."""

    def __init__(self) -> None:
        self.process: _Process | None = None

    def answer(self, request: bytes, seconds: float) -> bytes:
        """Return the answer of a process; what fails in one of some age is asked of a new one."""
        while True:
            process = self._ready()
            is_fresh = not process.done
            try:
                return process.answer(request, seconds)
            except _LostError as error:
                self.end()
                if is_fresh or error.is_of_file:
                    raise FormatError(str(error), hint=_HINT) from None
            except BaseException:  # it would answer what nobody asks any more
                self.end()
                raise

    def _ready(self) -> _Process:
        if self.process is not None and not self.process.is_there():
            self.end()
        if self.process is None:
            self.process = _Process()
        return self.process

    def end(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.end()


_kept = _Kept()
_lock = threading.Lock()
atexit.register(_kept.end)


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _is_bound() -> bool:
    """Whether a fork of this process would keep memory or open HDF5 files that are not its own."""
    import psutil

    if psutil.Process().memory_info().rss > _LARGE:
        return True
    h5py: Any = sys.modules.get("h5py")
    return h5py is not None and bool(h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE))


def _fork() -> int:
    import warnings

    with warnings.catch_warnings():  # of threads: those of Python hold no lock that is used there
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _serve(asked: int, told: int, job: Job | None, *, close_others: bool) -> None:
    """Do what is asked for until nobody asks any more; never return."""
    try:
        _leave_the_parent({asked, told} if close_others else set())
        if job is not None:
            _write(told, _done(*job))
            return
        while _waits(asked, _IDLE):
            request = _read(asked)
            _write(told, _done(*pickle.loads(request)))  # noqa: S301  packed by the parent
            if not close_others:
                return
    except BaseException:
        pass
    finally:
        os._exit(0)


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


def _waits(source: int, seconds: float) -> bool:
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
        while watch is not None and not _waits(source, 0.1):
            watch()
        piece = os.read(source, min(2**20, need - len(found)))
        if not piece:
            raise EOFError
        found += piece
        if need == _LENGTH.size == len(found):
            need += _LENGTH.unpack(found)[0]
    return bytes(found[_LENGTH.size :])
