"""``graticule train``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from graticule.cli.log_progress import LogProgress
from graticule.core.errors import CheckError, RequestError, StoreError

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.learn.methods.method import ModelMethod
    from graticule.learn.unet.history import History
    from graticule.learn.unet.plan import OnStep, TrainingStep
    from graticule.training.loading import LoadedImages


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

    Try: graticule simulate radiograph -n 2 -o frames --set "shape=[96, 96]";
    graticule train spots frames/images --labels frames/labels --method neighbours -o spots.model

    Parameters
    ----------
    recipe
        A training document (YAML), a folder with training.yaml, or the name of a recipe.
    images
        An image, or a folder of them; by default the example of a recipe that has one. With
        task: objects a table of objects, or the folder of a run that has one.
    labels
        Its labels, or a folder with a file of the same name (but for the ending and _mask,
        _labels) for each image; by default where inputs.labels.path of the document says. With
        task: images or objects a sheet with the column target.
    out
        The model file.
    method
        The method to learn with; by default what the document names under train.
    scores
        Whether to measure it on held-out samples; takes as long as the folds.
    """
    from graticule.cli._training import images_and_labels, require_training_path
    from graticule.cli.console import announce_compilation
    from graticule.learn.document.document import load
    from graticule.training.loading import load_images
    from graticule.training.run import model_method

    document = require_training_path(recipe)
    training = load(document)
    if training.of_items:
        from graticule.cli._items import train_items
        from graticule.training.run import item_method

        _require_place(out)
        name = item_method(training, method or training.train).name
        return train_items(training, images, labels, out, name, scores=scores)
    chosen = model_method(training, method or training.train)
    _require_place(out)
    with images_and_labels(training, images, labels) as (pictures, drawn):
        loaded = load_images(training, pictures, drawn)
        split = _split(training, loaded) if scores else None
        announce_compilation()
        places = () if drawn is None else (pictures, drawn)
        return _train(training, chosen, loaded, out, split, places)


def _train(
    training: TrainingDocument,
    method: ModelMethod,
    loaded: LoadedImages,
    out: Path,
    split: Split | None,
    places: Sequence[Path],
) -> int:
    from graticule.cli.console import print_skipped_in
    from graticule.training.run import save_fitted

    model = _fit(method, loaded, training, out)
    save_fitted(model, training, loaded, method.name, out)
    print(loaded.data.meaning)
    for sentence in loaded.missing:
        print(f"missing: {sentence}", file=sys.stderr)
    if method.iterative and _finish_training(model.history, out):
        return 130
    if split is not None:
        comparison = _score(method, loaded, split)
        if comparison is None or comparison.unfinished or method.name not in comparison.results:
            return _unscored(comparison, method.name, out)
        save_fitted(model, training, loaded, method.name, out, comparison)
        _tell(comparison)
    print_skipped_in(*places)
    print(f"{method.name} -> {out}")
    grey = "{op: transform.grey}, then " if _is_greyed(loaded, training, model) else ""
    op = "learn.regress" if training.task == "regression" else "learn.classify"
    print(f"in a pipeline: {grey}{{op: {op}, model: {out}}}")
    return 1 if loaded.missing else 0


def _is_greyed(loaded: LoadedImages, training: TrainingDocument, model: Any) -> bool:
    """Whether the images are grey pictures saved as colour, of which one channel was taken."""
    from graticule.io import read
    from graticule.io.format import within

    spec = training.inputs.image
    first = read(within(loaded.scored_files[0], spec.dataset), dims=spec.dims)
    return not (model.expects.channels or model.expects.grey) and "c" in first.dims


def _require_place(out: Path) -> None:
    """Refuse a place for the model that cannot be written to, or holds something else."""
    from graticule.cli._training import make_folder
    from graticule.learn.model_file import is_model

    if out.is_dir():
        raise RequestError("is a folder; a model is one file", where=str(out))
    if out.exists() and not is_model(out):
        raise RequestError(
            "is there, and is no model; it is left as it is", where=str(out), hint="name another"
        )
    make_folder(out.parent)
    if not os.access(out.parent, os.W_OK):
        raise RequestError("nothing can be written there", where=str(out.parent))


def _fit(method: ModelMethod, loaded: LoadedImages, training: TrainingDocument, out: Path) -> Any:
    """Return the model fitted on everything."""
    from graticule.cli.console import progress_bar
    from graticule.learn.crossval.method_run import training_set_of

    if method.iterative:
        with _watch(out) as options:
            training_set = training_set_of(loaded.data, None, method, loaded.extra, options)
            return method.fit_model(training_set)
    with progress_bar(f"{training.name}: {method.name}") as progress:
        progress(0, 1, "learning from all images")
        return method.fit_model(training_set_of(loaded.data, None, method, loaded.extra))


def _split(training: TrainingDocument, loaded: LoadedImages) -> Split:
    """Return the split that all methods of the document get, known before anything is learned."""
    from graticule.learn.crossval.split import make_split
    from graticule.learn.document.document import build_methods
    from graticule.training.loading import require_unseen

    methods = build_methods(training)
    require_unseen(methods, loaded.scored_files)
    try:
        return make_split(training.split, loaded.data, methods, loaded.extra, loaded.test)
    except CheckError as error:
        raise CheckError(
            error.what, where=error.where, hint=f"{error.hint}; or train with --no-scores"
        ) from None


def _score(method: ModelMethod, loaded: LoadedImages, split: Split) -> Comparison | None:
    """Return the method's held-out scores."""
    from graticule.cli.console import progress_bar
    from graticule.training.run import compare_methods

    try:
        with progress_bar(f"{method.name}: held-out scores") as progress:
            return compare_methods(loaded, [method], replace(split, naive=()), 0.95, progress)
    except KeyboardInterrupt:
        return None


def _unscored(comparison: Comparison | None, name: str, out: Path) -> int:
    if comparison is not None and name in comparison.failed:
        print(f"no scores: {comparison.failed[name]}", file=sys.stderr)
        print(f"{name}, without scores -> {out}")
        return 1
    done = comparison.unfinished.get(name, 0) if comparison is not None else 0
    folds = len(comparison.folds) if comparison is not None else 0
    how = f"after {done} of {folds} folds" if folds else "before the first fold"
    print(f"stopped {how}; the model, without scores -> {out}", file=sys.stderr)
    return 130


def _tell(comparison: Comparison) -> None:
    from graticule.cli.console import print_table

    table = comparison.table()
    shown = [
        column for measure in comparison.measures
        for column in (measure, f"{measure}_low", f"{measure}_high")
    ]  # fmt: skip
    print_table(table[["method", *shown]].dropna(axis=1), title="on samples it had not seen")
    if comparison.test is not None and comparison.test.results:
        table = comparison.test.table()
        print_table(table[["method", *shown]].dropna(axis=1), title="on the test set")


def _checkpoint_of(out: Path) -> Path:
    """Return where a training is kept until its model is finished."""
    return out.with_name(f"{out.name}.training")


@contextlib.contextmanager
def _watch(out: Path) -> Iterator[dict[str, Any]]:
    """Give the options of a training that is shown in a terminal and kept beside its model."""
    from rich.console import Console

    from graticule.learn.unet.live import training_display

    checkpoint = _checkpoint_of(out)
    if checkpoint.exists():
        print(f"goes on with the training in {checkpoint}", file=sys.stderr)
    options: dict[str, Any] = {"checkpoint": checkpoint}
    console = Console(stderr=True)
    if not console.is_terminal:
        yield {**options, "on_step": _logged(LogProgress("training", sys.stderr))}
        return
    with training_display(console) as on_step:
        yield {**options, "on_step": on_step}


def _logged(progress: LogProgress) -> OnStep:
    """Return what says in a log how far a training is: its loss, and its last scores."""

    def on_step(step: TrainingStep) -> None:
        last = step.history.records[-1] if step.history.records else {}
        scores = [f"{name.replace('_', ' ')} {last[name]:.4f}"
                  for name in ("validation_loss", "validation_dice") if name in last]  # fmt: skip
        progress(step.step, step.steps, ", ".join([f"loss {step.loss:.4f}", *scores]))

    return on_step


def _finish_training(history: History, out: Path) -> bool:
    """Say how a training went, draw its curves beside the model; return whether it was stopped."""
    from graticule.report.methods.training import training_curves

    curves = out.with_suffix(".curves.svg")
    try:
        training_curves(history).savefig(curves, format="svg", metadata={"Date": None})
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=str(curves)) from None
    checkpoint = _checkpoint_of(out)
    if history.stopped == "interrupted":
        print(f"stopped; the best weights so far, without scores -> {out}", file=sys.stderr)
        if checkpoint.exists():
            step = int(history.records[-1]["step"])
            print(f"the same command goes on from step {step}", file=sys.stderr)
        return True
    checkpoint.unlink(missing_ok=True)
    print(f"trained: {history.words()} -> {curves}")
    return False
