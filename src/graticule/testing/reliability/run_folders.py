"""Run folders compared: the same files with the same content, and nothing beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graticule.core.atomic import DRAFT
from graticule.pipeline.folder import CRATE, WORK

_TIMED = {"seconds", "started", "cached", "memory", "from_store", "command", "tiles", "notes"}
"""What a record says of one call, and not of its results."""
RETOLD = {"run.json", "report.html", CRATE}
"""Files that tell of the call, too."""


def difference_of_runs(whole: Path, other: Path) -> str:
    """Say how a run folder differs from one of an undisturbed run; empty if it does not.

    Every table, array and picture must have the same bytes, ``run.json`` must say the same of
    results, there must be a report, and no file that the undisturbed one has not.
    """
    wanted, found = _files(whole), _files(other)
    if missing := sorted(wanted - found):
        return f"missing: {', '.join(missing[:5])}"
    if left := sorted(found - wanted):
        return f"left over: {', '.join(left[:5])}"
    if drafts := [name for name in found if DRAFT in name]:
        return f"drafts: {', '.join(drafts[:5])}"
    for name in sorted(wanted):
        one, two = whole / name, other / name
        is_fate = name.startswith(WORK) and name.endswith(".json")
        if name in RETOLD or is_fate or one.is_dir():
            continue
        if one.read_bytes() != two.read_bytes():
            return f"other bytes: {name}"
    if _record(whole) != _record(other):
        return "other records: run.json"
    return ""


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _record(folder: Path) -> Any:
    return _without_times(json.loads((folder / "run.json").read_text(encoding="utf-8")))


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_times(item) for key, item in value.items() if key not in _TIMED}
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    return value
