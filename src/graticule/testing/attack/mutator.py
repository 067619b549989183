"""What a mutator is, and which there is for a format."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias, TypeVar

_MUTATORS = "graticule.testing.attack.mutators"
T = TypeVar("T")
Files: TypeAlias = dict[str, bytes]
"""The files of one image by relative path; the one file of an image that is no folder has ``""``
as its path."""


class Draw(random.Random):
    """Random numbers of one trial.

    Parameters
    ----------
    seed : str
        Of the numbers.
    number : int
        How many trials of the same file and way came before.
    """

    def __init__(self, seed: str, number: int = 0) -> None:
        super().__init__(seed)
        self.number = number

    def turn(self, options: Sequence[T]) -> T:
        """Return the option whose turn it is; a later call goes on where this one ends a round.

        Examples
        --------
        >>> [(draw.turn("ab"), draw.turn("xyz")) for draw in (Draw("", n) for n in range(4))]
        [('a', 'x'), ('b', 'x'), ('a', 'y'), ('b', 'y')]
        """
        self.number, at = divmod(self.number, len(options))
        return options[at]


@dataclass(frozen=True)
class Way:
    """One way to damage a file.

    Attributes
    ----------
    damage : callable
        ``damage(draw, files) -> files``: the files of one image damaged, or None where there
        is nothing to damage so. What it is given is not changed.
    weight : int
        How many trials it has for one of a general way.
    """

    damage: Callable[[Draw, Files], Files | None]
    weight: int = 1


@dataclass(frozen=True)
class Mutator:
    """Good files of one format, and ways to damage them.

    Attributes
    ----------
    format : str
        Name of the format.
    seeds : callable
        ``seeds(folder)``: write small good files, each a file or a folder that is one image.
    ways : mapping
        Ways of its own, by name; the general ones are tried too.
    """

    format: str
    seeds: Callable[[Path], None]
    ways: Mapping[str, Way] = field(default_factory=dict)


def on_one_file(
    damage: Callable[[Draw, bytes], bytes | None],
) -> Callable[[Draw, Files], Files | None]:
    """Return a way that damages one of the files of an image, made of one that damages bytes."""

    def of_files(draw: Draw, files: Files) -> Files | None:
        name = draw.choice(sorted(files))
        damaged = damage(draw, files[name])
        return None if damaged is None else {**files, name: damaged}

    return of_files


@cache
def mutators_by_format() -> Mapping[str, Mutator]:
    """Return every mutator by the name of its format."""
    package = importlib.import_module(_MUTATORS)
    found = [
        importlib.import_module(f"{_MUTATORS}.{module.name}").MUTATOR
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    return {mutator.format: mutator for mutator in found}
