"""What was measured, with the day and the machine of each row, as ``docs/bench.json`` keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graticule.bench.row import Row, machine
from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError


def write_record(rows: Sequence[Row], path: Path) -> None:
    """Put rows into a record, in place of those that were measured before under the same id.

    Rows of other ids stay, with the machine they were measured on. Where none of an id can be
    measured here, as its images are absent, what was measured before stays too.

    Parameters
    ----------
    rows : sequence of Row
        What was measured just now, here.
    path : Path
        The record; it is made where there is none.

    Raises
    ------
    FormatError
        If the file holds something else.
    """
    record = read_record(path) if path.is_file() else {"machines": [], "rows": []}
    before = {row["id"] for row in record["rows"]}
    measured = {row.id for row in rows if row.value is not None}
    fresh = [row for row in rows if row.id in measured or row.id not in before]
    replaced = {row.id for row in fresh}
    merged = joined_record(
        [(row, record["machines"][row["machine"]]) for row in record["rows"]
         if row["id"] not in replaced],
        [({**row.as_dict(), "measured": _now()}, machine()) for row in fresh],
    )  # fmt: skip
    with atomic_path(path) as draft:
        draft.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")


def joined_record(*parts: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """Return a record of rows, each with its machine; every machine is told once.

    Examples
    --------
    >>> here = {"processor": "one", "cores": 2}
    >>> joined_record([({"id": "S1", "value": 2.0}, here)], [({"id": "F5", "value": 1.0}, here)])
    ... # doctest: +NORMALIZE_WHITESPACE
    {'machines': [{'processor': 'one', 'cores': 2}],
     'rows': [{'id': 'F5', 'value': 1.0, 'machine': 0}, {'id': 'S1', 'value': 2.0, 'machine': 0}]}
    """
    machines: list[dict[str, Any]] = []
    rows = []
    for row, on in (pair for part in parts for pair in part):
        if on not in machines:
            machines.append(on)
        rows.append({**row, "machine": machines.index(on)})
    return {"machines": machines, "rows": sorted(rows, key=lambda row: str(row["id"]))}


def read_record(path: Path) -> dict[str, Any]:
    """Return a record: ``machines``, and ``rows`` of which each says its machine and its day.

    Raises
    ------
    FormatError
        If the file holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        sound = all(
            isinstance(row["id"], str) and isinstance(found["machines"][row["machine"]], dict)
            for row in found["rows"]
        )
    except (ValueError, KeyError, IndexError, TypeError):
        sound = False
    if not sound:
        raise FormatError(
            "is no record of figures with their machines",
            where=str(path),
            hint="name another file, or remove this one",
        )
    return dict(found)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="minutes")
