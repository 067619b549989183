"""What is done with a training document: its methods are compared, or one is fitted and saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graticule.core.errors import RequestError, suggest
from graticule.core.progress import Progress
from graticule.learn.crossval.crossval import Comparison, compare
from graticule.learn.crossval.split import Split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import TrainingDocument, build_method
from graticule.learn.methods.items import ImagesMethod, ItemMethod, ObjectsMethod, kind_named
from graticule.learn.methods.method import Method, ModelMethod
from graticule.learn.model_file import save_model
from graticule.learn.splits.splits import Fold
from graticule.training.items import LoadedItems
from graticule.training.loading import LoadedImages


def compare_methods(
    loaded: LoadedImages,
    methods: Sequence[Method],
    split: Split,
    confidence: float,
    progress: Progress,
) -> Comparison:
    """Return the comparison of methods on a split; beside it the naive one and the test set."""
    parts: list[tuple[Sequence[Fold], LabelledImages, str]] = [(split.folds, loaded.data, "")]
    if split.naive:
        parts.append((split.naive, loaded.data, "the naive split"))
    if split.test is not None and loaded.test is not None:
        parts.append(([split.test], loaded.data.joined(loaded.test), "the test set"))
    total = len(methods) * sum(len(folds) for folds, _, _ in parts)
    found: dict[str, Comparison] = {}
    done_before = 0
    for folds, data, words in parts:

        def shifted(done: int, _: int, message: str, before: int = done_before) -> None:
            progress(before + done, total, message)

        one = compare(
            data, methods, folds, extra=loaded.extra, confidence=confidence, progress=shifted
        )
        if words and one.unfinished:
            stopped = {f"{name} on {words}": n for name, n in one.unfinished.items()}
            found[""] = replace(found[""], unfinished=stopped)
        else:
            found[words] = one
        if one.unfinished:
            break
        done_before += len(methods) * len(folds)
    return replace(found[""], naive=found.get("the naive split"), test=found.get("the test set"))


def item_method(training: TrainingDocument, name: str) -> ItemMethod:
    """Return a method for whole images or objects; raise `RequestError` where there is none."""
    _require_learning(training, name)
    method: Any = build_method(training, name)
    assert isinstance(method, ImagesMethod | ObjectsMethod)
    return method


def model_method(training: TrainingDocument, name: str) -> ModelMethod:
    """Return a method that learns a model; raise `RequestError` where there is none of the name."""
    _require_learning(training, name)
    method = build_method(training, name)
    assert isinstance(method, ModelMethod)
    return method


def _require_learning(training: TrainingDocument, name: str) -> None:
    kinds = {each: kind_named(spec.kind) for each, spec in training.methods.items()}
    if name not in kinds:
        what, hint = f"the document has no method {name!r}", suggest(name, list(kinds))
        raise RequestError(what, where=training.source, hint=hint)
    if not kinds[name].fits_model:
        learning = [f"say --method {each}" for each, kind in kinds.items() if kind.fits_model]
        what = f"{name} is a {kinds[name].label}, which learns nothing"
        raise RequestError(what, where=training.source, hint=next(iter(learning), ""))


def save_fitted(
    model: Any, training: TrainingDocument, loaded: LoadedImages | LoadedItems, method: str,
    out: Path, comparison: Comparison | None = None,
) -> None:  # fmt: skip
    """Write a fitted model with what it has learned from, and its held-out scores if there are."""
    if training.inputs.image.channels == "grey":
        model.take_colours()
    scores: dict[str, dict[str, float]] = {}
    for prefix, one in (("", comparison), ("test_", comparison.test if comparison else None)):
        if one is not None and method in one.results:
            for name, value in one.results[method].scores.measures.items():
                ends = {"value": value.estimate, "low": value.low, "high": value.high}
                scores |= {f"{prefix}{name}": ends} if value.estimate == value.estimate else {}
    save_model(
        model,
        out,
        example=loaded.data.images[0] if isinstance(loaded, LoadedImages) else None,
        scores=None if comparison is None else scores,
        data=list(loaded.files),
        description=f"{training.name}: {method}. {training.description}".strip(),
    )
