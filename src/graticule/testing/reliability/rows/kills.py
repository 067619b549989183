"""A4: a run killed at any moment, called again, ends as if nothing had been."""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from graticule.testing.reliability.commands import (
    Command,
    CommandEnd,
    RunningCommand,
    forking,
    warm_up,
)
from graticule.testing.reliability.row import Effort, row
from graticule.testing.reliability.run_folders import difference_of_runs
from graticule.testing.reliability.studies import (
    DisturbedStudy,
    coins,
    many,
    nuclei,
    tiled,
)
from graticule.testing.trial import Outcome, Trial

_SIGNALS = {signal.SIGKILL: {-9}, signal.SIGTERM: {143, -15}, signal.SIGINT: {130, -2}}
"""Signals, and the exit statuses of a command that one of them has ended."""
_SHARES = {coins: (130, 3), nuclei: (70, 1), tiled: (40, 1), many: (60, 1)}
"""Kills by each signal, in full and quick, of each study."""
_FROM_SHELL = (12, 0)


@dataclass(frozen=True)
class _Case:
    """One kill: of which study, by which signal, and how far into the run."""

    number: int
    study: DisturbedStudy
    signal: signal.Signals
    is_forked: bool

    @property
    def kind(self) -> str:
        """Trials that are counted together."""
        shell = "" if self.is_forked else ", from a shell"
        return f"{self.study.name}: {self.signal.name}{shell}"


@row(
    "A4",
    "a run killed (SIGKILL, SIGTERM, SIGINT) at any moment, called again, ends in the bytes of an "
    "undisturbed one and leaves no draft, no temporary file and no process",
)
def kills(effort: Effort) -> Iterator[Trial]:
    """Kill runs of several kinds at random moments, call them again, and compare."""
    for number, (make, shares) in enumerate(_SHARES.items()):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            study = make(folder)
            if make is not many:  # processes must not have begun where others are forked
                warm_up(study.command(folder / "warm", _environment(folder / "warm-cache")))
            for is_forked, (full, quick) in ((True, shares), (False, _FROM_SHELL)):
                if not is_forked and study.arrays:
                    continue  # its small tiles are those of forked commands only
                count = effort.count(full=full, quick=quick)
                draw = random.Random(f"{effort.seed} {number} {is_forked}")
                cases = [
                    _Case(at, study, sent, is_forked) for at in range(count) for sent in _SIGNALS
                ]
                if cases:
                    yield from _trials(cases, folder, draw, effort.processes)


def _trials(
    cases: Sequence[_Case], folder: Path, draw: random.Random, processes: int
) -> Iterator[Trial]:
    """Try cases, some at once; an undisturbed run tells how long one lasts and what it makes."""
    whole = folder / ("whole" if cases[0].is_forked else "whole-shell")
    lasts = _lasts(cases[0], whole)
    left = iter(cases)
    running: list[_Kill] = []
    with forking():
        more = True
        while more or running:
            while more and len(running) < processes:
                case = next(left, None)
                more = case is not None
                if case is not None:
                    running.append(_Kill(case, draw, folder, lasts))
            for kill in list(running):
                if (trial := kill.judged(whole)) is not None:
                    running.remove(kill)
                    yield trial
            time.sleep(0.001)


def _lasts(case: _Case, whole: Path) -> float:
    """Make the run of a study undisturbed, and return how many seconds it takes."""
    seconds = []
    for repeat in range(3):
        shutil.rmtree(whole, ignore_errors=True)
        cache = whole.with_name(f"{whole.name}-cache-{repeat}")
        command = case.study.command(whole, _environment(cache))
        log = whole.with_name(f"{whole.name}.log")
        end = RunningCommand(command, log, is_forked=case.is_forked).wait()
        if end.status:
            raise RuntimeError(f"an undisturbed run of {case.study.name} failed: {end.said}")
        seconds.append(end.seconds)
    return median(seconds)


def _environment(cache: Path) -> dict[str, str]:
    temporary = cache.with_name(f"{cache.name}-tmp")
    temporary.mkdir(parents=True, exist_ok=True)
    return {"GRATICULE_CACHE_DIR": str(cache), "TMPDIR": str(temporary)}


class _Kill:
    """A run that is killed, and then called again."""

    def __init__(self, case: _Case, draw: random.Random, folder: Path, lasts: float) -> None:
        kind = "forked" if case.is_forked else "shell"
        self.case = case
        self.place = folder / f"{kind}-{case.signal.name}-{case.number}"
        self.place.mkdir()
        self.out = self.place / "out"
        self.command: Command = case.study.command(self.out, _environment(self.place / "cache"))
        self.to_group = case.signal == signal.SIGINT or draw.random() < 0.3
        self.moment = draw.uniform(0, lasts)
        self.first: CommandEnd | None = None
        self.begun = time.monotonic()
        self.is_sent = False
        self.running = self._started("first")

    def _started(self, name: str) -> RunningCommand:
        log = self.place / f"{name}.log"
        return RunningCommand(self.command, log, is_forked=self.case.is_forked)

    def judged(self, whole: Path) -> Trial | None:
        """Return what came of it once the second run has ended; None before."""
        if not self.is_sent and time.monotonic() - self.begun >= self.moment:
            self.is_sent = True
            self.running.signal(self.case.signal, to_group=self.to_group)
        if (end := self.running.ended()) is None:
            return None
        if self.first is None:
            self.first, self.is_sent = end, True
            self.running = self._started("again")
            return None
        fault = self._fault(self.first, end, whole)
        outcome: Outcome = "wrong" if fault else "right"
        said = f"{fault}\n{_words(self.first)}\n{_words(end)}" if fault else ""
        whom = "its group" if self.to_group else "it"
        label = f"{self.case.kind} to {whom} after {self.moment:.3f} s, number {self.case.number}"
        shutil.rmtree(self.place, ignore_errors=True)
        return Trial(self.case.kind, label, outcome, said, seconds=round(end.seconds, 3))

    def _fault(self, first: CommandEnd, again: CommandEnd, whole: Path) -> str:
        if first.status not in _SIGNALS[self.case.signal] | {0}:
            return f"killed it ended with {first.status}"
        if "Traceback" in first.said and self.case.is_forked:
            return "killed it wrote a traceback"
        if again.status:
            return f"called again it ended with {again.status}"
        if first.left or again.left:
            return f"processes stayed: {first.left or again.left}"
        if left := [path.name for path in (self.place / "cache-tmp").rglob("*")]:
            return f"temporary files stayed: {', '.join(left[:5])}"
        return difference_of_runs(whole, self.out)


def _words(end: CommandEnd) -> str:
    """Return what a command said of a fault, or last."""
    at = end.said.find("Traceback")
    return end.said[at : at + 3000] if at >= 0 else end.said[-1000:]
