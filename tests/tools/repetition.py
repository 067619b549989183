"""How often src repeats itself: pairs of runs of identical lines.

A run is 12 or more consecutive lines, blank ones left out and indentation ignored, that stand in
two places. Each pair of places counts once, however long the run is.

    python tests/tools/repetition.py [FOLDER] [--list]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

LENGTH = 12


class Run(NamedTuple):
    """The same lines in two places; line numbers from 1."""

    first: Path
    first_line: int
    second: Path
    second_line: int
    length: int


def runs(folder: Path) -> list[Run]:
    """Return all pairs of runs in the Python files under a folder, the longest first."""
    files = sorted(folder.rglob("*.py"))
    lines = [list(_lines(file)) for file in files]
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for number, own in enumerate(lines):
        texts = [text for _, text in own]
        for start in range(len(texts) - LENGTH + 1):
            places[tuple(texts[start : start + LENGTH])].append((number, start))
    found = []
    for where in places.values():
        for (a, i), (b, j) in combinations(where, 2):
            if i and j and lines[a][i - 1][1] == lines[b][j - 1][1]:
                continue  # the middle of a run that is counted from its first line
            length = _length(lines[a][i:], lines[b][j:])
            found.append(Run(files[a], lines[a][i][0], files[b], lines[b][j][0], length))
    return sorted(found, key=lambda run: (-run.length, run))


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _length(one: list[tuple[int, str]], other: list[tuple[int, str]]) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a[1] != b[1]), min(len(one), len(other)))


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--list"]
    root = Path(arguments[0] if arguments else "src")
    everything = runs(root)
    if "--list" in sys.argv:
        for run in everything:
            print(f"{run.length:4} {run.first}:{run.first_line} {run.second}:{run.second_line}")
    print(f"{len(everything)} pairs of runs of {LENGTH} or more identical lines in {root}")
