"""Work done in forked children, piece by piece, with a limit of time and of memory on each.

A crash is that of one piece of work. To fork costs as much as to read a small file, so a child
does several pieces; one in which a child was stopped is done once more in a fresh child, which
tells whether it was its own doing or that of what an earlier piece left behind (a damaged heap).
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import json
import os
import resource
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_BATCH = 16
_PAUSE = 0.002
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_WAIT = 6
"""How many times its limit of processor time a child may take by the clock."""
_FORKS = 60.0
"""Seconds a child may take until it begins: a fork of a large process is put right first."""
_SAID = 4000
_KEPT = 2**24
"""Bytes that an item may leave to the next, which is not said to have taken them."""


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Attributes
    ----------
    seconds : float
        Of processor time; by the clock six times as much, for a machine may be busy.
    memory : int
        Bytes of resident memory above those it begins with.
    """

    seconds: float = 10.0
    memory: int = 2**30


@dataclass(frozen=True)
class Ended(Generic[T]):
    """How a child ended.

    Attributes
    ----------
    item : object
        What it worked on.
    said : str
        What the work returned; empty where it did not come to its end.
    stopped : str
        Why it did not: ``"hang"``, ``"crash"``, ``"too much memory"``; empty where it did.
    detail : str
        The signal, and what the child wrote to its standard error last.
    seconds : float
        Of processor time.
    peak : int
        Bytes of resident memory above those it began with.
    """

    item: T
    said: str
    stopped: str
    detail: str
    seconds: float
    peak: int


@dataclass(frozen=True)
class _Batch(Generic[T]):
    """Items for one child; ``before`` says how a child was stopped in the one item there is."""

    items: Sequence[T]
    before: Ended[T] | None = None


class _Child(Generic[T]):
    """A running child, and the items it has yet to finish."""

    def __init__(
        self, batch: _Batch[T], work: Callable[[T], str], limits: Limits, log: Path
    ) -> None:
        self.left, self.limits, self.log = deque(batch.items), limits, log
        self.before = batch.before
        self.is_fresh, self.stopped, self._begun = True, "", False
        self.pipe, end = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.pipe)
            _work_and_leave(batch.items, work, end, log)
        os.close(end)
        os.set_blocking(self.pipe, False)
        self._received = b""
        self._base = resident(self.pid)
        self._since, self._computed = time.monotonic(), 0.0

    def finished(self) -> Iterator[Ended[T]]:
        """Yield how items ended that are finished since this was last called."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.pipe, 2**16):
                self._received += piece
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            if not self._begun:
                self._begun, self._base = True, int(line)
                self._since, self._computed = time.monotonic(), _processor_time(self.pid)
                continue
            said, seconds, peak = json.loads(line)
            above = max(0, peak - self._base)
            stopped = "too much memory" if above > self.limits.memory else ""
            end = Ended(self.left.popleft(), said, stopped, "", seconds, above)
            yield self.before if self.before and not stopped else end
            self.is_fresh = False
            self._since, self._computed = time.monotonic(), self._computed + seconds

    def last(self) -> Ended[T] | None:
        """Return how the item ended in which the child did; call it once the child is gone."""
        detail = _last_words(self.log)
        if os.WIFSIGNALED(self.status):
            self.stopped = self.stopped or "crash"
            detail = f"{signal.Signals(os.WTERMSIG(self.status)).name}\n{detail}"
        elif os.WEXITSTATUS(self.status):
            self.stopped = self.stopped or "crash"
            detail = f"exit {os.WEXITSTATUS(self.status)}\n{detail}"
        if not self.left:
            return None
        seconds = max(0.0, self.used.ru_utime + self.used.ru_stime - self._computed)
        peak = max(0, self.used.ru_maxrss * 1024 - self._base)
        return Ended(self.left.popleft(), "", self.stopped, detail.strip(), seconds, peak)

    def is_gone(self) -> bool:
        """Whether the child has ended; it is stopped here where it is beyond its limits."""
        pid, self.status, self.used = os.wait4(self.pid, os.WNOHANG)
        if not pid:
            self._stop_beyond_limits()
            return False
        self.kill_what_it_started()
        return True

    def kill_what_it_started(self) -> None:
        """Kill the child's group of processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _is_late(self) -> bool:
        """Whether it takes too long, for what it works on or to begin."""
        lasts, limit = time.monotonic() - self._since, self.limits.seconds
        if not self._begun:
            return lasts > _FORKS
        computed = _processor_time(self.pid) - self._computed
        return lasts > limit and (computed > limit or lasts > _WAIT * limit)

    def _stop_beyond_limits(self) -> None:
        if self.stopped:
            os.kill(self.pid, signal.SIGKILL)
            return
        if resident(self.pid) - self._base > self.limits.memory:
            self.stopped = "too much memory"
        elif self._is_late():
            self.stopped = "hang"
        if self.stopped:
            os.kill(self.pid, signal.SIGABRT)  # faulthandler then writes where it was
            time.sleep(0.2)


def in_children(
    items: Iterable[T],
    work: Callable[[T], str],
    folder: Path,
    *,
    limits: Limits,
    processes: int = 2,
) -> Iterator[Ended[T]]:
    """Do a piece of work for each item in a child of its own; yield how each ended.

    Parameters
    ----------
    items : iterable
        What is worked on; it is not pickled.
    work : callable
        ``work(item) -> str``: what it returns comes back.
    folder : Path
        For what children write to their standard error.
    limits : Limits
        Of each child.
    processes : int
        Children at once.

    Yields
    ------
    Ended
        In the order in which they end.

    Notes
    -----
    This process must have no threads that hold a lock: a fork would leave it locked for ever.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> [end] = in_children([3], lambda n: str(n * n), folder, limits=Limits())
    >>> end.said, end.stopped
    ('9', '')
    """
    waiting = _batches(items)
    again: deque[_Batch[T]] = deque()
    running: dict[int, _Child[T]] = {}
    gc.collect()
    gc.freeze()  # else a collection in a child would copy all pages
    try:
        while True:
            for slot in set(range(processes)) - set(running):
                if batch := again.popleft() if again else next(waiting, None):
                    running[slot] = _Child(batch, work, limits, folder / f"child-{slot}.log")
            if not running:
                return
            for slot, child in list(running.items()):
                is_gone = child.is_gone()
                yield from child.finished()
                if is_gone:
                    os.close(running.pop(slot).pipe)
                    yield from _after(child, again)
            time.sleep(_PAUSE)
    finally:
        gc.unfreeze()
        for child in running.values():
            child.kill_what_it_started()
            os.waitpid(child.pid, 0)
            os.close(child.pipe)


def _batches(items: Iterable[T]) -> Iterator[_Batch[T]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield _Batch(batch)


def _after(child: _Child[T], again: deque[_Batch[T]]) -> Iterator[Ended[T]]:
    """Yield how the item ended that a child was stopped in, unless it is to be done once more."""
    was_fresh, end = child.is_fresh, child.last()
    if end is None:
        return
    if was_fresh:
        yield end
    else:
        detail = f"only after others in the same process: {end.detail}"
        again.append(_Batch([end.item], replace(end, detail=detail)))
    if child.left:
        again.append(_Batch(list(child.left)))


def _work_and_leave(items: Sequence[T], work: Callable[[T], str], end: int, log: Path) -> None:
    """Do the work and leave the process, in a child."""
    status = 70
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        faulthandler.enable(written, all_threads=False)
        _return_what_is_free()
        base = resident(os.getpid())
        os.write(end, b"%d\n" % base)  # it has begun
        for item in items:
            _forget_peak()
            before = time.process_time()
            said = work(item)
            seconds, peak = time.process_time() - before, _peak()
            if peak > base + _KEPT:
                _return_what_is_free()
            told = json.dumps([said, seconds, peak]) + "\n"
            left = memoryview(told.encode())
            while left:
                left = left[os.write(end, left) :]
        status = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _return_what_is_free() -> None:
    """Give freed memory back to the system: what children take of it would not be seen."""
    with contextlib.suppress(OSError, AttributeError):  # other C libraries keep none
        ctypes.CDLL(None).malloc_trim(0)


def _forget_peak() -> None:
    """Have the peak of this process's resident memory counted from now on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Return the peak of this process's resident memory, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def resident(pid: int) -> int:
    """Return the bytes of memory of a process that are resident; 0 once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _processor_time(pid: int) -> float:
    """Return the seconds a process has computed; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _last_words(log: Path) -> str:
    """Return what a child wrote before it was stopped, and where in Python that was."""
    try:
        text = log.read_bytes()[-(2**16) :].decode("utf-8", "replace")
    except OSError:
        return ""
    text = text.partition("\nExtension modules:")[0]
    begin = max(0, text.rfind("Fatal Python error") - _SAID // 8)
    return text[begin : begin + _SAID]
