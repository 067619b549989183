"""One trial and its outcome: the words of the attack on files and of the rows of reliability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Outcome: TypeAlias = Literal[
    "read", "typed error", "untyped error", "hang", "crash", "too much memory", "right", "wrong"
]
"""How a trial ended. Of a file: what reading it came to. Of anything else: right or wrong."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
GOOD: frozenset[Outcome] = frozenset(("read", "typed error", "right"))
"""Outcomes that are no faults."""


@dataclass(frozen=True)
class Trial:
    """One thing that was tried, and what came of it.

    Attributes
    ----------
    kind : str
        Trials of one kind are counted together, as ``FITS: cards``.
    label : str
        What was done, so that it can be done again.
    outcome : str
        One of `OUTCOMES`.
    detail : str
        What was said: the message, the signal, the traceback.
    kept : str
        Name of the file that is kept of a fault; empty if none is.
    seconds : float
        Of processor time.
    peak : int
        Bytes of resident memory above those at the start.
    """

    kind: str
    label: str
    outcome: Outcome
    detail: str = ""
    kept: str = ""
    seconds: float = 0.0
    peak: int = 0

    @property
    def is_fault(self) -> bool:
        """Whether this must not happen."""
        return self.outcome not in GOOD
