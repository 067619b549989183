"""``graticule bench``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graticule.core.errors import UnknownNameError, suggest


def bench(
    *,
    only: Annotated[list[str] | None, Parameter(negative=(), consume_multiple=True)] = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("bench.json"),
) -> int:
    """Measure every figure with its baseline beside it, and write bench.json.

    Exit status: 0 all reached or not measurable here, 1 some not reached.

    Parameters
    ----------
    only
        Rows to measure, as F5; by default all.
    out
        Where the figures go.
    """
    from graticule.bench.row import Row, benchmarks, table

    known = benchmarks()
    names = sorted({benchmark.id for benchmark in known})
    for wanted in only or []:
        if wanted not in names:
            raise UnknownNameError(f"there is no row {wanted!r}", hint=suggest(wanted, names))
    rows: list[Row] = []
    for benchmark in known:
        if not only or benchmark.id in only:
            for row in benchmark.rows():
                rows.append(row)
                print(_line(row), flush=True)
    draft = out.with_name(f".{out.name}.draft")
    draft.write_text(json.dumps(table(rows), indent=1) + "\n", encoding="utf-8")
    os.replace(draft, out)
    print(f"-> {out}")
    return 1 if any(row.reached is False for row in rows) else 0


def _line(row: object) -> str:
    from graticule.bench.row import Row

    assert isinstance(row, Row)
    value = "not measured" if row.value is None else f"{row.value:.4g} {row.unit}"
    against = "" if row.baseline is None else f"  baseline {row.baseline:.4g}"
    ratio = "" if row.ratio is None else f"  ratio {row.ratio:.3g}"
    mark = {True: "reached", False: "NOT REACHED", None: "not judged"}[row.reached]
    bar = f"  must be {row.bar}:" if row.bar else " "
    return f"{row.id:4} {row.what}: {value}{against}{ratio}{bar} {mark}"
