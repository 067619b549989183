"""What a row is, and which there are."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from graticule.testing.trial import Trial


@dataclass(frozen=True)
class Effort:
    """How much is tried, and with what.

    Attributes
    ----------
    quick : bool
        Whether two minutes must do for all rows, and not an hour.
    seed : int
        Of all that is drawn.
    processes : int
        Processes that may work at once.
    keep : Path
        Folder for the files of faults; it may not be there yet.
    """

    quick: bool = False
    seed: int = 0
    processes: int = os.cpu_count() or 1
    keep: Path = Path("faults")

    def count(self, *, full: int, quick: int) -> int:
        """Return how many trials are made."""
        return quick if self.quick else full


_ROWS = "graticule.testing.reliability.rows"
Trials = Callable[[Effort], Iterable[Trial]]


@dataclass(frozen=True)
class Row:
    """One promise, and the trials of it.

    Attributes
    ----------
    id : str
        As ``A1``.
    what : str
        The promise, in words.
    trials : callable
        ``trials(effort) -> iterable of Trial``.
    """

    id: str
    what: str
    trials: Trials


def row(id: str, what: str) -> Callable[[Trials], Row]:
    """Make a row of a function that yields trials.

    Parameters
    ----------
    id : str
        As ``A1``; several functions may share one, for parts of a promise.
    what : str
        The promise, in words.
    """
    return lambda trials: Row(id, what, trials)


def all_rows() -> list[Row]:
    """Return every row, sorted by id and then by what it promises."""
    package = importlib.import_module(_ROWS)
    found = []
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            declared = vars(importlib.import_module(f"{_ROWS}.{module.name}"))
            found += [value for value in declared.values() if isinstance(value, Row)]
    return sorted(found, key=lambda each: (each.id, each.what))
