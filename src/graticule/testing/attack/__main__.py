"""``python -m graticule.testing.attack``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from graticule.io.format import formats
from graticule.testing.attack.attack import attack, look_at
from graticule.testing.trial import Trial

_TOLD = 500
"""Trials after which it is told how far the attack is."""


def main(words: list[str] | None = None) -> int:
    """Attack formats, or look at one file; 1 if there was a fault."""
    parser = argparse.ArgumentParser("python -m graticule.testing.attack", description=__doc__)
    parser.add_argument("formats", nargs="*", help="names of formats; by default all")
    parser.add_argument("--trials", type=int, default=1000, help="files of each format")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same files")
    parser.add_argument("--only", type=int, help="the number of one trial")
    parser.add_argument("--processes", type=int, default=2, help="files that are read at once")
    parser.add_argument("--keep", type=Path, default=Path("faults"), help="folder for the faults")
    parser.add_argument("--file", type=Path, help="look at this file, and attack nothing")
    parser.add_argument("--verbose", action="store_true", help="say what came of every file")
    given = parser.parse_args(words)
    if given.file:
        trial = look_at(given.file)
        _tell(trial)
        return int(trial.is_fault)
    faults = 0
    for name in given.formats or [each.name for each in formats()]:
        numbers = range(given.trials) if given.only is None else [given.only]
        trials = []
        for trial in attack(name, seed=given.seed).run(
            numbers, keep=given.keep, processes=given.processes
        ):
            trials.append(trial)
            if trial.is_fault or given.verbose or given.only is not None:
                _tell(trial)
            if len(trials) % _TOLD == 0:
                print(f"{name}: {len(trials)} of {len(numbers)}", flush=True)
        print(f"{name}: {dict(Counter(trial.outcome for trial in trials))}", flush=True)
        faults += sum(trial.is_fault for trial in trials)
    return int(faults > 0)


def _tell(trial: Trial) -> None:
    print(f"{trial.outcome}: {trial.kind}, {trial.label}, {trial.seconds} s, {trial.peak} bytes")
    print(f"  {trial.detail}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
