"""``graticule evaluate`` of methods that learn."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from graticule.core.errors import RequestError, suggest

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.learning_curve import LearningCurve
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.learn.methods.method import Method
    from graticule.training.loading import LoadedImages


def evaluate_methods(
    document: Path,
    images: Path,
    labels: Path,
    out: Path,
    only: str | None,
    with_curve: bool,
    confidence: float,
) -> int:
    """Compare the methods of a training document, write page and tables, and say what came."""
    from graticule.cli._training import make_folder
    from graticule.cli.console import announce_compilation, progress_bar
    from graticule.learn.crossval.split import make_split
    from graticule.learn.document.document import build_methods, load
    from graticule.training.loading import load_images, require_unseen
    from graticule.training.run import compare_methods

    training = load(document)
    methods = build_methods(training)
    chosen = _chosen(methods, only)
    loaded = load_images(training, images, labels)
    require_unseen(methods, loaded.scored_files)
    split = make_split(training.split, loaded.data, methods, loaded.extra)
    make_folder(out)
    announce_compilation()
    with progress_bar(training.name) as progress:
        comparison = compare_methods(loaded, chosen, split, confidence, progress)
    curve = None
    if with_curve and not comparison.unfinished:
        curve = _curve(loaded, [m for m in chosen if m.name in comparison.results], split)
    _write(comparison, training, split, loaded, out, curve)
    _tell(comparison, split, loaded, out)
    if comparison.unfinished or (curve is not None and curve.unfinished):
        return 130
    return 1 if comparison.failed or loaded.missing else 0


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


def _curve(loaded: LoadedImages, methods: list[Method], split: Split) -> LearningCurve | None:
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.learning_curve import learning_curve
    from graticule.learn.methods.method import ModelMethod

    learning = [method for method in methods if isinstance(method, ModelMethod)]
    if not learning:
        return None
    with progress_bar("learning curve") as progress:
        return learning_curve(
            loaded.data, learning, split.folds, extra=loaded.extra, progress=progress
        )


def _write(
    comparison: Comparison,
    training: TrainingDocument,
    split: Split,
    loaded: LoadedImages,
    out: Path,
    curve: LearningCurve | None,
) -> None:
    from graticule.report.html import save
    from graticule.report.methods.page import page

    tables = {"methods": comparison.table(), "folds": comparison.fold_table()}
    if len(comparison.data.scored_classes) > 1:
        tables["classes"] = comparison.class_table()
    if curve is not None:
        tables["learning_curve"] = curve.rows
    for name, table in tables.items():
        save(table.to_csv(index=False, lineterminator="\n"), out / f"{name}.csv")
    text = page(
        comparison, training, split, command=["graticule", *sys.argv[1:]], missing=loaded.missing,
        curve=curve if curve is not None and curve.methods else None,
    )  # fmt: skip
    save(text, out / "evaluation.html")


def _tell(comparison: Comparison, split: Split, loaded: LoadedImages, out: Path) -> None:
    from graticule.cli.console import print_table
    from graticule.report.methods.words import answer, trouble

    if comparison.results:
        table = comparison.table()
        main = comparison.main
        first = ["method", main, f"{main}_low", f"{main}_high", *comparison.measures[1:]]
        rest = [name for name in (f"naive_{main}", "optimism") if name in table]
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
