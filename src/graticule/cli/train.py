"""``graticule train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from graticule.core.errors import CheckError, RequestError, suggest

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import Training
    from graticule.learn.methods.methods import LearnedMethod
    from graticule.report.methods.loading import Loaded


def train(
    recipe: str,
    images: Path | None = None,
    /,
    *,
    labels: Path | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    method: str | None = None,
    scores: bool = True,
) -> int:
    """Learn from labelled images, and write a model that any pipeline can use.

    The model learns from all images and is written; then it is learned anew fold by fold, by the
    split of the training document, and the scores on what each fold had not seen are written
    into the file. Ctrl-C keeps what is done: a network's best weights, a model without scores.
    A network shows its loss and scores while it learns and writes them as MODEL's .curves.svg;
    broken off, even by a crash, the same command goes on from its last record.
    Exit status: 0 all done, 1 labels or images without a partner, 2 wrong request, 130 stopped.

    A training document says what labels mean (classes: 0 is unlabelled; mask: 0 is background),
    how scores are held out, and by which features and estimator, or which network, is learned:
    {graticule: 1, labels: classes, split: {by: blocks, folds: 4},
    methods: {forest: {features: {sigmas: [1, 2, 4]}, estimator: forest}}}

    Examples: graticule train cells.yaml photo.png --labels strokes.png -o cells.model;
    graticule train mitochondria images/ --labels masks/ -o mito.model --method boosted

    Then, as a step of a pipeline: {op: learn.classify, model: cells.model}

    Parameters
    ----------
    recipe
        A training document (YAML), a folder with training.yaml, or the name of a recipe.
    images
        An image, or a folder of them; by default the example of a recipe that has one.
    labels
        Its labels, or a folder with a file of the same name (but for the ending and _mask,
        _labels) for each image.
    out
        The model file.
    method
        The method to learn with; by default what the document names under train.
    scores
        Whether to measure it on held-out samples; takes as long as the folds.
    """
    from graticule.cli._training import labelled, required_path
    from graticule.cli.console import announce_compilation
    from graticule.learn.document.document import load
    from graticule.report.methods.loading import loaded

    document = required_path(recipe)
    training = load(document)
    own = _chosen(training, method or training.train)
    _require_place(out)
    with labelled(document, images, labels) as (pictures, drawn):
        given = loaded(training, pictures, drawn)
        split = _divided(training, given) if scores else None
        announce_compilation()
        return _trained(training, own, given, out, split)


def _trained(
    training: Training, own: LearnedMethod, given: Loaded, out: Path, split: Split | None
) -> int:
    model = _learned(own, given, training, out)
    saved = _saver(model, given, training, own.name, out)
    saved(None)
    print(given.data.meaning)
    for sentence in given.missing:
        print(f"missing: {sentence}", file=sys.stderr)
    if hasattr(model, "history"):
        from graticule.cli._network import trained

        if trained(model.history, out):
            return 130
    if split is not None:
        found = _scored(own, given, split)
        if found is None or found.unfinished or own.name not in found.results:
            return _unscored(found, own.name, out)
        saved(_measures(found, own.name))
        _tell(found)
    print(f"{own.name} -> {out}")
    grey = "{op: transform.grey}, then " if _is_greyed(given, training, model) else ""
    print(f"in a pipeline: {grey}{{op: {_op(training)}, model: {out}}}")
    return 1 if given.missing else 0


def _is_greyed(given: Loaded, training: Training, model: Any) -> bool:
    """Whether the images are grey pictures saved as colour, of which one channel was taken."""
    from graticule.io import read

    return not model.expects.channels and "c" in read(given.judged[0], dims=training.dims).dims


def _op(training: Training) -> str:
    return "learn.regress" if training.task == "regression" else "learn.classify"


def _chosen(training: Training, name: str) -> LearnedMethod:
    """Return the method that is to learn."""
    from graticule.learn.methods.methods import learned_method

    spec = training.methods.get(name)
    if spec is None:
        raise RequestError(
            f"the document has no method {name!r}", where=training.source,
            hint=suggest(name, list(training.methods)),
        )  # fmt: skip
    if spec.kind == "pipeline":
        learned = [n for n, s in training.methods.items() if s.kind != "pipeline"]
        raise RequestError(
            f"{name} is a fixed pipeline, which learns nothing", where=training.source,
            hint=f"say --method {learned[0]}" if learned else "",
        )  # fmt: skip
    return learned_method(training, name)


def _require_place(out: Path) -> None:
    """Refuse a place for the model that cannot be written to, or holds something else."""
    from graticule.cli._training import made
    from graticule.learn.model_file import is_model

    if out.is_dir():
        raise RequestError("is a folder; a model is one file", where=str(out))
    if out.exists() and not is_model(out):
        raise RequestError(
            "is there, and is no model; it is left as it is", where=str(out), hint="name another"
        )
    made(out.parent)
    if not os.access(out.parent, os.W_OK):
        raise RequestError("nothing can be written there", where=str(out.parent))


def _learned(method: LearnedMethod, given: Loaded, training: Training, out: Path) -> Any:
    """Return the model fitted on everything."""
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.crossval import full_training_set

    if method.spec.kind == "unet":
        from graticule.cli._network import watched

        with watched(out) as options:
            return method.fitted(full_training_set(given.data, method, given.extra, options))
    with progress_bar(f"{training.name}: {method.name}") as tell:
        tell(0, 1, "learning from all images")
        return method.fitted(full_training_set(given.data, method, given.extra))


def _saver(
    model: Any, given: Loaded, training: Training, method: str, out: Path
) -> Callable[[dict[str, Any] | None], None]:
    from graticule.learn.model_file import save_model

    about = f"{training.name}: {method}. {training.description}".strip()

    def saved(scores: dict[str, Any] | None) -> None:
        save_model(
            model, out, example=given.data.images[0], scores=scores,
            data=list(given.files), description=about,
        )  # fmt: skip

    return saved


def _divided(training: Training, given: Loaded) -> Split:
    """Return the split that all methods of the document get, known before anything is learned."""
    from graticule.learn.crossval.split import make_split
    from graticule.learn.methods.methods import methods_of
    from graticule.report.methods.learned import require_unseen
    from graticule.report.methods.loading import run_pipeline

    require_unseen(training, given.judged)
    methods = methods_of(training, run_pipeline)
    try:
        return make_split(training.split, given.data, methods, given.extra)
    except CheckError as error:
        raise CheckError(
            error.what, where=error.where, hint=f"{error.hint}; or train with --no-scores"
        ) from None


def _scored(own: LearnedMethod, given: Loaded, split: Split) -> Comparison | None:
    """Return the method's held-out scores."""
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.crossval import compare

    try:
        with progress_bar(f"{own.name}: held-out scores") as tell:
            return compare(given.data, [own], split.folds, extra=given.extra, tell=tell)
    except KeyboardInterrupt:
        return None


def _measures(found: Comparison, name: str) -> dict[str, Any]:
    measures = found.results[name].scores.measures
    return {
        key: {"value": value.estimate, "low": value.low, "high": value.high}
        for key, value in measures.items()
        if value.estimate == value.estimate
    }


def _unscored(found: Comparison | None, name: str, out: Path) -> int:
    if found is not None and name in found.failed:
        print(f"no scores: {found.failed[name]}", file=sys.stderr)
        print(f"{name}, without scores -> {out}")
        return 1
    done = found.unfinished.get(name, 0) if found is not None else 0
    folds = len(found.folds) if found is not None else 0
    how = f"after {done} of {folds} folds" if folds else "before the first fold"
    print(f"stopped {how}; the model, without scores -> {out}", file=sys.stderr)
    return 130


def _tell(found: Comparison) -> None:
    from graticule.cli.console import print_table

    table = found.table()
    shown = [
        column for measure in found.measures
        for column in (measure, f"{measure}_low", f"{measure}_high")
    ]  # fmt: skip
    print_table(table[["method", *shown]].dropna(axis=1), title="on samples it had not seen")
