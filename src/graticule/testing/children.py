"""Work done in forked children, one after the other, each with a limit of time and of memory.

A child is forked for every piece of work, so that what one leaves behind (memory, open files, a
heap it damaged) is not there for the next, and a crash is that of its own piece of work.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_PAUSE = 0.002
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_WAIT = 6
"""How many times its limit of processor time a child may take by the clock."""
_SAID = 4000


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


class _Child(Generic[T]):
    """A running child."""

    def __init__(self, item: T, work: Callable[[T], str], limits: Limits, log: Path) -> None:
        self.item, self.limits, self.log = item, limits, log
        self.started, self.stopped = time.monotonic(), ""
        self.pipe, end = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.pipe)
            _work_and_leave(item, work, end, log)
        os.close(end)
        self.base = _resident(self.pid)

    def ended(self) -> Ended[T] | None:
        """Return how it ended; None while it runs within its limits."""
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if not pid:
            self._stop_beyond_limits()
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # what it started
        with os.fdopen(self.pipe, "rb") as file:
            said = file.read().decode("utf-8", "replace")
        peak = max(0, used.ru_maxrss * 1024 - self.base)
        if not self.stopped and peak > self.limits.memory:
            self.stopped = "too much memory"
        detail = _last_words(self.log)
        if os.WIFSIGNALED(status):
            self.stopped = self.stopped or "crash"
            detail = f"{signal.Signals(os.WTERMSIG(status)).name}\n{detail}"
        elif os.WEXITSTATUS(status) and not self.stopped:
            self.stopped, detail = "crash", f"exit {os.WEXITSTATUS(status)}\n{detail}"
        seconds = used.ru_utime + used.ru_stime
        return Ended(self.item, said, self.stopped, detail.strip(), seconds, peak)

    def _stop_beyond_limits(self) -> None:
        if self.stopped:
            os.kill(self.pid, signal.SIGKILL)
            return
        lasts = time.monotonic() - self.started
        if _resident(self.pid) - self.base > self.limits.memory:
            self.stopped = "too much memory"
        elif lasts > self.limits.seconds and (
            _processor_time(self.pid) > self.limits.seconds or lasts > _WAIT * self.limits.seconds
        ):
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
    left, running = iter(items), dict[int, _Child[T]]()
    gc.collect()
    gc.freeze()  # else a collection in a child would copy all pages
    try:
        more = True
        while more or running:
            while more and len(running) < processes:
                slot = min(set(range(processes)) - set(running))
                try:
                    item = next(left)
                except StopIteration:
                    more = False
                    break
                running[slot] = _Child(item, work, limits, folder / f"child-{slot}.log")
            for slot, child in list(running.items()):
                if (end := child.ended()) is not None:
                    del running[slot]
                    yield end
            time.sleep(_PAUSE)
    finally:
        gc.unfreeze()
        for child in running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            os.close(child.pipe)


def _work_and_leave(item: T, work: Callable[[T], str], end: int, log: Path) -> None:
    """Do the work and leave the process, in a child."""
    status = 70
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(written, stream)
        faulthandler.enable(sys.__stderr__ or 2, all_threads=False)
        said = work(item).encode("utf-8", "replace")
        with os.fdopen(end, "wb") as file:
            file.write(said)
        status = 0
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _resident(pid: int) -> int:
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
