"""``graticule bench``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from graticule.core.errors import UnknownNameError, suggest

if TYPE_CHECKING:
    from graticule.bench.row import Row


def bench(
    *,
    only: Annotated[list[str] | None, Parameter(negative=(), consume_multiple=True)] = None,
    deep: Annotated[bool, Parameter(negative=())] = False,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("bench.json"),
) -> int:
    """Measure every figure with its baseline beside it, and write bench.json.

    The file says of each row its day, its machine and how much of the processors other programs
    took meanwhile. What is measured again replaces its older self there, all else stays.

    Exit status: 0 all reached or not measurable here, 1 some not reached.

    Try: graticule bench --only F8

    Parameters
    ----------
    only
        Rows to measure, as F5; by default all.
    deep
        Measure the rows that take long instead of all others: those that train networks, and
        those that stream what is larger than memory.
    out
        Where the figures go.
    """
    from graticule.bench.record import read_record, write_record
    from graticule.bench.row import benchmarks, compile_modules

    known = benchmarks(deep=deep)
    _require_known(only or [], {each.id for each in known}, deep)
    if out.is_file():
        read_record(out)  # what is none is refused now, and not after an hour
    compile_modules()
    rows: list[Row] = []
    for benchmark in known:
        if not only or benchmark.id in only:
            for row in benchmark.rows():
                rows.append(row)
                print(_format_row(row), flush=True)
            # after each, so that hours of others are not lost
            write_record([row for row in rows if row.id == benchmark.id], out)
    print(f"-> {out}")
    return 1 if any(row.reached is False for row in rows) else 0


def _require_known(only: list[str], names: set[str], deep: bool) -> None:
    from graticule.bench.row import benchmarks

    for wanted in only:
        if wanted in names:
            continue
        others = {each.id for each in benchmarks(deep=not deep)}
        hint = suggest(wanted, sorted(names))
        if wanted in others:
            hint = "leave out --deep" if deep else "it takes long: add --deep"
        raise UnknownNameError(f"there is no row {wanted!r}", hint=hint)


def _format_row(row: Row) -> str:
    value = "not measured" if row.value is None else f"{row.value:.4g} {row.unit}"
    against = "" if row.baseline is None else f"  baseline {row.baseline:.4g}"
    ratio = "" if row.ratio is None else f"  ratio {row.ratio:.3g}"
    mark = {True: "reached", False: "NOT REACHED", None: "not judged"}[row.reached]
    bar = f"  must be {row.bar}:" if row.bar else " "
    return f"{row.id:4} {row.what}: {value}{against}{ratio}{bar} {mark}"
