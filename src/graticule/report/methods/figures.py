"""Figures of a comparison: measures with intervals, curves, calibration, the split, hit maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graticule.core.palette import FAINT, GREY, INK
from graticule.learn.crossval.counts import Scores
from graticule.learn.crossval.crossval import Comparison
from graticule.learn.crossval.units import display_window
from graticule.learn.data.labelled_items import LabelledItems
from graticule.report.methods.words import NAMES
from graticule.report.style import Drawing, as_drawing, label_colours, new_figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1f2933")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)))


def style_of(number: int) -> dict[str, Any]:
    """Return colour and dashes of a method, by its number in the document."""
    return {"color": COLOURS[number % 7], "ls": _DASHES[(number // 7) % 3]}


def measures(comparison: Comparison, order: Sequence[str]) -> Drawing:
    """Draw the main measure of each method with its interval, its folds, and the naive split."""
    ranked, name = comparison.ranked, comparison.main
    tall = 0.9 + 0.36 * len(ranked)
    figure, ax = new_figure(8.6, tall)
    longest = max((len(each) for each in ranked), default=6)
    figure.subplots_adjust(left=(0.35 + 0.075 * longest) / 8.6, bottom=0.62 / tall)
    said = []
    for row, method in enumerate(ranked):
        result = comparison.results[method]
        value = result.scores.measures[name]
        colour = style_of(order.index(method))["color"]
        if not np.isnan(value.low):
            ax.plot([value.low, value.high], [row, row], color=colour, lw=2.4,
                    solid_capstyle="butt", alpha=0.55)  # fmt: skip
        folds = [own[name] for own in result.scores.by_fold.values()]
        ax.scatter(folds, [row + 0.24] * len(folds), s=9, color=GREY, lw=0, alpha=0.8, zorder=2)
        ax.scatter([value.estimate], [row], s=44, color=colour, zorder=3, lw=0)
        said.append(f"{method} {value.estimate:.3f}")
        naive = comparison.naive_estimate(method)
        if naive is not None:
            ax.scatter([naive], [row], s=44, facecolor="none", edgecolor=colour, lw=1.3, zorder=3)
    ax.set_yticks(range(len(ranked)), ranked, fontsize=9)
    ax.set_ylim(len(ranked) - 0.5, -0.6)
    ax.grid(axis="x", color="#e5e8ec", lw=0.7)
    ax.set_axisbelow(True)
    ax.set_xlabel(NAMES[name])
    naive_said = "; rings, the naive split" if comparison.naive is not None else ""
    caption = (
        f"Points, all held-out {comparison.data.things} together; bars, intervals of "
        f"{comparison.confidence:.0%} over {comparison.units}; small "
        f"grey points, single folds{naive_said}."
    )
    return as_drawing(figure, f"{NAMES[name]}: {', '.join(said)}.", NAMES[name], caption, wide=True)


def curves(comparison: Comparison, order: Sequence[str]) -> list[Drawing]:
    """Draw ROC, precision-recall and calibration of all methods that give probabilities."""
    scores = {name: comparison.results[name].scores for name in comparison.ranked}
    shown = {name: own for name, own in scores.items() if own.curves}
    note = " Means over the classes." if len(comparison.data.scored_classes) > 1 else ""
    return [draw(shown, order, note) for draw in (_roc, _precision, _calibration) if shown]


_GRID = np.linspace(0, 1, 201)


def _roc(shown: Mapping[str, Scores], order: Sequence[str], note: str) -> Drawing:
    figure, ax = _square("false positive rate", "true positive rate (recall)")
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1)
    said = []
    for name, scores in shown.items():
        lines = [(np.r_[0, c.false_positive_rate], np.r_[0, c.recall]) for c in scores.curves]
        x, y = lines[0]
        if len(lines) > 1:
            x, y = _GRID, np.mean([np.interp(_GRID, [*u, 1], [*v, 1]) for u, v in lines], axis=0)
        area = scores.measures["auc"].estimate
        ax.plot(x, y, lw=1.6, label=f"{name} ({area:.3f})", **style_of(order.index(name)))
        said.append(f"{name} {area:.3f}")
    _key(ax, "lower right")
    caption = f"Area in brackets; chance is the diagonal.{note}"
    return as_drawing(figure, f"ROC areas: {', '.join(said)}.", "ROC", caption)


def _precision(shown: Mapping[str, Scores], order: Sequence[str], note: str) -> Drawing:
    figure, ax = _square("recall", "precision")
    said, chance = [], []
    for name, scores in shown.items():
        lines = []
        for curve in scores.curves:
            at = np.minimum(np.searchsorted(curve.recall, _GRID), curve.recall.size - 1)
            lines.append(curve.precision[at])
            total = curve.positives + curve.negatives
            chance.append(curve.positives / total if total else 0)
        area = scores.measures["average_precision"].estimate
        ax.plot(_GRID, np.mean(lines, axis=0), lw=1.6, label=f"{name} ({area:.3f})",
                **style_of(order.index(name)))  # fmt: skip
        said.append(f"{name} {area:.3f}")
    ax.axhline(float(np.mean(chance)), color=FAINT, lw=1)
    _key(ax, "lower left")
    caption = f"Average precision in brackets; the grey line is chance.{note}"
    return as_drawing(
        figure, f"Average precision: {', '.join(said)}.", "Precision and recall", caption
    )


def _calibration(shown: Mapping[str, Scores], order: Sequence[str], note: str) -> Drawing:
    figure, ax = _square("probability said", "share that is true")
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1)
    said = []
    for name, scores in shown.items():
        counts = np.sum([r.counts for r in scores.reliabilities], axis=0)
        held = counts > 0
        predicted, observed = (
            np.nansum([r.counts * np.nan_to_num(getattr(r, part)) for r in scores.reliabilities],
                      axis=0)[held] / counts[held]
            for part in ("predicted", "observed")
        )  # fmt: skip
        gap = scores.measures["calibration_error"].estimate
        ax.plot(predicted, observed, lw=1.4, marker="o", ms=3, label=f"{name} ({gap:.3f})",
                **style_of(order.index(name)))  # fmt: skip
        said.append(f"{name} {gap:.3f}")
    _key(ax, "upper left")
    caption = (
        "Expected calibration error in brackets. Below the diagonal more is said than is true, as "
        f"where training gave a rare class the weight of a common one.{note}"
    )
    return as_drawing(figure, f"Calibration errors: {', '.join(said)}.", "Calibration", caption)


def _square(x: str, y: str) -> tuple[Any, Any]:
    figure, ax = new_figure(4.6, 4.5)
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return figure, ax


def _key(ax: Any, place: str) -> None:
    ax.legend(loc=place, fontsize=7.5, labelcolor=INK, frameon=True, framealpha=0.85,
              edgecolor="none", handlelength=2.2)  # fmt: skip


def split_map(comparison: Comparison) -> Drawing | None:
    """Draw which parts of the first image are held out in which fold, and the first fold."""
    data = comparison.data
    if isinstance(data, LabelledItems) or not any(fold.blocks for fold in comparison.folds):
        return None
    known = data.known(0)
    window = display_window(known)
    home = np.zeros(known[window].shape, np.int32)
    for number, fold in enumerate(comparison.folds):
        test = fold.test[0]
        if test is not None:
            home[test.values[window]] = number + 1
    first = next(fold for fold in comparison.folds if fold.test[0] is not None)
    train, held = (m.values[window] if m is not None else home < 0
                   for m in (first.train[0], first.test[0]))  # fmt: skip
    roles = np.full((*home.shape, 3), (190, 196, 203), np.uint8)
    roles[train] = (0, 114, 178)
    roles[held] = (230, 159, 0)
    ratio = home.shape[0] / home.shape[1]
    tall = min(4.4, 3.9 * ratio) + 0.6
    figure, axes = new_figure(8.6, tall, columns=2)
    for ax, colours, title in zip(
        axes, (label_colours(home), roles), ("parts", first.name), strict=True
    ):
        ax.imshow(colours, interpolation="nearest")
        ax.set_title(title, fontsize=9, color=INK)
        ax.set_axis_off()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=1 - 0.3 / tall, wspace=0.04)
    share = float(train.mean())
    caption = (
        f"Left, {comparison.data.names[0]} cut into parts, each held out once. Right, the first "
        f"fold: blue is learned from ({share:.0%}), orange judged on, grey is the buffer and used "
        "for neither."
    )
    return as_drawing(figure, caption, "The split", caption, wide=True)


def learning(curve: Any, order: Sequence[str]) -> Drawing:
    """Draw the score of each method against the number of labels."""
    figure, ax = new_figure(6.4, 4.2)
    said = []
    for name in curve.methods:
        rows = curve.rows[curve.rows["method"] == name]
        style = style_of(order.index(name))
        spread = rows.groupby("labels")[curve.measure].agg(["mean", "min", "max"]).reset_index()
        ax.plot(spread["labels"], spread["mean"], marker="o", ms=4, lw=1.6, label=name, **style)
        ax.fill_between(spread["labels"], spread["min"], spread["max"], alpha=0.15,
                        color=style["color"], lw=0)  # fmt: skip
        said.append(f"{name} {spread['mean'].iloc[0]:.3f} to {spread['mean'].iloc[-1]:.3f}")
    ax.set_xscale("log")
    counts = sorted(curve.rows["labels"].unique())
    ax.set_xticks(counts, [f"{count:,}" for count in counts])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(f"{curve.of} learned from")
    ax.set_ylabel(NAMES[curve.measure])
    ax.grid(color="#e5e8ec", lw=0.7)
    _key(ax, "best")
    caption = (
        f"Mean of {curve.repeats} draws of labels, bands from the least to the largest; always "
        "judged on the same held-out samples. Every fold learns from as many as the one with "
        "fewest has, so the last point need not be the number in the table."
    )
    return as_drawing(figure, f"Learning curve: {'; '.join(said)}.", "Learning curve", caption)
