"""How well scores tell objects from background, over all thresholds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Evidence, Subject, Table, check
from graticule.evaluate.checks._truth import truth_of
from graticule.evaluate.scores import score_row, with_means


def _study(rows: Table, *, n: int, seed: int, confidence: float, invert: bool) -> Table:
    names = ("auc", "average_precision")
    return with_means(rows, names, n=n, seed=seed, confidence=confidence)


@check(version=1, study=_study)
def roc(
    subject: Subject,
    *,
    invert: Annotated[bool, Field(title="Objects have the smaller values")] = False,
    n: Annotated[int, Field(title="Resampled intervals", ge=1, le=100_000)] = 1000,
    confidence: Annotated[float, Field(title="Of the intervals", gt=0, lt=1)] = 0.95,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Compare an image of scores with a true mask over all thresholds: ROC and precision-recall.

    In a pipeline: ``{check: roc, of: smooth, against: truth}``. It judges an image before any
    threshold is chosen: no threshold of it can do better than its curve.

    Parameters
    ----------
    subject : Subject
        Its value is an image of finite numbers, and what it is held against is a mask.
    invert : bool
        Take the negative of the values: dark objects on a bright ground.
    n : int
        How often blocks of an image, and the images of a study, are drawn for the intervals.
    confidence : float
        Of the intervals.
    seed : int
        Of the drawing.

    Returns
    -------
    Evidence
        Columns ``auc`` and ``average_precision`` with ``_low`` and ``_high`` over blocks of the
        image, ``prevalence``, ``best_dice`` and ``best_threshold``; over a study the means with
        their intervals. Arrays ``false_positive_rate, recall, precision, thresholds``.

    Raises
    ------
    CheckError
        If no truth was named.
    ImageError
        If the sizes differ, a value is not finite, or the truth is no mask.
    """
    values = subject.value
    if invert:
        # signed and wide enough, so that the negative of a whole number is one
        values = -(values.astype("int64") if values.dtype.kind in "bu" else values)
    row, curve = score_row(values, truth_of(subject), n=n, seed=seed, confidence=confidence)
    if invert:
        row["best_threshold"] = -float(row["best_threshold"])
    thin = curve.thinned()
    arrays = {
        "false_positive_rate": thin.false_positive_rate,
        "recall": thin.recall,
        "precision": thin.precision,
        "thresholds": -thin.thresholds if invert else thin.thresholds,
    }
    return Evidence(row, arrays)
