"""Exact results in a process of its own: what it is doing can be dropped at any moment."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection

from graticule.core.errors import GraticuleError
from graticule.web.exact_job import work

_NICE = 10


def main(arguments: Sequence[str]) -> int:
    """Do the jobs of a pipe, one after the other, until it ends."""
    with contextlib.suppress(OSError):
        os.nice(_NICE)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
