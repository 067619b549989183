"""What the commands have in common on the screen: progress, tables, outcomes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from graticule.pipeline.run import Progress, Run


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show images done, what is going on, and the time left; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", style="dim"),
    )
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, message="")

        def tell(done: int, total: int, message: str) -> None:
            bar.update(task, completed=done, total=total, message=message)

        yield tell


def table_of(frame: pd.DataFrame, *, title: str = "", rows: int = 20) -> None:
    """Print a table with units in its head, the first rows of it where it is long."""
    from rich.console import Console
    from rich.table import Table

    units = frame.attrs.get("units", {})
    shown = Table(title=title or None, title_justify="left", header_style="bold")
    for column in frame.columns:
        unit = units.get(column)
        numeric = frame[column].dtype.kind in "iuf"
        head = f"{column}\n[{unit}]" if unit else str(column)
        shown.add_column(_plain(head), justify="right" if numeric else "left")
    for _, row in frame.head(rows).iterrows():
        shown.add_row(*(_plain(_cell(value)) for value in row))
    width = None if sys.stdout.isatty() else 160
    console = Console(width=width)
    console.print(shown)
    if len(frame) > rows:
        console.print(f"... and {len(frame) - rows} more rows", style="dim")


def _plain(text: str) -> Any:
    from rich.text import Text

    return Text(text)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)


def tell_outcome(run: Run) -> int:
    """Say what became of the images, and return the exit status."""
    done = len(run.fates) - len(run.failed)
    print(f"{done} of {len(run.fates)} images done -> {run.folder}")
    print(f"report: {run.folder / 'report.html'}")
    for fate in run.failed:
        error = fate.error or {}
        place = f"{error['where']}: " if error.get("where") else ""
        hint = f" ({error['hint']})" if error.get("hint") else ""
        print(f"failed: {fate.image}: {place}{error.get('what')}{hint}", file=sys.stderr)
    return 1 if run.failed else 0
