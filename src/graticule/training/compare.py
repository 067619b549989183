"""The methods of a training document compared: on its split, on the naive one, by labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from graticule.core.progress import Progress
from graticule.learn.crossval.crossval import Comparison, compare
from graticule.learn.crossval.learning_curve import LearningCurve, learning_curve
from graticule.learn.crossval.split import Split
from graticule.learn.document.document import TrainingDocument
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.learn.methods.method import Method
from graticule.learn.splits.splits import Fold
from graticule.training.loading import LoadedImages

if TYPE_CHECKING:
    import pandas as pd


def compare_methods(
    loaded: LoadedImages,
    methods: Sequence[Method],
    split: Split,
    confidence: float,
    progress: Progress,
) -> Comparison:
    """Return the comparison of methods on a split, with that on the naive one beside it.

    Parameters
    ----------
    loaded : LoadedImages
        What they learn from and are judged on.
    methods : sequence of Method
        All get the same folds.
    split : Split
        The folds.
    confidence : float
        Of the intervals.
    progress : callable
        Called with folds done, their number, and what is going on.
    """
    total = len(methods) * (len(split.folds) + len(split.naive))

    def run(folds: Sequence[Fold], start: int, words: str) -> Comparison:
        def shifted(done: int, _: int, message: str) -> None:
            progress(start + done, total, f"{message}{words}")

        return compare(
            loaded.data, methods, folds, extra=loaded.extra, confidence=confidence, progress=shifted
        )

    found = run(split.folds, 0, "")
    if not split.naive or found.unfinished:
        return found
    naive = run(split.naive, len(methods) * len(split.folds), " (naive)")
    if naive.unfinished:
        stopped = {f"{name} on the naive split": n for name, n in naive.unfinished.items()}
        return replace(found, unfinished=stopped)
    return replace(found, naive=naive)


def learning_curve_of(
    training: TrainingDocument, loaded: LoadedImages, found: Comparison, methods: Sequence[Method],
    progress: Progress,
) -> LearningCurve | None:  # fmt: skip
    """Return scores against the number of labels of the methods that learn and were compared."""
    learning = [
        method
        for method in methods
        if method.name in found.results
        and METHOD_KINDS.get(training.methods[method.name].kind).fits_model
    ]
    if not learning:
        return None
    return learning_curve(loaded.data, learning, found.folds, extra=loaded.extra, progress=progress)


def tables_of(found: Comparison, curve: LearningCurve | None) -> Mapping[str, pd.DataFrame]:
    """Return the tables of a comparison by the names of their files."""
    tables = {"methods": found.table(), "folds": found.fold_table()}
    if len(found.data.judged) > 1:
        tables["classes"] = found.class_table()
    if curve is not None:
        tables["learning_curve"] = curve.rows
    return tables
