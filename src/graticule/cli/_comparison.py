"""A comparison of methods told: which are compared, its page and tables, and the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from graticule.core.errors import RequestError, suggest

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.learning_curve import LearningCurve
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.learn.methods.items import ItemMethod
    from graticule.learn.methods.method import Method
    from graticule.training.items import LoadedItems
    from graticule.training.loading import LoadedImages

_AnyMethod = TypeVar("_AnyMethod", bound="Method | ItemMethod")


def chosen_methods(methods: list[_AnyMethod], only: str | None) -> list[_AnyMethod]:
    """Return the methods that are named, or all."""
    if only is None:
        return methods
    known = {method.name: method for method in methods}
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise RequestError(
                f"--only names {name!r}, which is no method", hint=suggest(name, list(known))
            )
    if not names:
        raise RequestError("--only names no method", hint=f"as --only {methods[0].name}")
    return [known[name] for name in dict.fromkeys(names)]


def write_comparison(
    comparison: Comparison,
    training: TrainingDocument,
    split: Split,
    loaded: LoadedImages | LoadedItems,
    out: Path,
    curve: LearningCurve | None,
) -> None:
    """Write the page of a comparison, and its tables."""
    from graticule.core.csv import csv_text
    from graticule.report.html import save
    from graticule.report.methods.page import page

    tables = {"methods": comparison.table(), "folds": comparison.fold_table()}
    if len(comparison.data.scored_classes) > 1:
        tables["classes"] = comparison.class_table()
    if comparison.test is not None:
        tables["test"] = comparison.test.table()
    if comparison.answers is not None:
        tables["answers"] = comparison.answers
    if curve is not None:
        tables["learning_curve"] = curve.rows
    for name, table in tables.items():
        save(csv_text(table), out / f"{name}.csv")
    text = page(
        comparison, training, split, command=["graticule", *sys.argv[1:]], missing=loaded.missing,
        curve=curve if curve is not None and curve.methods else None,
    )  # fmt: skip
    save(text, out / "evaluation.html")


def print_scores(
    comparison: Comparison, split: Split, loaded: LoadedImages | LoadedItems, out: Path
) -> None:
    """Say which method is best, and how that is known."""
    from graticule.cli.console import print_table
    from graticule.report.methods.words import answer, trouble

    if comparison.results:
        table = comparison.table()
        main = comparison.main
        first = ["method", main, f"{main}_low", f"{main}_high", *comparison.measures[1:]]
        beside = [
            f"naive_{main}",
            "optimism",
            *(f"test_{main}{end}" for end in ("", "_low", "_high")),
        ]
        rest = [name for name in beside if name in table]
        shown = table[[*first, *rest, "fit_seconds"]].dropna(axis=1, how="all")
        shown = shown.rename(columns={"fit_seconds": "fit"})
        shown.attrs["units"] = {"fit": "s"}
        print_table(shown, rows=40)
    print(loaded.data.meaning)
    print(*answer(comparison, split), sep="\n")
    for name, why in trouble(comparison):
        print(f"failed: {name}: {why}", file=sys.stderr)
    for sentence in loaded.missing:
        print(f"missing: {sentence}", file=sys.stderr)
    print(f"-> {out / 'evaluation.html'}")
