"""The page that compares methods: table, intervals, curves, the split, hit maps, folds."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Any

from graticule.learn.crossval.crossval import Comparison
from graticule.learn.crossval.split import Split
from graticule.learn.document.document import TrainingDocument
from graticule.learn.methods.items import kind_named
from graticule.report import wording
from graticule.report.html import render
from graticule.report.methods import figures
from graticule.report.methods.hitmaps import hit_maps
from graticule.report.methods.training import trainings
from graticule.report.methods.words import NAMES, answer, interval, number, trouble

SHOWN = 3
MOST_CLASSES = 20
"""Classes of which it is told which is taken for which."""


def page(
    comparison: Comparison,
    training: TrainingDocument,
    split: Split,
    *,
    title: str = "",
    command: Sequence[str] = (),
    missing: Sequence[str] = (),
    curve: Any = None,
) -> str:
    """Return the page as HTML, under the name of the document or another ``title``.

    ``missing`` is what had no partner, in words; ``curve``, where there is one, a `LearningCurve`.
    """
    order = list(training.methods)
    shown = range(min(SHOWN, len(comparison.data.images)))
    maps = [hit_maps(comparison, n) for n in shown]
    content = {
        "title": title or training.name,
        "about": training.description,
        "images": len(comparison.data.images),
        "methods": len(comparison.results),
        "summary": answer(comparison, split),
        "failed": trouble(comparison),
        "missing": list(missing),
        "head": _head(comparison),
        "rows": _rows(comparison),
        "units": comparison.units,
        "things": comparison.data.things,
        "confidence": f"{comparison.confidence:.0%}",
        "main": [figures.measures(comparison, order)] if comparison.results else [],
        "curves": figures.curves(comparison, order),
        "split": figures.split_map(comparison),
        "maps": [each for each in maps if each is not None],
        "trainings": trainings(comparison),
        "learning": figures.learning(curve, order) if curve is not None else None,
        "folds": _folds(comparison),
        "classes": _classes(comparison),
        "confusion": _confusion(comparison),
        "recipes": _recipes(training),
        "document": training.text.strip(),
        "command": shlex.join(command),
    }
    return render("template.html", content, package="graticule.report.methods")


def _head(comparison: Comparison) -> list[str]:
    names = [NAMES[measure] for measure in comparison.measures]
    naive = [f"Naive {NAMES[comparison.main]}"] if comparison.naive is not None else []
    test = [f"{NAMES[comparison.main]} on the test set"] if comparison.test is not None else []
    return ["Method", *names, *naive, *test, "Against the best", "Time to learn", "Time to answer"]


def _rows(comparison: Comparison) -> list[list[tuple[str, str, str]]]:
    """Return for each method the cells of a row: text, what stands below, and the sorting key."""
    rows = []
    for name in comparison.ranked:
        result = comparison.results[name]
        cells = [(name, "", name)]
        for measure in comparison.measures:
            value = result.scores.measures[measure]
            cells.append((number(value.estimate), interval(value), str(value.estimate)))
        naive = comparison.naive_estimate(name)
        if naive is not None:
            more = naive - comparison.estimate(name)
            cells.append((number(naive), f"{more:+.3f}", str(naive)))
        elif comparison.naive is not None:
            cells.append(("–", "", ""))
        if comparison.test is not None:
            cells.append(_tested(comparison.test, name))
        gap = comparison.against_best(name)
        best = name == comparison.ranked[0]
        cells.append(("–", "", "0") if best else (
            number(gap.estimate), interval(gap), str(gap.estimate)))  # fmt: skip
        times = (result.fit_seconds, result.predict_seconds)
        cells += [(wording.seconds(each), "", str(each)) for each in times]
        rows.append(cells)
    return rows


def _tested(test: Comparison, name: str) -> tuple[str, str, str]:
    """Return the cell of a method on the fixed test set."""
    if name not in test.results:
        return ("–", "", "")
    value = test.results[name].scores.measures[test.main]
    return (number(value.estimate), interval(value), str(value.estimate))


def _folds(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Return the main measure of each method in each fold."""
    held = [fold.name for fold in comparison.folds]
    rows = []
    for name in comparison.ranked:
        own = comparison.results[name].scores.by_fold
        known = [own.get(n, {}).get(comparison.main, math.nan) for n in range(len(held))]
        rows.append([name, *map(number, known)])
    return ["Method", *held], rows


def _classes(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    if len(comparison.data.scored_classes) < 2 or not comparison.results:
        return [], []
    table = comparison.class_table()
    measures = [name for name in table.columns if name in NAMES]
    rows = [
        [str(row["method"]), str(row["class"]), *(number(float(row[name])) for name in measures)]
        for _, row in table.iterrows()
    ]
    return ["Method", "Class", *(NAMES[name] for name in measures)], rows


def _confusion(comparison: Comparison) -> tuple[str, list[str], list[list[str]]]:
    """Return the best method, and how many of each class it takes for each; of few classes."""
    names = [own.name for own in comparison.data.classes]
    answers = comparison.answers
    if answers is None or not comparison.ranked or not 2 <= len(names) <= MOST_CLASSES:
        return "", [], []
    best = comparison.ranked[0]
    own = answers[answers["method"] == best]
    counts = own.groupby(["truth", "answer"]).size()
    said = [*names, ""] if (own["answer"] == "").any() else names
    rows = [[name, *(str(counts.get((name, other), 0)) for other in said)] for name in names]
    return best, ["True class", *(other or "no answer" for other in said)], rows


def _recipes(training: TrainingDocument) -> list[tuple[str, str, str, str]]:
    rows = []
    for name, spec in training.methods.items():
        kind = kind_named(spec.kind)
        words = spec.description or wording.parameters(dict(spec.options))
        rows.append((name, kind.label, words, kind.describe(spec)))
    return rows
