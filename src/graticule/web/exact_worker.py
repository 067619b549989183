"""Exact results in a process of its own: what it is doing can be dropped at any moment."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection

from graticule.core.errors import GraticuleError
from graticule.web.exact_job import work

_NICE = 10
_LOOKS = 1.0
"""Seconds between two looks at whether the process that began this one is there."""


def main(arguments: Sequence[str]) -> int:
    """Do the jobs of a pipe, one after the other, until it ends."""
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    pipe = Connection(int(arguments[0]))
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            return 0
        try:
            work(job, pipe.send)
        except GraticuleError as error:
            pipe.send(("fault", {"what": error.what, "where": error.where, "hint": error.hint}))
        except Exception:
            what = traceback.format_exc(limit=1).strip().splitlines()[-1]
            pipe.send(("fault", {"what": f"fault in Graticule: {what}", "where": "", "hint": ""}))
        else:
            pipe.send(("done",))


def _end_with(parent: int) -> None:
    """End this process, whatever it is at, once its parent has ended."""
    while os.getppid() == parent:
        time.sleep(_LOOKS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
