"""Results of rows: counted by kind and outcome, as JSON and as a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graticule.core.atomic import atomic_path
from graticule.testing.reliability.row import Effort, Row
from graticule.testing.trial import OUTCOMES, Trial
from graticule.version import machine

_PACKAGES = ("graticule", "numpy", "xarray", "dask", "numba", "astropy", "h5py", "zarr", "tifffile",
             "imagecodecs", "pillow", "scipy")  # fmt: skip
_LISTED = 20
"""Faults of a row that are listed; all are counted."""
_MARKS = ("<!-- figures -->\n", "<!-- end of figures -->")


def result(row: Row, trials: Sequence[Trial], seconds: float, effort: Effort) -> dict[str, Any]:
    """Return what the trials of a row came to, as JSON can hold it."""
    kinds: dict[str, Counter[str]] = {}
    for trial in trials:
        kinds.setdefault(trial.kind, Counter())[trial.outcome] += 1
    faults = [asdict(trial) for trial in trials if trial.is_fault]
    return {
        "id": row.id,
        "what": row.what,
        "trials": len(trials),
        "outcomes": _ordered(Counter(trial.outcome for trial in trials)),
        "faults": len(faults),
        "reached": bool(trials) and not faults,
        "seconds": round(seconds, 1),
        "quick": effort.quick,
        "seed": effort.seed,
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "kinds": {kind: _ordered(kinds[kind]) for kind in sorted(kinds)},
        "listed": faults[:_LISTED],
    }


def _ordered(counted: Counter[str]) -> dict[str, int]:
    return {outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]}


def write(results: Sequence[dict[str, Any]], out: Path) -> None:
    """Write results; rows of the same machine and versions that are not among them stay."""
    here = machine(_PACKAGES)
    before = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    fresh = {(each["id"], each["what"]) for each in results}
    kept = before.get("rows", []) if before.get("machine") == here else []
    stay = [each for each in kept if (each["id"], each["what"]) not in fresh]
    rows = sorted([*stay, *results], key=lambda each: (each["id"], each["what"]))
    content = {"date": datetime.now(UTC).date().isoformat(), "machine": here, "rows": rows}
    with atomic_path(out) as draft:
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def page_of(content: dict[str, Any]) -> str:
    """Return the figures of a results file as Markdown.

    Examples
    --------
    >>> here = {"processor": "X", "cores": 2}
    >>> print(page_of({"date": "2026-01-31", "machine": here, "rows": []}))
    Measured on 2026-01-31, on X with 2 cores.
    <BLANKLINE>
    | row | promise | trials | faults | outcomes | reached |
    |---|---|---:|---:|---|---|
    <BLANKLINE>
    """
    about = content["machine"]
    lines = [
        f"Measured on {content['date']}, on {about['processor']} with {about['cores']} cores.",
        "",
        "| row | promise | trials | faults | outcomes | reached |",
        "|---|---|---:|---:|---|---|",
    ]
    for row in content["rows"]:
        counted = ", ".join(f"{count} {outcome}" for outcome, count in row["outcomes"].items())
        reached = "yes" if row["reached"] else "**no**"
        cells = (row["id"], row["what"], row["trials"], row["faults"], counted, reached)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def write_page(out: Path, page: Path) -> None:
    """Put the figures of a results file into a page, between its two marks."""
    figures = page_of(json.loads(out.read_text(encoding="utf-8")))
    before, begin, rest = page.read_text(encoding="utf-8").partition(_MARKS[0])
    _, end, after = rest.partition(_MARKS[1])
    with atomic_path(page) as draft:
        draft.write_text(before + begin + figures + end + after, encoding="utf-8")
