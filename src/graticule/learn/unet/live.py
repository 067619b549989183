"""A training as it is seen in a terminal: progress, time left, and the curves so far."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from graticule.learn.unet.history import History
from graticule.learn.unet.plan import OnStep, TrainingStep

_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = ("loss", "dice", "precision", "recall", "mae", "rmse")


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Return a curve of the last values in one line of text.

    Examples
    --------
    >>> sparkline([4, 3, 2, 1, 0.5])
    '█▆▄▂▁'
    """
    shown = list(values)[-width:]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    if high <= low:
        return _BARS[0] * len(shown)
    return "".join(_BARS[int((each - low) / (high - low) * 7.999)] for each in shown)


@contextlib.contextmanager
def training_display(console: Any = None) -> Iterator[OnStep]:
    """Show a training in the terminal while it runs.

    Gives what ``fit`` takes as ``on_step``.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where; by default standard error.

    Examples
    --------
    >>> from rich.console import Console
    >>> import io
    >>> page = io.StringIO()
    >>> history = History([{"step": 50, "loss": 0.5, "dice": 0.8}], steps=100)
    >>> with training_display(Console(file=page, width=80)) as on_step:
    ...     on_step(TrainingStep(50, 100, 0.48, 0.001, history, True))
    >>> "0.800" in page.getvalue()
    True
    """
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    task = bar.add_task("training", total=None, loss=float("nan"))
    with Live(bar, console=console or Console(stderr=True), refresh_per_second=4) as live:

        def on_step(progress: TrainingStep) -> None:
            bar.update(task, completed=progress.step, total=progress.steps, loss=progress.loss)
            if progress.recorded:
                live.update(Group(history_table(progress.history), bar))

        yield on_step


def history_table(history: History) -> Any:
    """Return the last records as a table for a terminal, with their curves."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    names = [name for name in _COLUMNS if any(name in each for each in history.records)]
    for head in ("", *names):
        table.add_column(head, justify="right")
    for prefix, title in (("", "training"), ("validation_", "validation")):
        if not any(prefix + "loss" in each for each in history.records):
            continue
        curves = [
            [each[prefix + name] for each in history.records if prefix + name in each]
            for name in names
        ]
        cells = [f"{sparkline(curve, 12)} {curve[-1]:.3f}" if curve else "" for curve in curves]
        table.add_row(title, *cells)
    turn = history.overfitting
    if turn is not None:
        table.caption = f"validation loss rises since step {turn}"
    return table
