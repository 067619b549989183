"""Asked to stop: from the keyboard or by SIGTERM, and never lost.

Both raise `KeyboardInterrupt` wherever the program is. Python drops what is raised in a finaliser
or around a fork, and compiled code may make another error of it; so it is set down besides.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.05
"""Seconds after which what Python dropped is raised once more."""


class _Asked:
    """The signal that asked last; 0 if none did."""

    signal = 0


def raise_if_asked() -> None:
    """Raise `KeyboardInterrupt` if a command that heeds signals was asked to stop.

    Examples
    --------
    >>> raise_if_asked()
    """
    if _Asked.signal:
        raise KeyboardInterrupt


def _send(number: int) -> None:
    """Send a signal to the main thread, which wakes it where it waits."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    elif main := threading.main_thread().ident:
        signal.pthread_kill(main, number)


@contextmanager
def heeded() -> Iterator[type[_Asked]]:
    """Let SIGTERM stop a command as the keyboard does; give what says which of them has.

    Only the main thread can heed signals; in others nothing is changed. A signal that is ignored,
    as the keyboard's is in the background of a shell, stays so.
    """
    _Asked.signal = 0
    if threading.current_thread() is not threading.main_thread():
        yield _Asked
        return
    again: list[threading.Timer] = []

    def stop(number: int, frame: FrameType | None) -> None:
        _Asked.signal = number
        raise KeyboardInterrupt

    def stop_again(dropped: sys.UnraisableHookArgs) -> None:
        if not (_Asked.signal and issubclass(dropped.exc_type, KeyboardInterrupt)):
            shows(dropped)
            return
        again.append(threading.Timer(_AGAIN, _send, [_Asked.signal]))
        again[-1].daemon = True
        again[-1].start()

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, stop)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, stop)
    shows, sys.unraisablehook = sys.unraisablehook, stop_again
    try:
        yield _Asked
    finally:
        for timer in again:
            timer.cancel()
        sys.unraisablehook = shows
        for number, handler in before.items():
            signal.signal(number, handler)
        _Asked.signal = 0
