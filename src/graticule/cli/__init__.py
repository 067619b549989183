"""The command line: ``graticule COMMAND``.

Exit status: 0 all done; 1 some images failed, and are named; 2 the request was wrong;
70 a fault in Graticule itself; 130 stopped from the keyboard, 143 by SIGTERM, as a queue of jobs
stops what runs too long: both keep what is done.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Sequence

from graticule.interrupts import heeded

_RESUMABLE = ("run", "demo", "cluster")
"""Commands that keep what is finished; of the others, each says what it kept."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit status."""
    with heeded() as asked:
        try:
            return _main(arguments)
        except KeyboardInterrupt:
            words = sys.argv[1:] if arguments is None else arguments
            resumed = words[:1] and words[0] in _RESUMABLE
            hint = "; the same command goes on from here" if resumed else ""
            by_keyboard = asked.signal != signal.SIGTERM
            status = _print_error(f"stopped{hint}", 130 if by_keyboard else 143)
    if any(thread.name.startswith("graticule") for thread in threading.enumerate()):
        # what is finished is safe; Python would wait for the images under way
        sys.stdout.flush()
        os._exit(status)
    return status


def _main(arguments: Sequence[str] | None) -> int:
    from cyclopts import CycloptsError

    from graticule.cli.app import make_app

    words = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files may be of any bytes
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = make_app(words)(
            words,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except CycloptsError as error:
        from graticule.cli.misused import explain

        what, hint = explain(error)
        return _print_error(what, 2, hint=hint)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the last place where a fault of ours can be told kindly
        from graticule.core.errors import GraticuleError

        if isinstance(error, GraticuleError):
            return _print_error(str(error), 2)
        if os.environ.get("GRATICULE_DEBUG"):
            raise
        what = f"this is a fault in Graticule: {type(error).__name__}: {error}"
        return _print_error(what, 70, hint="set GRATICULE_DEBUG=1 to see where, and report it")
    return status if isinstance(status, int) else 0


def _print_error(what: str, status: int, *, hint: str = "") -> int:
    print(f"graticule: {what}{f' ({hint})' if hint else ''}", file=sys.stderr)
    return status
