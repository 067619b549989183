"""Work on files that could crash, hang or fill memory in C: done by a process apart, and watched.

The process is a fork of this one, so that nothing is loaded again; it is kept for the next file
until it fails, or is idle for a while. What fails in one that has seen other files is tried again
in a fresh one, so that no file is blamed for what another did. Where this process holds much, forks
are made by a small one (`graticule.io.fork_server`) once it has begun.
"""

from __future__ import annotations

import atexit
import math
import mmap
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.forks import ProcessLock
from graticule.core.settings import array_budget, memory_limit
from graticule.core.typing import Array
from graticule.io.fork_server import ForkServer, ServerGoneError
from graticule.io.watched import Job, LostError, OwnFork, Process, fill

P = ParamSpec("P")
T = TypeVar("T")

_SECONDS = 2.0
_BYTES_A_SECOND = 1e6
"""What is granted to a file beyond that: that many of its bytes a second."""
_LARGE = 512 * 2**20
"""Above this many bytes in memory a fork is not kept, for it would keep them too."""
_FEW = 2
"""Forks of a large process after which a server of forks is worth what it takes to begin."""
_VAIN = 2
"""Servers that ended before they had begun, after which no other is started."""
_MOST = 2**30
"""Bytes that a look at the structure of a file may take, if the memory setting is not less."""
_HINT = "it is damaged: fetch or export it again"


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
        answer = _kept.answer(request, seconds, is_known=_is_known(work))
        is_error, value = pickle.loads(answer)  # noqa: S301  packed by a fork
        if is_error:
            _kept.end()  # a file that was refused may have left anything behind
            raise value
        return value  # type: ignore[no-any-return]


def filled_apart(
    work: Callable[[], Array],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    may_be_served: bool = True,
) -> Array:
    """Return the array of a known shape that ``work()`` makes in a process apart.

    It may take there as much memory as the settings allow. What can be pickled and needs little
    of this process may be done in a fork of a server, where this process is large.

    Raises
    ------
    FormatError
        If the process crashed, or took more time than decoding needs.
    """
    nbytes = dtype.itemsize * int(np.prod(shape, dtype=object))
    if not hasattr(os, "fork") or not nbytes:
        return np.asarray(work(), dtype)
    try:
        values = _filled_by_server(work, shape, dtype) if may_be_served else None
        return _filled_by_fork(work, shape, dtype) if values is None else values
    except LostError as lost:
        raise FormatError(str(lost), hint=_HINT) from None


def _filled_by_fork(
    work: Callable[[], Array], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    shared = mmap.mmap(-1, dtype.itemsize * math.prod(shape))
    values = np.frombuffer(shared, dtype).reshape(shape)

    def put() -> None:
        values[...] = work()

    limit = memory_limit()
    process = _own_fork((put, limit, array_budget(limit), limit))
    _finish(process, b"", values.nbytes)
    return values


def _filled_by_server(
    work: Callable[[], Array], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Array | None:
    """Return the array as a fork of the server fills it; None where there is none."""
    if not (_is_known(work) and _is_bound()):
        return None
    nbytes, file = dtype.itemsize * math.prod(shape), None
    try:
        file = _file_in_memory(nbytes)
        process = None if file is None else _kept.served(memory=file)
        if file is None or process is None:
            return None
        limit = memory_limit()
        request = (partial(fill, work, shape, dtype), limit, array_budget(limit), limit)
        _finish(process, pickle.dumps(request), nbytes)
        values = np.empty(shape, dtype)
        into = values.reshape(-1).view(np.uint8).data
        done = 0
        while done < nbytes:
            done += os.preadv(file, [into[done:]], done)
        return values
    finally:
        if file is not None:
            os.close(file)


def _finish(process: Process, request: bytes, nbytes: int) -> None:
    """Have a process fill so many bytes; raise what it raises."""
    try:
        answer = process.answer(request, _SECONDS + nbytes / _BYTES_A_SECOND)
    finally:
        process.end()
    is_error, error = pickle.loads(answer)  # noqa: S301  packed by a fork
    if is_error:
        raise error


def _file_in_memory(nbytes: int) -> int | None:
    """Return an open file that takes no place on a disk; None where the system has none."""
    if not hasattr(os, "memfd_create"):
        return None
    file = None
    try:
        file = os.memfd_create("graticule")
        os.ftruncate(file, nbytes)
    except OSError:
        if file is not None:
            os.close(file)
        return None
    return file


def _is_known(work: Callable[..., Any]) -> bool:
    """Whether a server of forks knows a function: those of the program itself it does not."""
    module = str(getattr(work, "func", work).__module__)
    return module.partition(".")[0] == __name__.partition(".")[0]


def _size_of(read: Any) -> int:
    path = getattr(read, "path", read)
    with suppress(OSError, TypeError, ValueError):
        return os.stat(path).st_size
    return 0


class _Kept:
    """The process that is kept for the next file, and the server that makes it."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self.server: ForkServer | None = None
        self.forks = self.failures = 0
        self._serving = ProcessLock()  # of its own: a look at a file may take long

    def answer(self, request: bytes, seconds: float, *, is_known: bool) -> bytes:
        """Return the answer of a process; what fails in one of some age is asked of a new one.

        What a server does not know, as functions of the program itself, is asked of a fork.
        """
        while True:
            process = self._ready(is_known)
            is_fresh = not process.done
            try:
                return process.answer(request, seconds)
            except LostError as error:
                self.end()
                if is_fresh or error.is_of_file:
                    raise FormatError(str(error), hint=_HINT) from None
            except BaseException:  # it would answer what nobody asks any more
                self.end()
                raise

    def _ready(self, is_known: bool) -> Process:
        if self.process is not None and not (self.process.is_there() and self._fits(is_known)):
            self.end()
        if self.process is None:
            self.process = (self.served() if is_known and _is_bound() else None) or _own_fork()
        return self.process

    def _fits(self, is_known: bool) -> bool:
        return is_known or self.process is None or not self.process.is_served

    def served(self, memory: int | None = None) -> Process | None:
        """Return a fork of the server; None until it has begun, or where it cannot.

        ``memory`` is a file in memory that the fork is to fill.
        """
        with self._serving:
            server = self._server()
        if server is None:
            return None
        with suppress(ServerGoneError):
            return Process(partial(server.fork, memory=memory), is_served=True)
        return None

    def _server(self) -> ForkServer | None:
        """Return the server if it has begun; one is started after a few forks without it."""
        if self.server is not None and not self.server.is_there():
            self.failures += self.server.has_failed
            self.server.end()
            self.server = None
        self.forks += 1
        if self.server is None and self.forks > _FEW and self.failures < _VAIN:
            self.forks = 0
            self.server = ForkServer.started()
            self.failures += self.server is None
        return self.server if self.server is not None and self.server.has_begun else None

    def end(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.end()

    def end_all(self) -> None:
        """End the process and the server."""
        self.end()
        server, self.server = self.server, None
        if server is not None:
            server.end()


def _own_fork(job: Job | None = None) -> Process:
    """Return a fork of this process; one with a job, or of a large process, is not kept."""
    is_single = job is not None or _is_bound()
    make = partial(OwnFork, job=job, close_others=not is_single)
    return Process(make, is_single=is_single)


_kept = _Kept()
_lock = ProcessLock()
atexit.register(_kept.end_all)


def _is_bound() -> bool:
    """Whether a fork of this process would keep memory or open HDF5 files that are not its own."""
    import psutil

    if psutil.Process().memory_info().rss > _LARGE:
        return True
    h5py: Any = sys.modules.get("h5py")
    return h5py is not None and bool(h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE))
