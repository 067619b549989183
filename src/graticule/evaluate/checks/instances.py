"""How many of the true objects are found, one by one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from graticule.core import Evidence, Measure, Subject, Table, check
from graticule.evaluate.checks import _against_truth as truths
from graticule.evaluate.instances import THRESHOLDS
from graticule.evaluate.scores import object_row, with_means

_Threshold = Annotated[float, Field(gt=0, le=1)]


def _study(rows: Table, *, n: int, seed: int, confidence: float, **_: Any) -> Table:
    names = [name for name in rows if str(name).startswith("ap_") and str(name)[-1] not in "wh"]
    names += ["f1", "panoptic_quality", "count_error", "absolute_count_error"]
    return with_means(rows, list(map(str, names)), n=n, seed=seed, confidence=confidence)


@check(
    version=1,
    doc=truths.DOC,
    study=_study,
    meaning=(
        "Each object is matched with at most one true object, where the two overlap enough: by "
        "{thresholds[0]} of their union (IoU) for the first column and the counts, by more for "
        "ap_mean. Average precision is found / (found + missed + made up). The count error is "
        "objects found less true ones; it can be 0 with every object wrong, so read both."
        + truths.INTERVALS
    ),
    measures=(
        Measure("ap_{thresholds[0]}", "average precision at IoU {thresholds[0]}"),
        Measure("panoptic_quality", "panoptic quality"),
        Measure("count_error", "count error"),
    ),
)
def instances(
    subject: Subject,
    *,
    thresholds: Annotated[
        tuple[_Threshold, ...], Field(title="Overlaps that count as found", min_length=1)
    ] = THRESHOLDS,
    n: truths.Resamples = 1000,
    confidence: truths.Confidence = 0.95,
    seed: truths.Seed = 0,
) -> Evidence:
    """Match objects with true ones, each at most once, and count those found, missed, made up.

    In a pipeline: ``{check: instances, of: labels, against: truth}``.

    Parameters
    ----------
    subject : Subject
        Its value and what it is held against are labels.
    thresholds : sequence of float
        Of intersection over union; see `graticule.evaluate.instances.match`.
    %(intervals)s

    Returns
    -------
    Evidence
        Columns ``objects_found, objects_true, count_error, absolute_count_error, tp, fp, fn``,
        ``ap_<first threshold>, precision, recall`` with ``_low`` and ``_high`` over blocks of the
        image, ``ap_mean, f1, panoptic_quality, mean_iou, blocks, block_size``; over a study the
        means with their intervals over images.

    Raises
    ------
    %(no_truth)s
    ImageError
        If the sizes differ, or one is not labels.

    References
    ----------
    .. [1] Kirillov, A., He, K., Girshick, R., Rother, C., Dollár, P., "Panoptic segmentation", CVPR
       2019, 9404-9413. :doi:`10.1109/CVPR.2019.00963`

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> truth = np.zeros((20, 20), np.int32)
    >>> truth[2:8, 2:8], truth[12:18, 2:8] = 1, 2
    >>> labels = as_image(np.where(truth == 1, 1, 0))
    >>> subject = Subject(labels, labels, rerun=None, against=as_image(truth))
    >>> found = get_check("instances")(subject).columns
    >>> found["tp"], found["fp"], found["fn"], found["recall"]
    (1, 0, 1, 0.5)
    """
    truth = truths.truth_of(subject)
    row = object_row(
        subject.value, truth, thresholds=thresholds, n=n, seed=seed, confidence=confidence
    )
    return Evidence(row)
