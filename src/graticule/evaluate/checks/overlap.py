"""How much of a mask is right, and how much of the truth it finds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Evidence, Subject, Table, check
from graticule.evaluate.checks._truth import truth_of
from graticule.evaluate.scores import mask_row, with_means

_MEANS = ("dice", "precision", "recall", "jaccard", "matthews")


def _study(rows: Table, *, n: int, seed: int, confidence: float) -> Table:
    return with_means(rows, _MEANS, n=n, seed=seed, confidence=confidence)


@check(version=1, study=_study)
def overlap(
    subject: Subject,
    *,
    n: Annotated[int, Field(title="Resampled intervals", ge=1, le=100_000)] = 1000,
    confidence: Annotated[float, Field(title="Of the intervals", gt=0, lt=1)] = 0.95,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Compare a mask with the truth sample by sample: Dice (F1), precision, recall and others.

    In a pipeline: ``{check: overlap, of: mask, against: truth}``, where ``truth`` is an input
    (``truth: {path: "{stem}_mask.png"}``) or a step.

    Parameters
    ----------
    subject : Subject
        Its value and what it is held against are masks.
    n : int
        How often blocks of an image, and the images of a study, are drawn for the intervals.
    confidence : float
        Of the intervals.
    seed : int
        Of the drawing.

    Returns
    -------
    Evidence
        Columns ``dice, precision, recall`` with ``_low`` and ``_high`` over blocks of the image,
        ``jaccard, specificity, matthews, accuracy, accuracy_warning, prevalence``, the counts
        ``tp, fp, fn, tn``, ``blocks`` and ``block_size``; over a study ``dice_mean`` and the
        like with their intervals over images.

    Raises
    ------
    CheckError
        If no truth was named.
    ImageError
        If the sizes differ, or one is no mask.
    """
    return Evidence(
        mask_row(subject.value, truth_of(subject), n=n, seed=seed, confidence=confidence)
    )
