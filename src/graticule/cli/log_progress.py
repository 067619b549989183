"""Progress as lines of a log, for where nobody looks at a terminal: files, queues, services."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

FIRST, EVERY = 10.0, 30.0
"""Seconds until the first line, and from one to the next."""


@dataclass
class LogProgress:
    """Writes a line now and then; a task of a few seconds writes none.

    Attributes
    ----------
    title : str
        What is going on.
    stream : text file
        Where the lines go.
    clock : callable
        Seconds that have gone by, of any beginning.
    """

    title: str
    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._due = self._started + FIRST

    def __call__(self, done: int, total: int, message: str) -> None:
        """Take note of parts done; `graticule.core.progress.Progress`."""
        now = self.clock()
        if now < self._due:
            return
        self._due = now + EVERY
        spent = now - self._started
        left = f", {in_words(spent * (total - done) / done)} left" if done else ""
        said = f" ({message})" if message else ""
        print(
            f"{self.title}: {done:,} of {total:,} after {in_words(spent)}{left}{said}",
            file=self.stream,
            flush=True,
        )


def in_words(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> in_words(42.3), in_words(200), in_words(9000)
    ('42 s', '3 min 20 s', '2 h 30 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
