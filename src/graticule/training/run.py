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
from graticule.learn.document.document import TrainingDocument, build_method
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.learn.methods.method import Method, ModelMethod
from graticule.learn.model_file import save_model
from graticule.learn.splits.splits import Fold
from graticule.training.loading import LoadedImages


def compare_methods(
    loaded: LoadedImages,
    methods: Sequence[Method],
    split: Split,
    confidence: float,
    progress: Progress,
) -> Comparison:
    """Return the comparison of methods on a split, with that on the naive one beside it."""
    total = len(methods) * (len(split.folds) + len(split.naive))

    def run(folds: Sequence[Fold], start: int, words: str) -> Comparison:
        def shifted(done: int, _: int, message: str) -> None:
            progress(start + done, total, f"{message}{words}")

        return compare(
            loaded.data, methods, folds, extra=loaded.extra, confidence=confidence, progress=shifted
        )

    comparison = run(split.folds, 0, "")
    if not split.naive or comparison.unfinished:
        return comparison
    naive = run(split.naive, len(methods) * len(split.folds), " (naive)")
    if naive.unfinished:
        stopped = {f"{name} on the naive split": n for name, n in naive.unfinished.items()}
        return replace(comparison, unfinished=stopped)
    return replace(comparison, naive=naive)


def model_method(training: TrainingDocument, name: str) -> ModelMethod:
    """Return a method that learns a model; raise `RequestError` where there is none of the name."""
    kinds = {each: METHOD_KINDS.get(spec.kind) for each, spec in training.methods.items()}
    if name not in kinds:
        what, hint = f"the document has no method {name!r}", suggest(name, list(kinds))
        raise RequestError(what, where=training.source, hint=hint)
    if not kinds[name].fits_model:
        learning = [f"say --method {each}" for each, kind in kinds.items() if kind.fits_model]
        what = f"{name} is a {kinds[name].label}, which learns nothing"
        raise RequestError(what, where=training.source, hint=next(iter(learning), ""))
    method = build_method(training, name)
    assert isinstance(method, ModelMethod)
    return method


def save_fitted(
    model: Any, training: TrainingDocument, loaded: LoadedImages, method: str, out: Path,
    comparison: Comparison | None = None,
) -> None:  # fmt: skip
    """Write a fitted model with what it has learned from, and its held-out scores if there are."""
    measures = comparison.results[method].scores.measures if comparison is not None else {}
    scores = {
        name: {"value": value.estimate, "low": value.low, "high": value.high}
        for name, value in measures.items()
        if value.estimate == value.estimate
    }
    save_model(
        model,
        out,
        example=loaded.data.images[0],
        scores=None if comparison is None else scores,
        data=list(loaded.files),
        description=f"{training.name}: {method}. {training.description}".strip(),
    )
