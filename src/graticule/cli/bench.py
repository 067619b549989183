"""``graticule bench``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from graticule.core.atomic import atomic_path
from graticule.core.errors import UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.bench.row import Row


def bench(
    *,
    only: Annotated[list[str] | None, Parameter(negative=(), consume_multiple=True)] = None,
    deep: Annotated[bool, Parameter(negative=())] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
) -> int:
    """Measure every figure with its baseline beside it, and write bench.json.

    Exit status: 0 all reached or not measurable here, 1 some not reached.

    Parameters
    ----------
    only
        Rows to measure, as F5; by default all.
    deep
        Measure the rows that train networks (forty minutes on two cores) instead of all others;
        the file says the date, the machine and the seeds too, and rows of the same machine that
        are not measured now stay in it.
    out
        Where the figures go: bench.json, or bench-deep.json.
    """
    from graticule.bench.row import benchmarks

    known = benchmarks(deep=deep)
    _require_known(only or [], {each.id for each in known}, deep)
    out = out or Path("bench-deep.json" if deep else "bench.json")
    rows: list[Row] = []
    for benchmark in known:
        if not only or benchmark.id in only:
            for row in benchmark.rows():
                rows.append(row)
                print(_format_row(row), flush=True)
            _write(rows, out, deep)  # after each, so that hours of others are not lost
    print(f"-> {out}")
    return 1 if any(row.reached is False for row in rows) else 0


def _write(rows: list[Row], out: Path, deep: bool) -> None:
    from graticule.bench.row import table

    content: object = _merged_with_file(table(rows), out) if deep else table(rows)
    with atomic_path(out) as draft:
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _require_known(only: list[str], names: set[str], deep: bool) -> None:
    from graticule.bench.row import benchmarks

    for wanted in only:
        if wanted in names:
            continue
        others = {each.id for each in benchmarks(deep=not deep)}
        hint = suggest(wanted, sorted(names))
        if wanted in others:
            hint = "leave out --deep" if deep else "it trains networks: add --deep"
        raise UnknownNameError(f"there is no row {wanted!r}", hint=hint)


def _merged_with_file(rows: list[dict[str, Any]], out: Path) -> dict[str, Any]:
    """Return rows with when and on what they were measured, beside others of the same machine."""
    from datetime import UTC, datetime

    from graticule.bench.row import machine

    here = machine()
    now = datetime.now(UTC).isoformat(timespec="minutes")
    own = {row["id"] for row in rows}
    before: dict[str, Any] = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    kept = before.get("rows", []) if before.get("machine") == here else []
    stay = [row for row in kept if row["id"] not in own]
    fresh = [{**row, "measured": row.get("measured", now)} for row in rows]
    return {"machine": here, "rows": sorted([*stay, *fresh], key=lambda row: str(row["id"]))}


def _format_row(row: Row) -> str:
    value = "not measured" if row.value is None else f"{row.value:.4g} {row.unit}"
    against = "" if row.baseline is None else f"  baseline {row.baseline:.4g}"
    ratio = "" if row.ratio is None else f"  ratio {row.ratio:.3g}"
    mark = {True: "reached", False: "NOT REACHED", None: "not judged"}[row.reached]
    bar = f"  must be {row.bar}:" if row.bar else " "
    return f"{row.id:4} {row.what}: {value}{against}{ratio}{bar} {mark}"
