"""The attack on one format: files are damaged, read in children, and judged."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from graticule.core.errors import RequestError
from graticule.core.settings import memory_limited
from graticule.io.format import Format, formats
from graticule.testing.attack.damage import GENERAL
from graticule.testing.attack.look import look
from graticule.testing.attack.mutator import Draw, Files, Way, mutators_by_format
from graticule.testing.attack.seeds import seed_files, write_files
from graticule.testing.children import Ended, Limits, in_children, resident
from graticule.testing.trial import Outcome, Trial

MEMORY = 2**30
"""Bytes a file may take while it is read, above what the interpreter and libraries take."""


@dataclass(frozen=True)
class Case:
    """One damaged file: a good file of a format, a way to damage it, and a number.

    Attributes
    ----------
    number : int
        Of the trial, from 0.
    seed_file : str
        Name of the good file.
    way : str
        Name of the way.
    turn : int
        How many trials of the same file and way came before.
    """

    number: int
    seed_file: str
    way: str
    turn: int


class Attack:
    """All that a format is attacked with.

    Parameters
    ----------
    known : Format
        The format.
    seed : int
        The same seed makes the same files.
    """

    def __init__(self, known: Format, seed: int = 0) -> None:
        self.format, self.seed = known, seed
        mutator = mutators_by_format().get(known.name)
        with tempfile.TemporaryDirectory() as folder:
            self.seed_files: Mapping[str, Files] = seed_files(known, mutator, Path(folder))
        self.ways: Mapping[str, Way] = {**GENERAL, **(mutator.ways if mutator else {})}
        self._rounds = [
            (name, way, nth)
            for way, how in self.ways.items()
            for nth in range(how.weight)
            for name, files in self.seed_files.items()
            if how.damage(Draw(f"{name} {way}"), files) is not None
        ]
        draw = Draw(f"{seed} {known.name}")
        draw.shuffle(self._rounds)

    @property
    def rounds(self) -> int:
        """Trials in which each way is tried on each good file, as often as it weighs."""
        return len(self._rounds)

    def case(self, number: int) -> Case:
        """Return the case of a number."""
        rounds, at = divmod(number, len(self._rounds))
        name, way, nth = self._rounds[at]
        return Case(number, name, way, rounds * self.ways[way].weight + nth)

    def damaged(self, case: Case) -> Files:
        """Return the damaged files of a case."""
        draw = Draw(f"{self.seed} {self.format.name} {case}", case.turn)
        files = self.seed_files[case.seed_file]
        return self.ways[case.way].damage(draw, files) or files

    def run(
        self,
        numbers: Sequence[int],
        *,
        keep: Path,
        processes: int = 2,
        limits: Limits | None = None,
    ) -> Iterator[Trial]:
        """Read the damaged files of some numbers; yield a trial for each, as they end.

        Parameters
        ----------
        numbers : sequence of int
            Of the cases.
        keep : Path
            Folder for the files at fault.
        processes : int
            Children at once.
        limits : Limits, optional
            Of each file; its memory, with that of the libraries, is the memory setting.
        """
        limits = limits or Limits(memory=MEMORY)
        _warm(self.format, self.seed_files)
        with (
            tempfile.TemporaryDirectory() as name,
            memory_limited(resident(os.getpid()) + limits.memory),
        ):
            work = partial(self._read_damaged, Path(name))
            cases = map(self.case, numbers)
            for end in in_children(cases, work, Path(name), limits=limits, processes=processes):
                yield self._judged(end, keep)

    def _read_damaged(self, folder: Path, case: Case) -> str:
        """Damage a file and look at it, in a child."""
        path = folder / f"{case.number}-{case.seed_file}"
        write_files(path, self.damaged(case))
        try:
            return json.dumps(look(path))
        finally:
            write_files(path, {})

    def _judged(self, end: Ended[Case], keep: Path) -> Trial:
        case = end.item
        outcome, detail = _outcome(end)
        trial = Trial(
            kind=f"{self.format.name}: {case.way}",
            label=f"{self.format.name} --seed {self.seed} --only {case.number} ({case.seed_file})",
            outcome=outcome,
            detail=detail,
            seconds=round(end.seconds, 3),
            peak=end.peak,
        )
        return self._keep(trial, case, keep) if trial.is_fault else trial

    def _keep(self, trial: Trial, case: Case, keep: Path) -> Trial:
        kept = keep / f"{self.format.name}-{self.seed}-{case.number}-{case.seed_file}"
        keep.mkdir(parents=True, exist_ok=True)
        write_files(kept, self.damaged(case))
        return replace(trial, kept=kept.name)


def attack(name: str, *, seed: int = 0) -> Attack:
    """Return the attack on the format of a name.

    Raises
    ------
    RequestError
        If there is no such format.
    """
    known = {each.name: each for each in formats()}
    if name not in known:
        raise RequestError(f"there is no format {name!r}", hint=f"known: {', '.join(known)}")
    return Attack(known[name], seed)


def look_at(path: Path, *, limits: Limits | None = None) -> Trial:
    """Look at one file in a child, and return what came of it."""
    limits = limits or Limits(memory=MEMORY)
    with (
        tempfile.TemporaryDirectory() as folder,
        memory_limited(resident(os.getpid()) + limits.memory),
    ):
        [end] = in_children([path], _looked, Path(folder), limits=limits)
    outcome, detail = _outcome(end)
    return Trial("file", path.name, outcome, detail, "", round(end.seconds, 3), end.peak)


def _outcome(end: Ended[Any]) -> tuple[Outcome, str]:
    if end.stopped:
        return cast("Outcome", end.stopped), end.detail
    outcome, detail = json.loads(end.said)
    return outcome, detail


def _looked(path: Path) -> str:
    return json.dumps(look(path))


def _warm(known: Format, good: Mapping[str, Files]) -> None:
    """Read good files here once, so that children find all they need imported."""
    with tempfile.TemporaryDirectory() as folder:
        for name, files in good.items():
            write_files(Path(folder) / name, files)
            outcome, said = look(Path(folder) / name)
            if outcome != "read":
                raise RequestError(f"the good file {name} of {known.name} is not read: {said}")
