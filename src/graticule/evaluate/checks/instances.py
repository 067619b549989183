"""How many of the true objects are found, one by one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from graticule.core import Evidence, Subject, Table, check
from graticule.evaluate.checks._truth import truth_of
from graticule.evaluate.instances import THRESHOLDS
from graticule.evaluate.scores import object_row, with_means

_Threshold = Annotated[float, Field(gt=0, le=1)]


def _study(rows: Table, *, n: int, seed: int, confidence: float, **_: Any) -> Table:
    names = [name for name in rows if str(name).startswith("ap_") and str(name)[-1] not in "wh"]
    names += ["f1", "panoptic_quality", "count_error", "absolute_count_error"]
    return with_means(rows, list(map(str, names)), n=n, seed=seed, confidence=confidence)


@check(version=1, study=_study)
def instances(
    subject: Subject,
    *,
    thresholds: Annotated[
        tuple[_Threshold, ...], Field(title="Overlaps that count as found", min_length=1)
    ] = THRESHOLDS,
    n: Annotated[int, Field(title="Resampled intervals", ge=1, le=100_000)] = 1000,
    confidence: Annotated[float, Field(title="Of the intervals", gt=0, lt=1)] = 0.95,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Match objects with true ones, each at most once, and count those found, missed, made up.

    In a pipeline: ``{check: instances, of: labels, against: truth}``.

    Parameters
    ----------
    subject : Subject
        Its value and what it is held against are labels.
    thresholds : sequence of float
        Of intersection over union; see `graticule.evaluate.instances.match`.
    n : int
        How often blocks of an image, and the images of a study, are drawn for the intervals.
    confidence : float
        Of the intervals.
    seed : int
        Of the drawing.

    Returns
    -------
    Evidence
        Columns ``objects_found, objects_true, count_error, absolute_count_error, tp, fp, fn``,
        ``ap_<first threshold>, precision, recall`` with ``_low`` and ``_high`` over blocks of the
        image, ``ap_mean, f1, panoptic_quality, mean_iou``; over a study the means with their
        intervals over images.

    Raises
    ------
    CheckError
        If no truth was named.
    ImageError
        If the sizes differ, or one is not labels.
    """
    return Evidence(
        object_row(
            subject.value,
            truth_of(subject),
            thresholds=thresholds,
            n=n,
            seed=seed,
            confidence=confidence,
        )
    )
