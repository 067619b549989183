"""``python -m graticule.testing.reliability``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from graticule.testing.reliability import results
from graticule.testing.reliability.row import Effort, Row, all_rows

_TOLD = 15.0
"""Seconds between two lines on how a row stands."""


def main(words: list[str] | None = None) -> int:
    """Try rows, write what came of them, and return 1 if one is not reached."""
    known = all_rows()
    given = _parser(sorted({each.id for each in known})).parse_args(words)
    out = given.out or Path("reliability-quick.json" if given.quick else "reliability.json")
    effort = Effort(given.quick, given.seed, given.processes, given.keep)
    done: list[dict[str, Any]] = []
    for row in known:
        if not given.rows or row.id in given.rows:
            done.append(_tried(row, effort))
            results.write(done, out)  # after each, so that the hours of others are not lost
    if given.page:
        results.write_page(out, given.page)
    print(f"-> {out}")
    return int(not all(each["reached"] for each in done))


def _parser(ids: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m graticule.testing.reliability", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ids, help="by default all")
    parser.add_argument("--quick", action="store_true", help="two minutes for all rows")
    parser.add_argument("--seed", type=int, default=0, help="the same seed tries the same")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, default=Path("faults"), help="for files of faults")
    parser.add_argument("--out", type=Path, help="reliability.json, or reliability-quick.json")
    parser.add_argument("--page", type=Path, help="page that shows the figures")
    return parser


def _tried(row: Row, effort: Effort) -> dict[str, Any]:
    """Make the trials of a row, and tell how it stands."""
    print(f"{row.id}  {row.what}", flush=True)
    trials = []
    started = told = time.monotonic()
    for trial in row.trials(effort):
        trials.append(trial)
        if trial.is_fault:
            print(f"  {trial.outcome}: {trial.kind}, {trial.label}: {trial.detail}", flush=True)
        if time.monotonic() - told > _TOLD:
            told = time.monotonic()
            print(f"  {_counted(trials)}", flush=True)
    found = results.result(row, trials, time.monotonic() - started, effort)
    mark = "reached" if found["reached"] else "NOT REACHED"
    print(f"{row.id}  {mark}: {_counted(trials)} in {found['seconds']} s", flush=True)
    return found


def _counted(trials: list[Any]) -> str:
    counted = Counter(trial.outcome for trial in trials)
    return ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common()) or "nothing"


if __name__ == "__main__":
    sys.exit(main())
