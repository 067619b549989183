"""The program ``graticule``, or ``python -m graticule.cli``."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

from graticule.cli import main

_OBJECTS = 150_000
"""About as many objects as imports make, which stay as long as the process."""


def run_program() -> NoReturn:
    """Carry out the command line of this process, and end it.

    Neither while imports make their objects nor when the process ends is there a use in looking
    for cycles among them, which takes as long as an answer to a small question.
    """
    _collect_later()
    status = main()
    gc.freeze()
    sys.exit(status)


def _collect_later() -> None:
    """Let Python look for cycles as ever, but only once imports are done, and not among theirs."""
    usual = gc.get_threshold()

    def begin(*_: object) -> None:
        gc.callbacks.remove(begin)
        gc.freeze()
        gc.set_threshold(*usual)

    gc.callbacks.append(begin)
    gc.set_threshold(_OBJECTS)


if __name__ == "__main__":
    run_program()
