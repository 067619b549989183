"""One method of a training document fitted on all images, scored on what is held out, and saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graticule.core.errors import RequestError, suggest
from graticule.learn.crossval.crossval import Comparison, full_training_set
from graticule.learn.document.document import TrainingDocument, build_method
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.learn.methods.method import ModelMethod
from graticule.learn.model_file import save_model
from graticule.training.loading import LoadedImages


def model_method(training: TrainingDocument, name: str) -> ModelMethod:
    """Return a method of a document that learns a model.

    Raises
    ------
    RequestError
        If there is no such method, or it learns none.
    """
    spec = training.methods.get(name)
    if spec is None:
        hint = suggest(name, list(training.methods))
        raise RequestError(f"the document has no method {name!r}", where=training.source, hint=hint)
    kinds = {each: METHOD_KINDS.get(own.kind) for each, own in training.methods.items()}
    if not kinds[name].fits_model:
        learning = [each for each, kind in kinds.items() if kind.fits_model]
        raise RequestError(
            f"{name} is a {kinds[name].label}, which learns nothing",
            where=training.source,
            hint=f"say --method {learning[0]}" if learning else "",
        )
    method = build_method(training, name)
    assert isinstance(method, ModelMethod)
    return method


def is_iterative(training: TrainingDocument, method: ModelMethod) -> bool:
    """Whether a method is fitted step by step, so that it can be watched and gone on with."""
    return METHOD_KINDS.get(training.methods[method.name].kind).iterative


def fit_on_all(
    method: ModelMethod, loaded: LoadedImages, options: Mapping[str, Any] | None = None
) -> Any:
    """Return the model of a method, fitted on all images with nothing held out."""
    return method.fit_model(full_training_set(loaded.data, method, loaded.extra, options))


def save_fitted(
    model: Any,
    training: TrainingDocument,
    loaded: LoadedImages,
    method: str,
    out: Path,
    scores: Mapping[str, Any] | None = None,
) -> None:
    """Write a fitted model with what it has learned from, and its held-out scores."""
    save_model(
        model,
        out,
        example=loaded.data.images[0],
        scores=None if scores is None else dict(scores),
        data=list(loaded.files),
        description=f"{training.name}: {method}. {training.description}".strip(),
    )


def scores_of(found: Comparison, method: str) -> dict[str, Any]:
    """Return the held-out scores of a method as a model file holds them."""
    measures = found.results[method].scores.measures
    return {
        name: {"value": value.estimate, "low": value.low, "high": value.high}
        for name, value in measures.items()
        if value.estimate == value.estimate
    }
