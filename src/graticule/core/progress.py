"""How long tasks say how far they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called as a task goes on: parts done, parts in all, and what is going on."""


def no_progress(done: int, total: int, message: str) -> None:
    """Take no note of how far a task is.

    Examples
    --------
    >>> progress: Progress = no_progress
    >>> progress(1, 4, "coins")
    """
