"""The process of the engine: carries out the orders of a pipe, side by side, until it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from graticule.core.errors import GraticuleError, RequestError
from graticule.core.settings import settings
from graticule.pipeline.live.work import Superseded
from graticule.web.engine.engine import Engine, Work
from graticule.web.engine.notes import StepNotes

_THREADS = 256
"""Orders that are carried out at once; one that hangs holds a thread."""


class _Orders:
    """Orders that are under way, and the pipe by which they are answered."""

    def __init__(self, pipe: Connection, notes: StepNotes) -> None:
        self.pipe, self.notes = pipe, notes
        self.wanted: set[int] = set()
        self._sending = threading.Lock()

    def send(self, number: int, kind: str, content: Any) -> None:
        with self._sending, contextlib.suppress(OSError):  # nobody is there to hear it
            self.pipe.send((number, kind, content))

    def carry_out(self, number: int, what: Callable[..., Any], given: Sequence[Any]) -> None:
        work = Work(
            is_wanted=lambda: number in self.wanted,
            report=partial(self.notes.put, number),
            tell=partial(self.send, number, "told"),
        )
        try:
            self.send(number, "answer", what(work, *given))
        except Superseded:
            self.send(number, "dropped", None)
        except GraticuleError as error:
            self.send(number, "fault", error)
        except Exception as error:
            words = f"fault in Graticule: {type(error).__name__}: {error}"
            self.send(number, "fault", RequestError(words, hint="report it"))
        finally:
            self.wanted.discard(number)
            work.report("")


def main(arguments: Sequence[str]) -> int:
    """Do what a pipe asks for; the arguments are its number, the folder, and one for scratch."""
    descriptor, root, scratch = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its pipe
    _limit_memory(settings().memory)
    results = Path(scratch) / "results"
    results.mkdir(exist_ok=True)
    orders = _Orders(Connection(int(descriptor)), StepNotes(Path(scratch) / "notes"))
    engine = Engine(Path(root), results, tell_all=partial(orders.send, 0, "news"))
    orders.send(0, "ready", None)
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="order")
    with contextlib.suppress(EOFError, OSError):
        while True:
            number, what, given = orders.pipe.recv()
            if what == "close":
                break
            if what == "pages":
                engine.pages = number
            elif what == "drop":
                orders.wanted.discard(number)
            else:
                orders.wanted.add(number)
                threads.submit(orders.carry_out, number, getattr(engine, what), given)
    engine.close()
    return 0


def _limit_memory(limit: int) -> None:
    """Let asking for more memory fail here, before the system ends some process for want of it."""
    if sys.platform == "linux":  # elsewhere what is counted is not what an array takes
        import resource

        most = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # a step that is under way would be waited for
