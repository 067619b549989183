"""Pipelines and runs as a notebook shows them: a static picture of a few lines of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from graticule.core.image import Table
from graticule.core.units import shown_quantity
from graticule.pipeline.spec import Spec, Step

_ROWS = 6


def of_pipeline(pipeline: Spec) -> str:
    """Return a pipeline as a table: a row for each step, with what it reads and its parameters."""
    rows = [_row(step) for step in pipeline.steps.values()]
    about = f"<p>{escape(pipeline.description)}</p>" if pipeline.description else ""
    outputs = ", ".join(map(str, pipeline.outputs))
    head = f"<b>{escape(pipeline.name) or 'pipeline'}</b> gives {escape(outputs)}"
    return f"<div>{head}{about}{_table(('step', 'op', 'reads', 'parameters'), rows)}</div>"


def _row(step: Step) -> list[str]:
    reads = ", ".join(str(wire) for wire in step.inputs if wire is not None)
    default = step.op.parameters.defaults
    told = ", ".join(
        f"{name} = {_short(value)}"
        for name, value in step.canonical.items()
        if name not in default or default[name] != value
    )
    return [step.name, step.op.name, reads, told]


def of_run(folder: Path, done: int, failed: int, tables: Mapping[str, Table]) -> str:
    """Return a run: how many images were done, where its report is, and its first rows."""
    told = f"{done} image{'s' * (done != 1)} done"
    told += f", {failed} set aside" if failed else ""
    report = folder / "report.html"
    where = f'<a href="{escape(report.as_posix())}">{escape(report.as_posix())}</a>'
    parts = [f"<b>{told}</b>: {where if report.exists() else escape(str(folder))}"]
    for name, table in tables.items():
        head = table.head(_ROWS)
        rows = [[_short(value) for value in row] for row in head.itertuples(index=False)]
        more = f" (first {_ROWS} of {len(table):,} rows)" if len(table) > _ROWS else ""
        units = table.attrs.get("units", {})
        columns = [f"{c} [{units[c]}]" if units.get(c) else str(c) for c in head.columns]
        parts.append(f"<p>{escape(name)}{more}</p>{_table(columns, rows)}")
    return f"<div>{''.join(parts)}</div>"


def _short(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else shown_quantity(str(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(str(name))}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
