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


def interval(found: Interval) -> str:
    """Return the ends of an interval; empty where it has none."""
    if math.isnan(found.low):
        return ""
    return f"{number(found.low)} to {number(found.high)}"


def answer(found: Comparison, split: Split) -> list[str]:
    """Return in words which method is best, by how much, and how that is known."""
    said = []
    ranked = found.ranked
    if ranked:
        value = found.results[ranked[0]].scores.measures[found.main]
        ends = interval(value)
        over = (
            f", between {ends} by resampling {value.units} {found.units}".replace(" to ", " and ")
            if ends
            else f" (too few {found.units} for an interval)"
        )
        lead = "is best" if len(ranked) > 1 else "was judged"
        of = " in the mean of the classes" if len(found.data.judged) > 1 else ""
        said.append(
            f"{ranked[0]} {lead}: {NAMES[found.main]} {number(value.estimate)}{of} on held-out "
            f"samples{over}."
        )
        said += _tied(found)
    else:
        said.append("No method was judged on every fold.")
    words = split.words[:1].upper() + split.words[1:]
    if split.widest:
        words += f", as far as {split.widest} looks around a sample"
    said.append(f"{words}; every method learned from the same samples and was judged on the same.")
    if (
        found.units == "blocks"
        and ranked
        and any(interval(found.results[name].scores.measures[found.main]) for name in ranked)
    ):
        count = len(found.data.images)
        these = "this one image: they say nothing of others" if count == 1 else (
            f"these {count} images: they say little of how images differ")  # fmt: skip
        said.append(f"The intervals are over blocks of {these}.")
    said += _optimism(found)
    said += _inverted(found)
    return said


def _inverted(found: Comparison) -> list[str]:
    """Say which scores go the wrong way."""
    return [
        f"The score of {name} is larger outside the object than in it: turn its sign."
        for name in found.ranked
        if found.main == "dice" and found.results[name].scores.measures["auc"].estimate < 0.4
    ]


def _tied(found: Comparison) -> list[str]:
    """Say which methods cannot be told from the best."""
    near = []
    for name in found.ranked[1:]:
        gap = found.against_best(name)
        if not math.isnan(gap.low) and gap.high >= 0:
            near.append(name)
    if not near:
        known = [n for n in found.ranked[1:] if not math.isnan(found.against_best(n).low)]
        if known and len(found.ranked) > 1:
            return [f"It is better than every other by more than chance over {found.units}."]
        return []
    listed = near[0] if len(near) == 1 else f"{', '.join(near[:-1])} and {near[-1]}"
    be = "is" if len(near) == 1 else "are"
    return [
        f"{listed} {be} worse by no more than chance: the interval of the difference, over the "
        f"same {found.units}, holds 0."
    ]


def _optimism(found: Comparison) -> list[str]:
    if found.naive is None:
        return []
    naive = found.naive.results
    pairs = {
        name: tuple(each[name].scores.measures[found.main].estimate
                    for each in (naive, found.results))
        for name in found.ranked if name in naive
    }  # fmt: skip
    if not pairs:
        return []
    worst = max(pairs, key=lambda name: pairs[name][0] - pairs[name][1])
    flattered, honest = pairs[worst]
    if flattered - honest <= 0.005:
        return [
            f"The naive split beside it ({_naive(found.naive)}) flatters no method here by more "
            "than 0.005."
        ]
    return [
        f"On the naive split ({_naive(found.naive)}) {worst} would have had {number(flattered)} "
        f"in place of {number(honest)}: {number(flattered - honest)} too much."
    ]


def _naive(found: Comparison) -> str:
    if any(fold.blocks for fold in found.folds):
        return "halves that touch, and less to learn from"
    return "samples drawn one by one, beside those learned from"


def trouble(found: Comparison) -> list[tuple[str, str]]:
    """Return what is not in the numbers, and why."""
    said = list(found.failed.items())
    total = len(found.folds)
    for name, done in found.unfinished.items():
        said.append((name, f"was stopped after {done} of {total} folds"))
    if found.naive is not None:
        said += [(f"{name} on the naive split", why) for name, why in found.naive.failed.items()]
    return said
