"""Figures of how networks were trained, fold by fold."""

from __future__ import annotations

from typing import Any

from graticule.learn.crossval.crossval import Comparison
from graticule.learn.unet.history import History
from graticule.report.style import Drawing, as_drawing

_SHOWN = 4
"""Folds of which the training is drawn, at most."""

_SCORES = {
    "dice": "#1b6ca8",
    "precision": "#c0562f",
    "recall": "#4a8f3c",
    "mae": "#1b6ca8",
    "rmse": "#c0562f",
}
_COLOURS = {"loss": "#1b6ca8", **_SCORES}


def trainings(comparison: Comparison) -> list[list[Drawing]]:
    """Draw loss and scores by step of every network, a list of its first folds for each."""
    folds, results = comparison.folds[:_SHOWN], comparison.results
    drawings = [
        [
            _training(f"{name}, {fold.name}", history)
            for fold, history in zip(folds, results[name].histories, strict=False)
            if history.records
        ]
        for name in comparison.ranked
    ]
    return [own for own in drawings if own]


def _training(title: str, history: History) -> Drawing:
    watched = "; dashed, on what only watched the training."
    unwatched = ". Without validation (validation: 0.2) the last weights are kept."
    caption = f"Drawn, on what was learned from{watched if history.validated else unwatched}"
    figure = training_curves(history)
    return as_drawing(figure, f"{title}: {history.words()}.", title, caption, wide=True)


def training_curves(history: History) -> Any:
    """Return a matplotlib figure: loss on the left, scores on the right.

    Drawn: training; dashed: validation. A line marks the step whose weights were kept, and a
    shade what came after the point of overfitting.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    table = history.frame()
    if history.records:
        _draw(left, table, ["loss"])
    scores = [name for name in _SCORES if name in table.columns]
    _draw(right, table, scores)
    left.set_ylabel("loss")
    right.set_ylabel("score" if "dice" in scores else "error, in units of the target")
    if "dice" in scores:
        right.set_ylim(0, 1.02)
    for axes in (left, right):
        axes.set_xlabel("step")
        axes.spines[["top", "right"]].set_visible(False)
        _mark(axes, history)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize="small")
    return figure


def _draw(axes: Any, table: Any, names: list[str]) -> None:
    for name in names:
        marker = "." if len(table) < 2 else None
        style = {"color": _COLOURS[name], "marker": marker}
        axes.plot(table["step"], table[name], label=name, **style)
        held = f"validation_{name}"
        if held in table.columns:
            axes.plot(table["step"], table[held], "--", label=f"{name}, validation", **style)


def _mark(axes: Any, history: History) -> None:
    if not history.records:
        return
    if history.validated and history.best:
        axes.axvline(history.best, color="#888888", linewidth=1, label=f"kept: {history.best}")
    turn = history.overfitting
    if turn is not None:
        axes.axvspan(turn, history.records[-1]["step"], color="#c0562f", alpha=0.08, lw=0)
        axes.axvline(turn, color="#c0562f", lw=1, ls=":", label=f"overfits from {turn}")
