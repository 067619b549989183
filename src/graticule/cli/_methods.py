"""``graticule evaluate`` of methods that learn."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graticule.core.errors import RequestError, suggest

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.split import Split
    from graticule.learn.methods.method import Method
    from graticule.report.methods.loading import Loaded


def compare_methods(
    document: Path,
    images: Path,
    labels: Path,
    out: Path,
    only: str | None,
    with_curve: bool,
    confidence: float,
) -> int:
    """Compare the methods of a training document, write page and tables, and say what came."""
    from graticule.cli._training import made
    from graticule.cli.console import announce_compilation
    from graticule.learn.crossval.split import make_split
    from graticule.learn.document.document import load
    from graticule.learn.methods.methods import methods_of
    from graticule.report.methods.learned import require_unseen
    from graticule.report.methods.loading import loaded, run_pipeline

    training = load(document)
    methods = methods_of(training, run_pipeline)
    chosen = _chosen(methods, only)
    given = loaded(training, images, labels)
    require_unseen(training, given.judged)
    split = make_split(training.split, given.data, methods, given.extra)
    made(out)
    announce_compilation()
    found = _compared(given, chosen, split, confidence, training.name)
    curve = None
    if with_curve and not found.unfinished:
        curve = _curve(given, [m for m in chosen if m.name in found.results], split)
    _write(found, training, split, given, out, curve)
    _tell(found, split, given, out)
    if found.unfinished or (curve is not None and curve.unfinished):
        return 130
    return 1 if found.failed or given.missing else 0


def _chosen(methods: list[Method], only: str | None) -> list[Method]:
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


def _compared(
    given: Loaded, methods: list[Method], split: Split, confidence: float, name: str
) -> Comparison:
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.crossval import compare

    total = len(methods) * (len(split.folds) + len(split.naive))
    with progress_bar(name) as progress:

        def run(folds: Any, start: int, words: str) -> Comparison:
            def tell(done: int, _: int, message: str) -> None:
                progress(start + done, total, f"{message}{words}")

            return compare(
                given.data, methods, folds, extra=given.extra, confidence=confidence, tell=tell
            )

        found = run(split.folds, 0, "")
        if split.naive and not found.unfinished:
            naive = run(split.naive, len(methods) * len(split.folds), " (naive)")
            if naive.unfinished:
                return replace(found, unfinished={
                    f"{n} on the naive split": k for n, k in naive.unfinished.items()})  # fmt: skip
            found = replace(found, naive=naive)
    return found


def _curve(given: Loaded, methods: list[Method], split: Split) -> Any:
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.learning_curve import learning_curve

    learned = [method for method in methods if type(method).__name__ == "LearnedMethod"]
    if not learned:
        return None
    with progress_bar("learning curve") as tell:
        return learning_curve(given.data, learned, split.folds, extra=given.extra, tell=tell)


def _write(
    found: Comparison, training: Any, split: Split, given: Loaded, out: Path, curve: Any
) -> None:
    from graticule.report.html import save
    from graticule.report.methods.page import page

    tables = {"methods": found.table(), "folds": found.fold_table()}
    if len(found.data.judged) > 1:
        tables["classes"] = found.class_table()
    if curve is not None:
        tables["learning_curve"] = curve.rows
    for name, table in tables.items():
        save(table.to_csv(index=False, lineterminator="\n"), out / f"{name}.csv")
    text = page(
        found, training, split, command=["graticule", *sys.argv[1:]], missing=given.missing,
        curve=curve if curve is not None and curve.methods else None,
    )  # fmt: skip
    save(text, out / "evaluation.html")


def _tell(found: Comparison, split: Split, given: Loaded, out: Path) -> None:
    from graticule.cli.console import print_table
    from graticule.report.methods.words import answer, trouble

    if found.results:
        table = found.table()
        main = found.main
        first = ["method", main, f"{main}_low", f"{main}_high", *found.measures[1:]]
        rest = [name for name in (f"naive_{main}", "optimism") if name in table]
        shown = table[[*first, *rest, "fit_seconds"]].dropna(axis=1, how="all")
        shown = shown.rename(columns={"fit_seconds": "fit"})
        shown.attrs["units"] = {"fit": "s"}
        print_table(shown, rows=40)
    print(given.data.meaning)
    print(*answer(found, split), sep="\n")
    for name, why in trouble(found):
        print(f"failed: {name}: {why}", file=sys.stderr)
    for sentence in given.missing:
        print(f"missing: {sentence}", file=sys.stderr)
    print(f"-> {out / 'evaluation.html'}")
