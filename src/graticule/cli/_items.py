"""Training documents for whole images and for objects, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from graticule.core.errors import CheckError, RequestError

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.learn.methods.items import ItemMethod
    from graticule.training.items import LoadedItems

OPS = {"images": "learn.classify_image", "objects": "learn.classify_objects"}


def _loaded(
    training: TrainingDocument, given: Path | None, labels: Path | None
) -> tuple[list[ItemMethod], LoadedItems]:
    """Return the methods of a document, and what it is to be applied to."""
    from graticule.training.items import load_items
    from graticule.training.run import item_method

    if given is None:
        what = "a folder of images" if training.task == "images" else "a table of objects"
        raise RequestError(f"to learn by {training.source} it needs {what}")
    methods = [item_method(training, name) for name in training.methods]
    return methods, load_items(training, methods, given, labels)


def train_items(
    training: TrainingDocument,
    given: Path | None,
    labels: Path | None,
    out: Path,
    method: str,
    *,
    scores: bool,
) -> int:
    """Fit a method on all images or objects, write the model, and then its held-out scores."""
    from graticule.cli.console import announce_compilation, progress_bar
    from graticule.learn.crossval.items import compare_items
    from graticule.training.run import save_fitted

    methods, loaded = _loaded(training, given, labels)
    chosen = next(each for each in methods if each.name == method)
    split = _split(training, loaded) if scores else None
    announce_compilation()
    model = chosen.fit_model(loaded.data, range(len(loaded.data.names)))
    save_fitted(model, training, loaded, method, out)
    _print_loaded(loaded)
    if split is not None:
        with progress_bar(f"{method}: held-out scores") as progress:
            found = compare_items(loaded.data, [chosen], split, progress=progress)
        if method not in found.results:
            for name, why in found.failed.items():
                print(f"no scores: {name}: {why}", file=sys.stderr)
            print(f"{method}, without scores -> {out}")
            return 130 if found.unfinished else 1
        save_fitted(model, training, loaded, method, out, found)
        _tell(found)
    print(f"{method} -> {out}")
    op = "learn.regress_image" if training.continuous else OPS[training.task]
    print(f"in a pipeline: {{op: {op}, model: {out}}}")
    return 1 if loaded.missing else 0


def evaluate_items(
    training: TrainingDocument,
    given: Path | None,
    labels: Path | None,
    out: Path,
    only: str | None,
    confidence: float,
) -> int:
    """Compare the methods of a document for images or objects, and write page and tables."""
    from graticule.cli._comparison import chosen_methods, print_scores
    from graticule.cli._training import make_folder
    from graticule.cli.console import announce_compilation, progress_bar
    from graticule.learn.crossval.items import compare_items, split_items
    from graticule.report.methods.writing import write_comparison

    methods, loaded = _loaded(training, given, labels)
    chosen = chosen_methods(methods, only)
    split = split_items(training.split, loaded.data)
    make_folder(out)
    announce_compilation()
    with progress_bar(training.name) as progress:
        found = compare_items(loaded.data, chosen, split, confidence=confidence, progress=progress)
    write_comparison(found, training, split, loaded, out, ["graticule", *sys.argv[1:]])
    for note in loaded.notes:
        print(note)
    print_scores(found, split, loaded, out)
    if found.unfinished:
        return 130
    return 1 if found.failed or loaded.missing else 0


def _split(training: TrainingDocument, loaded: LoadedItems) -> Split:
    from graticule.learn.crossval.items import split_items

    try:
        return split_items(training.split, loaded.data)
    except CheckError as error:
        hint = "; or ".join(filter(None, [error.hint, "train with --no-scores"]))
        raise CheckError(error.what, where=error.where, hint=hint) from None


def _print_loaded(loaded: LoadedItems) -> None:
    for note in loaded.notes:
        print(note)
    print(loaded.data.meaning)
    for sentence in loaded.missing:
        print(f"missing: {sentence}", file=sys.stderr)


def _tell(found: Comparison) -> None:
    from graticule.cli.console import print_table

    shown = [
        column for measure in found.measures
        for column in (measure, f"{measure}_low", f"{measure}_high")
    ]  # fmt: skip
    title = f"on {found.data.things} it had not seen"
    print_table(found.table()[["method", *shown]].dropna(axis=1), title=title)
