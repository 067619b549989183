"""``graticule evaluate``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from graticule.core.errors import RequestError

if TYPE_CHECKING:
    from graticule.learn.crossval.learning_curve import LearningCurve
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.learn.methods.method import Method
    from graticule.training.loading import LoadedImages


def evaluate(
    result: Path,
    images: Path | None = None,
    /,
    *,
    truth: Path | None = None,
    labels: Path | None = None,
    kind: Literal["mask", "labels", "scores"] | None = None,
    of: str | None = None,
    roi: Path | None = None,
    ignore_label: int | None = None,
    confidence: float = 0.95,
    only: str | None = None,
    learning_curve: Annotated[bool, Parameter(negative=())] = False,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("evaluation"),
) -> int:
    """Measure how good results are against their truth; or how well methods learn.

    RESULTS AGAINST TRUTH (RESULT --truth TRUTH). Masks are scored sample by sample (Dice,
    precision, recall, distance of outlines), labels object by object (AP at an overlap of one
    half and more, panoptic quality, count error), scores over all thresholds (areas under ROC
    and precision-recall). Every number has an interval: over the images of a study, or over
    blocks of a single image.

    METHODS THAT LEARN (RECIPE IMAGES --labels LABELS). Every method of a training document
    learns from the same part of the images and is scored on the same held-out rest, fold by
    fold: whole images or groups, or blocks of one image with a buffer as wide as the features
    reach. One table with intervals, curves, calibration and hit maps.

    Files in folders belong together by name: a.png with a.tif, or with a_mask.png. What has no
    partner is named. Exit status: 0 all scored, 1 some were not, 2 wrong request, 130 stopped
    (methods that were done are written).

    Examples: graticule evaluate mask.png --truth manual.png;
    graticule evaluate predictions/ --truth masks/ -o out;
    graticule evaluate out/ --truth labels/ --of kept   (out: a folder of graticule run);
    graticule evaluate cells.yaml images/ --labels masks/ -o methods

    Try: graticule simulate nuclei -n 2 -o fields;
    graticule run coins fields/images -o out --set kept.min_size=40;
    graticule evaluate out --truth fields/labels --of kept -o scores

    Parameters
    ----------
    result
        A file, a folder of files, or a run folder; or, to compare methods, a training document
        (YAML), a folder with training.yaml, or the name of a recipe.
    images
        For methods: an image, or a folder of them; by default the example of a recipe.
    truth
        The truth of results: a file, a folder with a file for each result, or a run folder.
    labels
        For methods: a label image, or a folder with one for each image; a sheet with the column
        target where the document says task: images or objects.
    kind
        What the results are; by default their values show it. Of whole numbers, --kind mask takes
        all that is not 0 as object; --kind scores takes larger values as more likely object.
    of
        The output to judge of a run folder that wrote several.
    roi
        For results: the region of interest, not 0 where samples are judged: a file for all
        images, or a folder with one for each by name. Objects are cut at its border.
    ignore_label
        For results: value of the truth that means unknown, as 255; such samples are not judged
        (ignore_index in PyTorch and torchmetrics). NaN is never judged. What is left out is
        counted.
    confidence
        Part of resampled means within an interval.
    only
        For methods: names, as forest,unet; the split stays that of all.
    learning_curve
        For methods: also the score against the number of labels; takes several times as long.
    out
        Folder for evaluation.html and the tables: evaluation.csv and summary.csv of results,
        methods.csv, folds.csv and classes.csv of methods, test.csv of a fixed test set, and
        answers.csv of whole images or objects.
    """
    from graticule.cli._training import images_and_labels, training_path

    if not 0 < confidence < 1:
        raise RequestError(f"--confidence must be between 0 and 1, not {confidence}")
    document = training_path(result)
    if document is not None:
        from graticule.learn.document.document import load

        training = load(document)
        if training.of_items:
            from graticule.cli._items import evaluate_items

            _without("methods of whole images or objects", truth=truth, kind=kind, of=of, roi=roi,
                     ignore_label=ignore_label, learning_curve=learning_curve or None)  # fmt: skip
            return evaluate_items(training, images, labels, out, only, confidence)
        _without("methods", truth=truth, kind=kind, of=of, roi=roi, ignore_label=ignore_label)
        with images_and_labels(training, images, labels) as (pictures, drawn):
            return _compare_methods(
                training, pictures, drawn, out, only, learning_curve, confidence
            )
    _without("results", images=images, labels=labels, only=only,
             learning_curve=learning_curve or None)  # fmt: skip
    if truth is None:
        raise RequestError(
            f"to judge {result} it needs --truth",
            hint="to compare methods that learn, name a training document (YAML) instead",
        )
    return _judge_results(result, truth, kind, of, roi, ignore_label, confidence, out)


def _without(what: str, **given: object) -> None:
    """Refuse what goes with the other use of the command."""
    for name, value in given.items():
        if value is not None:
            flag = "IMAGES" if name == "images" else f"--{name.replace('_', '-')}"
            raise RequestError(
                f"{flag} does not go with an evaluation of {what}",
                hint="RESULT --truth TRUTH judges results; RECIPE IMAGES --labels LABELS compares "
                "methods",
            )


def _judge_results(
    result: Path,
    truth: Path,
    kind: Literal["mask", "labels", "scores"] | None,
    of: str | None,
    roi: Path | None,
    ignore_label: int | None,
    confidence: float,
    out: Path,
) -> int:
    from graticule.cli._training import make_folder
    from graticule.cli.console import (
        announce_compilation,
        print_skipped_in,
        print_table,
        progress_bar,
    )
    from graticule.core.csv import csv_text
    from graticule.io.pairing import pair_files
    from graticule.pipeline.folder import result_files
    from graticule.report.evaluation.page import page, summarise
    from graticule.report.evaluation.scoring import LeavingOut, score_results
    from graticule.report.html import save

    found = pair_files(result, truth, files=partial(result_files, of=of))
    leaving_out = LeavingOut.of(found.pairs, roi, ignore_label)
    announce_compilation()
    with progress_bar("evaluate") as progress:
        scored = score_results(
            found.pairs,
            kind=kind,
            leaving_out=leaving_out,
            confidence=confidence,
            progress=progress,
        )
    missing = [f"{name} has no truth" for name in found.without_truth]
    missing += [f"{name} is a truth without a result" for name in found.without_result]
    title = f"{result.name or result} against {truth.name or truth}"
    text = page(scored, title, command=["graticule", *sys.argv[1:]], missing=missing)
    make_folder(out)
    save(csv_text(scored.rows), out / "evaluation.csv")
    save(csv_text(scored.summary), out / "summary.csv")
    save(text, out / "evaluation.html")
    print_table(scored.shown)
    if len(scored.rows) > 1:
        print_table(scored.summary, title="over the images")
    print(*summarise(scored), sep="\n")
    for name, why in scored.failed.items():
        print(f"failed: {name}: {why}", file=sys.stderr)
    for sentence in missing:
        print(f"missing: {sentence}", file=sys.stderr)
    print_skipped_in(result, truth)
    print(f"-> {out / 'evaluation.html'}")
    return 1 if scored.failed or missing else 0


def _compare_methods(
    training: TrainingDocument,
    images: Path,
    labels: Path | None,
    out: Path,
    only: str | None,
    with_curve: bool,
    confidence: float,
) -> int:
    """Compare the methods of a training document, write page and tables, and say what came."""
    from graticule.cli._comparison import chosen_methods, print_scores
    from graticule.cli._training import make_folder
    from graticule.cli.console import announce_compilation, print_skipped_in, progress_bar
    from graticule.learn.crossval.split import make_split
    from graticule.learn.document.document import build_methods
    from graticule.report.methods.writing import write_comparison
    from graticule.training.loading import load_images, require_unseen
    from graticule.training.run import compare_methods

    methods = build_methods(training)
    chosen = chosen_methods(methods, only)
    loaded = load_images(training, images, labels)
    require_unseen(methods, loaded.scored_files)
    split = make_split(training.split, loaded.data, methods, loaded.extra, loaded.test)
    make_folder(out)
    announce_compilation()
    with progress_bar(training.name) as progress:
        comparison = compare_methods(loaded, chosen, split, confidence, progress)
    curve = None
    if with_curve and not comparison.unfinished:
        curve = _curve(loaded, [m for m in chosen if m.name in comparison.results], split)
    command = ["graticule", *sys.argv[1:]]
    write_comparison(comparison, training, split, loaded, out, command, curve)
    print_scores(comparison, split, loaded, out)
    if labels is not None:
        print_skipped_in(images, labels)
    if comparison.unfinished or (curve is not None and curve.unfinished):
        return 130
    return 1 if comparison.failed or loaded.missing else 0


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
