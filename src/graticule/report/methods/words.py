"""A comparison in words."""

from __future__ import annotations

import math
import operator

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
    sentences = _best(comparison)
    words = split.words[:1].upper() + split.words[1:]
    if split.widest:
        words += f", as far as {split.widest} looks around a sample"
    sentences.append(
        f"{words}; every method learned from the same {comparison.data.things} and was "
        "judged on the same."
    )
    results = comparison.results.values()
    known = any(interval(result.scores.measures[comparison.main]) for result in results)
    if comparison.units == "blocks" and known:
        count = len(comparison.data.images)
        these = "this one image: they say nothing of others" if count == 1 else (
            f"these {count} images: they say little of how images differ")  # fmt: skip
        sentences.append(f"The intervals are over blocks of {these}.")
    sentences += _tested(comparison)
    sentences += _optimism(comparison)
    return sentences + [
        f"The score of {name} is larger outside the object than in it: turn its sign."
        for name in comparison.ranked
        if comparison.main == "dice"
        and comparison.results[name].scores.measures["auc"].estimate < 0.4
    ]


def _best(comparison: Comparison) -> list[str]:
    """Say which method is best, and which cannot be told from it."""
    if not comparison.ranked:
        return ["No method was judged on every fold."]
    best, *others = comparison.ranked
    value = comparison.results[best].scores.measures[comparison.main]
    over = f" (too few {comparison.units} for an interval)"
    if not math.isnan(value.low):
        low, high = number(value.low), number(value.high)
        over = f", between {low} and {high} by resampling {value.units} {comparison.units}"
    lead = "is best" if others else "was judged"
    of = " in the mean of the classes" if len(comparison.data.scored_classes) > 1 else ""
    sentence = (
        f"{best} {lead}: {NAMES[comparison.main]} {number(value.estimate)}{of} on held-out "
        f"{comparison.data.things}{over}."
    )
    return [sentence, *_tied(comparison)]


def _tied(comparison: Comparison) -> list[str]:
    """Say which methods cannot be told from the best."""
    gaps = {name: comparison.against_best(name) for name in comparison.ranked[1:]}
    known = {name: gap for name, gap in gaps.items() if not math.isnan(gap.low)}
    near = [name for name, gap in known.items() if gap.high >= 0]
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


def _tested(comparison: Comparison) -> list[str]:
    """Say how the methods do on the fixed test set."""
    test = comparison.test
    if test is None or not test.ranked:
        return []
    learned, images = len(comparison.data.images), len(test.data.images)
    shown = []
    for name in test.ranked:
        value = test.results[name].scores.measures[test.main]
        ends = interval(value)
        shown.append(f"{name} {number(value.estimate)}{f' ({ends})' if ends else ''}")
    return [
        f"On the test set of {wording.count(images - learned, 'image')}, learned from all of "
        f"{wording.count(learned, 'image')}: {NAMES[test.main]} {', '.join(shown)}."
    ]


def _optimism(comparison: Comparison) -> list[str]:
    if comparison.naive is None:
        return []
    gaps = {
        name: comparison.naive.estimate(name) - comparison.estimate(name)
        for name in comparison.ranked
        if name in comparison.naive.results
    }
    if not gaps:
        return []
    worst, gap = max(gaps.items(), key=operator.itemgetter(1))
    how = "samples drawn one by one, beside those learned from"
    if any(fold.blocks for fold in comparison.naive.folds):
        how = "halves that touch, and less to learn from"
    if gap <= 0.005:
        return [f"The naive split beside it ({how}) flatters no method here by more than 0.005."]
    flattered, honest = comparison.naive.estimate(worst), comparison.estimate(worst)
    return [
        f"On the naive split ({how}) {worst} would have had {number(flattered)} in place of "
        f"{number(honest)}: {number(gap)} too much."
    ]


def trouble(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what is not in the numbers, and why."""
    rows = list(comparison.failed.items())
    for name, done in comparison.unfinished.items():
        rows.append((name, f"was stopped after {done} of {len(comparison.folds)} folds"))
    for where, beside in (("naive split", comparison.naive), ("test set", comparison.test)):
        failed = {} if beside is None else beside.failed
        rows += [(f"{name} on the {where}", why) for name, why in failed.items()]
    return rows
