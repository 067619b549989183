"""A comparison in words."""

from __future__ import annotations

import math

from graticule.evaluate.bootstrap import Interval
from graticule.learn.crossval.crossval import Comparison
from graticule.learn.crossval.split import Split
from graticule.report import wording

NAMES = {
    "dice": "Dice (F1)",
    "precision": "Precision",
    "recall": "Recall",
    "auc": "ROC area",
    "average_precision": "PR area",
    "calibration_error": "Calibration error",
    "r2": "R²",
    "mean_absolute_error": "Mean absolute error",
    "root_mean_squared_error": "Root mean squared error",
}
"""What the measures are called."""


def number(value: float) -> str:
    """Return a score with three decimals, or four digits where it is no share."""
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else wording.number(value)


def interval(value: Interval) -> str:
    """Return the ends of an interval; empty where it has none."""
    if math.isnan(value.low):
        return ""
    return f"{number(value.low)} to {number(value.high)}"


def answer(comparison: Comparison, split: Split) -> list[str]:
    """Return in words which method is best, by how much, and how that is known."""
    sentences = []
    ranked = comparison.ranked
    if ranked:
        value = _main(comparison, ranked[0])
        over = f" (too few {comparison.units} for an interval)"
        if not math.isnan(value.low):
            over = f", between {number(value.low)} and {number(value.high)} by resampling "
            over += f"{value.units} {comparison.units}"
        lead = "is best" if len(ranked) > 1 else "was judged"
        of = " in the mean of the classes" if len(comparison.data.scored_classes) > 1 else ""
        sentences.append(
            f"{ranked[0]} {lead}: {NAMES[comparison.main]} {number(value.estimate)}{of} on "
            f"held-out samples{over}."
        )
        sentences += _tied(comparison)
    else:
        sentences.append("No method was judged on every fold.")
    words = split.words[:1].upper() + split.words[1:]
    if split.widest:
        words += f", as far as {split.widest} looks around a sample"
    sentences.append(
        f"{words}; every method learned from the same samples and was judged on the same."
    )
    if comparison.units == "blocks" and any(interval(_main(comparison, name)) for name in ranked):
        count = len(comparison.data.images)
        these = "this one image: they say nothing of others" if count == 1 else (
            f"these {count} images: they say little of how images differ")  # fmt: skip
        sentences.append(f"The intervals are over blocks of {these}.")
    sentences += _optimism(comparison)
    sentences += _inverted(comparison)
    return sentences


def _main(comparison: Comparison, name: str) -> Interval:
    return comparison.results[name].scores.measures[comparison.main]


def _inverted(comparison: Comparison) -> list[str]:
    """Say which scores go the wrong way."""
    return [
        f"The score of {name} is larger outside the object than in it: turn its sign."
        for name in comparison.ranked
        if comparison.main == "dice"
        and comparison.results[name].scores.measures["auc"].estimate < 0.4
    ]


def _tied(comparison: Comparison) -> list[str]:
    """Say which methods cannot be told from the best."""
    gaps = {name: comparison.against_best(name) for name in comparison.ranked[1:]}
    known = {name: gap.high for name, gap in gaps.items() if not math.isnan(gap.low)}
    near = [name for name, high in known.items() if high >= 0]
    if not known:
        return []
    if not near:
        return [f"It is better than every other by more than chance over {comparison.units}."]
    listed = near[0] if len(near) == 1 else f"{', '.join(near[:-1])} and {near[-1]}"
    be = "is" if len(near) == 1 else "are"
    return [
        f"{listed} {be} worse by no more than chance: the interval of the difference, over the "
        f"same {comparison.units}, holds 0."
    ]


def _optimism(comparison: Comparison) -> list[str]:
    if comparison.naive is None:
        return []
    naive = comparison.naive
    pairs = {
        name: (_main(naive, name).estimate, _main(comparison, name).estimate)
        for name in comparison.ranked
        if name in naive.results
    }
    if not pairs:
        return []
    worst = max(pairs, key=lambda name: pairs[name][0] - pairs[name][1])
    flattered, honest = pairs[worst]
    if flattered - honest <= 0.005:
        return [
            f"The naive split beside it ({_naive(comparison.naive)}) flatters no method here by "
            "more than 0.005."
        ]
    return [
        f"On the naive split ({_naive(comparison.naive)}) {worst} would have had "
        f"{number(flattered)} in place of {number(honest)}: {number(flattered - honest)} too much."
    ]


def _naive(comparison: Comparison) -> str:
    if any(fold.blocks for fold in comparison.folds):
        return "halves that touch, and less to learn from"
    return "samples drawn one by one, beside those learned from"


def trouble(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what is not in the numbers, and why."""
    total = len(comparison.folds)
    stopped = comparison.unfinished.items()
    naive = comparison.naive.failed.items() if comparison.naive is not None else ()
    return [
        *comparison.failed.items(),
        *((name, f"was stopped after {done} of {total} folds") for name, done in stopped),
        *((f"{name} on the naive split", why) for name, why in naive),
    ]
