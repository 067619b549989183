"""What the commands have in common on the screen: progress, tables, outcomes."""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.cli.log_progress import LogProgress

if TYPE_CHECKING:
    import pandas as pd

    from graticule.core.progress import Progress
    from graticule.pipeline.execute import Run

_NOTES = 10
"""Notes that are shown on the screen."""


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show images done, what is going on, and the time left; outside a terminal, as a log."""
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
    if not console.is_terminal:
        yield LogProgress(title, sys.stderr)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[message]}", style="dim"),
    )
    bar = Bar(*columns, console=console, transient=True)
    task = bar.add_task(title, total=None, message="")

    def update(done: int, total: int, message: str) -> None:
        bar.start()  # not before: its thread would be in the way of a fork
        # in a narrow window the message gives way, not the times
        room = max(0, console.width - len(title) - 2 * len(str(total)) - 42)
        short = message if len(message) <= room else f"{message[: max(0, room - 1)]}…"
        bar.update(task, completed=done, total=total, message=short)

    try:
        yield update
    finally:
        bar.stop()


def announce_compilation() -> None:
    """Say once, for a version and this Python, that kernels are compiled at their first use."""
    from graticule.core.settings import settings
    from graticule.version import __version__

    python = "".join(map(str, sys.version_info[:2]))
    mark = settings().cache_dir / f"compiled-{__version__}-{python}"
    with contextlib.suppress(OSError):
        if mark.exists():
            return
    print("first use: fast loops are being compiled; some seconds, once", file=sys.stderr)
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def print_table(frame: pd.DataFrame, *, title: str = "", rows: int = 20) -> None:
    """Print a table with units in its head.

    A wide table of few rows is turned on its side; of any table as much is shown as fits.
    """
    from rich.console import Console

    if frame.empty:
        return
    console = Console(width=None if sys.stdout.isatty() else 120)
    head = frame.head(rows)
    cells = [[_format_cell(value) for value in head[column]] for column in head.columns]
    units = frame.attrs.get("units", {})
    names = [_head(name, units) for name in head.columns]
    widths = [max(map(len, [name, *column])) + 3 for name, column in zip(names, cells, strict=True)]
    if sum(widths) > console.width and len(head) <= 6:
        _print_transposed(console, title, names, cells)
        return
    fitting = _columns_that_fit(widths, console.width)
    shown = [names[:fitting], *zip(*cells[:fitting], strict=True)]
    _print_lines(console, title, [list(line) for line in shown])
    left_out = [f"{len(frame) - rows} more rows"] if len(frame) > rows else []
    left_out += [f"columns {', '.join(names[fitting:])}"] if fitting < len(names) else []
    _print_omitted(console, left_out)


def _head(name: Any, units: Mapping[str, str]) -> str:
    """Return the head of a column, with its unit unless that is 1, of what has none."""
    unit = units.get(name, "")
    return f"{name} [{unit}]" if unit not in ("", "1") else str(name)


def print_rows(frame: pd.DataFrame, *, title: str = "", rows: int = 6) -> None:
    """Print a table of objects, phases or bins: a line for each, with the columns that matter.

    Of more columns than fit those stand first that say what an object is: its name and size, what
    the pipeline computed of it, how bright it is, its shape, and where it lies. The order is that
    of the table.
    """
    from rich.console import Console

    if frame.empty:
        return
    console = Console(width=None if sys.stdout.isatty() else 120)
    units = frame.attrs.get("units", {})
    head = frame.head(rows)
    is_single = "image" in frame and frame["image"].nunique() == 1
    names = [column for column in frame.columns if not (is_single and column == "image")]
    cells = {name: [_format_cell(value) for value in head[name]] for name in names}
    heads = {name: _head(name, units) for name in names}
    room = console.width
    chosen: set[Any] = set()
    for name in sorted(names, key=lambda name: _rank(str(name))):
        width = max(map(len, [heads[name], *cells[name]])) + 3
        if width > room and chosen:
            break
        room -= width
        chosen.add(name)
    shown = [name for name in names if name in chosen]
    lines = zip(*(cells[name] for name in shown), strict=True)
    _print_lines(console, title, [[heads[name] for name in shown], *map(list, lines)])
    left_out = [f"{len(frame) - rows:,} more rows"] if len(frame) > rows else []
    rest = len(names) - len(shown)
    left_out += [f"{rest} more columns"] if rest else []
    _print_omitted(console, left_out)


_RANKS = (
    re.compile(r"image|label|parent|name|phase|class|track"),
    re.compile(r"(.*\.)?(area|volume|length|equivalent_diameter)|fraction.*|number|share"),
    re.compile(r".*_(start|stop)|(.*\.)?pixels|(.*\.)?orientation"),
    re.compile(r"(.*\.)?(centroid_.*|.*_axis|intensity_(std|min|max)|blocks)"),
    re.compile(r"(.*\.)?(intensity_mean|eccentricity)"),
)


def _rank(column: str) -> int:
    """Return how soon a column of objects is shown; one with no usual name says what was asked."""
    kinds = [kind for kind, names in enumerate(_RANKS) if names.fullmatch(column)]
    return {0: 0, 1: 1, 4: 3, 3: 4, 2: 5}[kinds[0]] if kinds else 2


def _print_transposed(console: Any, title: str, names: list[str], cells: list[list[str]]) -> None:
    """Print a table with a line for each of its columns: as many of its rows as fit beside."""
    columns = [names, *(list(row) for row in zip(*cells, strict=True))]
    widths = [max(map(len, column)) + 3 for column in columns]
    fitting = max(2, _columns_that_fit(widths, console.width))
    _print_lines(console, title, [list(line) for line in zip(*columns[:fitting], strict=True)])
    omitted = [column[0] for column in columns[fitting:]]
    _print_omitted(console, [f"rows {', '.join(omitted)}"] if omitted else [])


def _columns_that_fit(widths: list[int], room: int) -> int:
    return max(1, sum(total <= room for total in itertools.accumulate(widths)))


def _print_omitted(console: Any, what: list[str]) -> None:
    if what:
        console.print(f"not shown: {'; '.join(what)}", style="dim", highlight=False)


def _print_lines(console: Any, title: str, lines: list[list[str]]) -> None:
    """Print lines of cells, the first line as the head."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    for number, name in enumerate(lines[0]):
        table.add_column(Text(name), justify="left" if number == 0 else "right", no_wrap=True)
    for line in lines[1:]:
        table.add_row(*map(Text, line))
    console.print(table)


def _format_cell(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, float):
        from graticule.report.wording import number

        return "" if value != value else number(float(value))
    return "" if value is None else str(value)


def print_skipped(skipped: Iterable[tuple[Path, str]]) -> None:
    """Say what was passed over beside the images, by reason."""
    from graticule.io.escaping import escaped
    from graticule.report.wording import some

    by_reason: dict[str, list[str]] = {}
    for path, reason in skipped:
        by_reason.setdefault(reason, []).append(escaped(path.name))
    for reason, names in by_reason.items():
        count = f"{len(names):,} " if len(names) > 3 else ""
        print(f"{count}passed over, {reason}: {some(names)}", file=sys.stderr)


def print_skipped_in(*places: Path) -> None:
    """Say what was passed over in some folders, without what is hidden or a folder."""
    from graticule.io import study
    from graticule.io.studies import FOLDER, HIDDEN

    for place in places:
        if place.is_dir() and not (place / "run.json").is_file():
            told = study(place).skipped
            print_skipped(each for each in told if each[1] not in (HIDDEN, FOLDER))


def _print_notes(run: Run, already: Collection[str]) -> None:
    """Say what of the files was not understood, and what concerns the run, each note once."""
    from graticule.report.wording import by_note, some

    for note in run.notes:
        if note not in already:
            print(f"note: {note}", file=sys.stderr)
    told = by_note((result.image, result.notes) for result in run.results)
    for note, images in list(told.items())[:_NOTES]:
        print(f"note: {some(images)}: {note}", file=sys.stderr)
    if len(told) > _NOTES:
        print(f"and {len(told) - _NOTES} more notes, all in run.json", file=sys.stderr)


def _print_answers_in_doubt(run: Run) -> None:
    """Name the images whose answers a check finds doubtful."""
    images = run.images
    for column in images.columns[images.columns.map(str).str.endswith("doubt")]:
        for image, why in zip(images["image"], images[column], strict=True):
            if isinstance(why, str) and why:
                print(f"doubtful: {image}: {why}", file=sys.stderr)


def print_answers(run: Run) -> None:
    """Say what came out, in the sentences that the page begins with."""
    from graticule.report import answers, experiment

    for sentence in (*experiment.answers_of(run.folder), *answers.answers_in(run.folder)):
        print(sentence)


def print_doubts(run: Run) -> None:
    """Say what a person would ask of the run, before any of its numbers."""
    from graticule.report.doubts import doubts_in, sentence

    done = len(run.results) - len(run.failed)
    for doubt in doubts_in(run.folder):
        print(f"doubtful: {sentence(doubt, done)}", file=sys.stderr)


def print_outcome(run: Run, already: Collection[str] = ()) -> int:
    """Say what became of the images, and return the exit status.

    Notes that were told already are not told again. The status is 1 where an image failed, and
    where what was passed over may be an image.
    """
    from graticule.io.studies import could_be_image

    done = len(run.results) - len(run.failed)
    count = len(run.skipped)
    passed_over = f", {count} other{'s' * (count > 1)} passed over" if count else ""
    maybe = sum(could_be_image(path, why) for path, why in run.skipped)
    passed_over += f" ({maybe} that could be images)" if maybe else ""
    print(f"{done} of {len(run.results)} images done{passed_over} -> {run.folder}")
    print(f"report: {run.folder / 'report.html'}")
    print_skipped(run.skipped)
    _print_notes(run, already)
    _print_answers_in_doubt(run)
    for result in run.failed:
        error = result.error or {}
        place = f"{error['where']}: " if error.get("where") else ""
        hint = f" ({error['hint']})" if error.get("hint") else ""
        print(f"failed: {result.image}: {place}{error.get('what')}{hint}", file=sys.stderr)
    return 1 if run.failed or maybe else 0
