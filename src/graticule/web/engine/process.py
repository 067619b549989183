"""The engine as the server has it: a process that is begun again when it ends."""

from __future__ import annotations

import contextlib
import itertools
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias

from graticule.core.errors import GraticuleError, RequestError
from graticule.pipeline.live.work import Superseded
from graticule.web.engine.notes import StepNotes
from graticule.web.exact import Dropped

_Message: TypeAlias = tuple[int, str, tuple[Any, ...]]
_numbers = itertools.count(1)
_PATIENCE = 20.0
"""Seconds in which an order that is dropped must end, before the process is ended."""
_AT_ONCE = 0.5
_LOOKS = 0.25
_GOODBYE = 5.0
_PROCESS = "the process that computes it"
_CRASHES, _KILLS = 2, 4
"""Ends of the process under an order after which it is not asked again."""
_TRIES = 3
"""Processes that end before they have begun, after which no further one is begun unasked."""


class EngineError(RequestError):
    """What was asked ended the engine, or was stopped.

    Attributes
    ----------
    worked_at : sequence of str
        What was: ``step NAME``, or an input or file.
    """

    worked_at: Sequence[str] = ()


@dataclass(eq=False)
class Order:
    """Something that is asked of the engine.

    Attributes
    ----------
    what, given
        A function of the `Engine`, and what it takes.
    tell : callable
        Given what is said before the answer.
    is_vital : bool
        Whether it is asked again, by itself, when the engine ended under it.
    """

    what: str
    given: tuple[Any, ...]
    tell: Callable[[dict[str, Any]], None] = lambda message: None
    is_vital: bool = True
    number: int = field(default_factory=lambda: next(_numbers))
    answer: Future[Any] = field(default_factory=Future)
    ends: int = 0
    is_stopped: bool = False
    at: Sequence[str] = ()
    ends_by: float = float("inf")


class EngineProcess:
    """The engine of a folder, in a process that is begun again when it ends.

    What was under way when it ended is asked once more, one after the other, each by itself. Under
    which it ends again, that is what ends it; it is answered with an `EngineError`.

    Parameters
    ----------
    root : Path
        The folder.
    tell_all : callable
        Given what the engine tells all pages.

    Attributes
    ----------
    begun : int
        How often a process was begun.
    """

    def __init__(
        self, root: Path, tell_all: Callable[[dict[str, Any]], None] = lambda message: None
    ) -> None:
        self.root, self.tell_all, self.begun = root, tell_all, 0
        self._pages = 0
        self._making: dict[str, dict[str, Any]] = {}
        self._scratch = tempfile.TemporaryDirectory(prefix="graticule-")
        self._notes = StepNotes(Path(self._scratch.name) / "notes")
        self._lock = threading.RLock()
        self._sent: dict[int, Order] = {}
        self._suspects: deque[Order] = deque()
        self._waiting: deque[Order] = deque()
        self._closed = threading.Event()
        self._cut = self._is_ready = False
        self._failures = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._post: SimpleQueue[_Message | None] = SimpleQueue()
        self._begin()
        threading.Thread(target=self._watch, name="engine watch", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Number of the process that there is now."""
        return None if self._process is None else self._process.pid

    def ask(self, what: str, *given: Any) -> Any:
        """Return what a function of the engine gives."""
        return self.carry_out(Order(what, given))

    def carry_out(self, order: Order) -> Any:
        """Return the answer to an order.

        Raises
        ------
        Superseded
            If it was dropped.
        Dropped
            If the engine ended, and it is not asked again.
        EngineError
            If it ends the engine, or was stopped.
        GraticuleError
            As the engine raised it.
        """
        with self._lock:
            if self._closed.is_set():
                raise Dropped
            if self._process is None:
                self._begin()
            if not order.answer.done():
                self._waiting.append(order)
                self._send_on()
        return order.answer.result()

    def drop(self, order: Order, patience: float | None = None) -> None:
        """Let an order end; where it does not in so many seconds, the process is ended."""
        with self._lock:
            if order.answer.done():
                return
            within = _PATIENCE if patience is None else patience
            order.ends_by = min(order.ends_by, time.monotonic() + within)
            if order.number in self._sent:
                self._post.put((order.number, "drop", ()))
                return
            for line in (self._waiting, self._suspects):
                with contextlib.suppress(ValueError):
                    line.remove(order)
            self._end(order, Superseded())

    def stop(self, order: Order) -> None:
        """End an order, whatever it takes; it is answered with an `EngineError`."""
        order.is_stopped, order.at = True, self._notes.read().get(order.number, ())
        self.drop(order, _AT_ONCE)

    def note_pages(self, count: int) -> None:
        """Say how many pages there are."""
        self._pages = count
        self._post.put((count, "pages", ()))

    def close(self) -> None:
        """End the process for good."""
        self._closed.set()
        with self._lock:
            process = self._process
            self._post.put((0, "close", ()))
        if process is not None:
            try:
                process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                process.kill()
            self._listening.join(_GOODBYE)
        with contextlib.suppress(OSError):  # something may be written to it still
            self._scratch.cleanup()

    def _begin(self) -> None:
        self._notes.clear()
        pipe, other = Pipe()
        command = [sys.executable, "-m", "graticule.web.engine.worker", str(other.fileno())]
        self._process = subprocess.Popen(
            [*command, str(self.root), self._scratch.name],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        other.close()
        self.begun += 1
        self._cut = self._is_ready = False
        self._post = SimpleQueue()
        self._post.put((self._pages, "pages", ()))
        given = (pipe, self._process, self._post)
        self._listening = threading.Thread(target=self._listen, args=given, daemon=True)
        self._listening.start()
        threading.Thread(target=_send_all, args=(pipe, self._post), daemon=True).start()

    def _send_on(self) -> None:
        """Send what is waiting; a suspect is sent when nothing else is under way."""
        if self._process is None or any(order.ends for order in self._sent.values()):
            return
        line = self._waiting
        if self._suspects:
            line = deque() if self._sent else deque([self._suspects.popleft()])
        while line:
            order = line.popleft()
            self._sent[order.number] = order
            self._post.put((order.number, order.what, order.given))

    def _listen(
        self, pipe: Connection, process: subprocess.Popen[bytes], post: SimpleQueue[_Message | None]
    ) -> None:
        with contextlib.suppress(Exception):  # whatever a process that dies leaves in its pipe
            while True:
                self._take(*pipe.recv())
        code = process.wait()
        post.put(None)
        with self._lock:
            self._lay_out(code)

    def _take(self, number: int, kind: str, content: Any) -> None:
        if kind == "ready":
            self._failures, self._is_ready = 0, True
            return
        if kind == "news":
            self._tell(content)
            return
        order = self._sent.get(number)
        if order is None:
            return
        if kind == "told":
            order.tell(content)
            return
        with self._lock:
            self._sent.pop(number, None)
            self._send_on()
        if kind == "answer":
            order.answer.set_result(content)
        else:
            self._end(order, content if kind == "fault" else Superseded())

    def _tell(self, news: dict[str, Any]) -> None:
        """Tell all pages; what is being made is remembered, as it ends with the process."""
        if news["type"] == "correction":
            self._making.pop(news["path"], None)
            if news["state"] == "making":
                self._making[news["path"]] = news
        self.tell_all(news)

    def _lay_out(self, code: int) -> None:
        """Decide what becomes of the orders that were under way when the process ended."""
        self._process = None
        worked_at, sent = self._notes.read(), list(self._sent.values())
        self._sent.clear()
        for order in sent:
            order.at = worked_at.get(order.number, order.at)
            if self._closed.is_set() or order.ends_by < float("inf"):
                self._end(order, Superseded())
            elif (self._cut or not self._is_ready) and order.is_vital:
                self._waiting.appendleft(order)
            elif self._is_guilty(order, code, is_alone=len(sent) == 1):
                self._end(order, _faulted(f"{_PROCESS} {_how(code)}", order.at))
            elif order.is_vital:
                self._suspects.append(order)
            else:
                self._end(order, Dropped())
        for news in list(self._making.values()):
            what = f"{_PROCESS} {_how(code)}"
            self._tell({**news, "state": "failed", "what": what, "hint": "begin again"})
        self._failures += 1
        if self._closed.is_set() or self._failures >= _TRIES:
            self._give_up(code)
        else:
            self._begin()
            self._send_on()

    def _is_guilty(self, order: Order, code: int, *, is_alone: bool) -> bool:
        """Whether it is an order that ends the process; of one killed from outside a guess."""
        order.ends += 1
        if self._cut or not is_alone:
            return False
        most = _KILLS if code == -signal.SIGKILL else _CRASHES
        return order.ends >= most or not order.is_vital

    def _give_up(self, code: int) -> None:
        for line in (self._suspects, self._waiting):
            while line:
                what = f"{_PROCESS} does not begin: it {_how(code)}"
                self._end(line.popleft(), _faulted(what, ()))
        self._failures = 0

    def _end(self, order: Order, error: BaseException) -> None:
        if order.is_stopped and not isinstance(error, GraticuleError):
            error = _faulted("was stopped", order.at)
        order.answer.set_exception(error)

    def _watch(self) -> None:
        """End the process where an order does not end that must."""
        while not self._closed.wait(_LOOKS):
            with self._lock:
                now = time.monotonic()
                is_late = any(order.ends_by < now for order in self._sent.values())
                if is_late and self._process is not None:
                    self._cut = True
                    self._process.kill()


def _send_all(pipe: Connection, post: SimpleQueue[_Message | None]) -> None:
    """Send what is posted; a process that is stuck takes nothing, and nobody waits for it."""
    with contextlib.suppress(OSError), pipe:  # that it has ended is heard by who listens
        while message := post.get():
            pipe.send(message)


def _how(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"ended with {code}"
    name = signal.Signals(-code).name
    if name == "SIGKILL":
        return "was killed (SIGKILL), most likely for want of memory"
    return f"crashed ({name})"


def _faulted(what: str, at: Sequence[str]) -> EngineError:
    hint = "it is not computed again until it is changed, or asked for with Try again"
    fault = EngineError(what, where=", ".join(at), hint=hint)
    fault.worked_at = tuple(at)
    return fault
