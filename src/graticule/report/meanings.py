"""What each check does and how its numbers are read, in words."""

from __future__ import annotations

from graticule.core.errors import GraticuleError
from graticule.report.record import CheckFacts
from graticule.report.wording import number

_INTERVALS = (
    "Intervals of an image are over its blocks and those of means over images, never over samples, "
    "which know of their neighbours; where there are too few blocks, none is given."
)
_MEANING = {
    "surrogate": (
        "The whole analysis is repeated on surrogates of the image, which keep its noise and "
        "hold no signal. p is the part of them, counted with the image itself, that reaches the "
        "statistic of the image: (1 + k) / (1 + m). q is p corrected for the number of images; "
        "an image counts as detected where q is at most {fdr}."
    ),
    "injection": (
        "Signals of known strength are put into quiet versions of the image, and those that the "
        "analysis finds are counted: how weak a signal could have been seen here at all."
    ),
    "overlap": (
        "The mask is compared with the truth sample by sample. Precision is the part of the mask "
        "that is true, recall the part of the truth that was found, and Dice their harmonic mean: "
        "1 is the same mask, 0 has nothing in common with it. Accuracy counts the background too "
        "and is high for any mask where objects are rare. " + _INTERVALS
    ),
    "instances": (
        "Each object is matched with at most one true object, where the two overlap enough: by "
        "{least} of their union (IoU) for the first column and the counts, by more for ap_mean. "
        "Average precision is found / (found + missed + made up). The count error is objects "
        "found less true ones; it can be 0 with every object wrong, so read both. " + _INTERVALS
    ),
    "roc": (
        "The values are compared with the truth over all thresholds, before one is chosen. The "
        "area under the ROC curve is the probability that a sample of an object has a {more} value "
        "than one of the background: 0.5 is chance, 1 parts them completely. Where objects are "
        "rare, look at the average precision, whose chance level is the prevalence. best_dice is "
        "what the best of all thresholds would give, chosen with the truth in view. " + _INTERVALS
    ),
    "boundary": (
        "Distances between the outline of the mask and the true one, both ways. 95 % of both "
        "outlines are within HD95 of the other; hausdorff is the largest distance, which one wrong "
        "sample decides. Surface Dice is the part of the outlines that is within {tolerance} of "
        "the other. A mask without a counterpart is infinitely far. Intervals of means are over "
        "images."
    ),
    "calibration": (
        "Samples are gathered in {bins} bins by the probability they were given, and in each bin "
        "that is compared with how many are objects. The expected calibration error is the mean "
        "difference, weighted by the samples in a bin: 0.05 says that probabilities are off by 5 "
        "points on average. It says nothing of whether objects are told from background; see roc. "
        "Intervals of means are over images."
    ),
}


def meaning(check: CheckFacts) -> str:
    """Return in words what a check says, from its own documentation where no words are here."""
    if check.check in _MEANING:
        params = check.params
        return _MEANING[check.check].format(
            fdr=number(params.get("fdr")),
            least=number((params.get("thresholds") or [0.5])[0]),
            more="smaller" if params.get("invert") else "larger",
            tolerance=_length(params.get("tolerance")),
            bins=number(params.get("bins")),
        )
    from graticule.core.registry import get_check

    try:
        return (get_check(check.check).__doc__ or "").strip().partition("\n")[0]
    except (GraticuleError, ImportError):
        return ""


def _length(value: object) -> str:
    return f"{number(value)} pixels" if isinstance(value, (int, float)) else number(value)
