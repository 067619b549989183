"""A comparison of methods written down: its page, and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graticule.core.csv import csv_text
from graticule.report.html import save
from graticule.report.methods.page import page

if TYPE_CHECKING:
    from graticule.learn.crossval.crossval import Comparison
    from graticule.learn.crossval.learning_curve import LearningCurve
    from graticule.learn.crossval.split import Split
    from graticule.learn.document.document import TrainingDocument
    from graticule.training.items import LoadedItems
    from graticule.training.loading import LoadedImages


def write_comparison(
    comparison: Comparison,
    training: TrainingDocument,
    split: Split,
    loaded: LoadedImages | LoadedItems,
    out: Path,
    command: Sequence[str],
    curve: LearningCurve | None = None,
) -> None:
    """Write the page of a comparison, and its tables.

    Parameters
    ----------
    comparison, training, split, loaded
        What was compared, by which document and on what.
    out : Path
        A folder.
    command : sequence of str
        What does it again.
    curve : LearningCurve, optional
        The score against the number of labels.
    """
    tables = {"methods": comparison.table(), "folds": comparison.fold_table()}
    if len(comparison.data.scored_classes) > 1:
        tables["classes"] = comparison.class_table()
    if comparison.test is not None:
        tables["test"] = comparison.test.table()
    if comparison.answers is not None:
        tables["answers"] = comparison.answers
    if curve is not None:
        tables["learning_curve"] = curve.rows
    for name, table in tables.items():
        save(csv_text(table), out / f"{name}.csv")
    text = page(
        comparison, training, split, command=list(command), missing=loaded.missing,
        curve=curve if curve is not None and curve.methods else None,
    )  # fmt: skip
    save(text, out / "evaluation.html")
