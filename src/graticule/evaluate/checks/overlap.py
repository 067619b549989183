"""How much of a mask is right, and how much of the truth it finds."""

from __future__ import annotations

from graticule.core import Evidence, Measure, Subject, check
from graticule.evaluate.checks import _against_truth as truths
from graticule.evaluate.scores import mask_row


@check(
    version=1,
    doc=truths.DOC,
    study=truths.means_of("dice", "precision", "recall", "jaccard", "matthews"),
    meaning=(
        "The mask is compared with the truth sample by sample. Precision is the part of the mask "
        "that is true, recall the part of the truth that was found, and Dice their harmonic mean: "
        "1 is the same mask, 0 has nothing in common with it. Accuracy counts the background too "
        "and is high for any mask where objects are rare." + truths.INTERVALS
    ),
    measures=(
        Measure("dice", "Dice"),
        Measure("precision", "precision"),
        Measure("recall", "recall"),
    ),
)
def overlap(
    subject: Subject,
    *,
    n: truths.Resamples = 1000,
    confidence: truths.Confidence = 0.95,
    seed: truths.Seed = 0,
) -> Evidence:
    """Compare a mask with the truth sample by sample: Dice (F1), precision, recall and others.

    In a pipeline: ``{check: overlap, of: mask, against: truth}``, where ``truth`` is an input
    (``truth: {path: "{stem}_mask.png"}``) or a step.

    Parameters
    ----------
    subject : Subject
        Its value and what it is held against are masks.
    %(intervals)s

    Returns
    -------
    Evidence
        Columns ``dice, precision, recall`` with ``_low`` and ``_high`` over blocks of the image,
        ``jaccard, specificity, matthews, accuracy, accuracy_warning, prevalence``, the counts
        ``tp, fp, fn, tn``, ``blocks`` and ``block_size``; over a study ``dice_mean`` and the
        like with their intervals over images.

    Raises
    ------
    %(no_truth)s
    ImageError
        If the sizes differ, or one is no mask.

    References
    ----------
    .. [1] Dice, L. R., "Measures of the amount of ecologic association between species", Ecology
       26(3), 297-302, 1945. :doi:`10.2307/1932409`

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> truth = as_image(np.eye(4, dtype=bool))
    >>> mask = truth.copy()
    >>> mask[0] = True
    >>> found = get_check("overlap")(Subject(mask, mask, rerun=None, against=truth)).columns
    >>> found["tp"], found["fp"], found["recall"], round(found["precision"], 2)
    (4, 3, 1.0, 0.57)
    """
    return Evidence(
        mask_row(subject.value, truths.truth_of(subject), n=n, seed=seed, confidence=confidence)
    )
