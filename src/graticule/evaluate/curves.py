"""A score image against a truth: over all thresholds, and as probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.evaluate._inputs import as_scores, score_pair

__all__ = ["Ranking", "Reliability", "ranking", "reliability"]


@dataclass(frozen=True)
class Ranking:
    """The counts over all thresholds, from the strictest to the loosest.

    Attributes
    ----------
    thresholds : ndarray
        Every score that occurs, falling; an answer is all samples of this score or more.
    tp, fp : ndarray of int
        True and false positives at each.

    Examples
    --------
    >>> found = ranking([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> found.thresholds.tolist(), found.tp.tolist(), found.fp.tolist()
    ([0.8, 0.4, 0.35, 0.1], [1, 1, 2, 2], [0, 1, 1, 2])
    """

    thresholds: Array
    tp: Array
    fp: Array

    @property
    def positives(self) -> int:
        """Samples that are object in the truth."""
        return int(self.tp[-1]) if self.tp.size else 0

    @property
    def negatives(self) -> int:
        """Samples that are background in the truth."""
        return int(self.fp[-1]) if self.fp.size else 0

    @property
    def roc_area(self) -> float:
        """Area under the ROC curve: the chance that an object sample has the larger score.

        Ties count half. NaN where the truth is of one class.
        """
        if not (self.positives and self.negatives):
            return math.nan
        tp, fp = (np.concatenate([[0], counts]).astype(float) for counts in (self.tp, self.fp))
        return float(np.trapezoid(tp, fp) / (float(tp[-1]) * float(fp[-1])))

    @property
    def average_precision(self) -> float:
        """Area under the precision-recall curve, as steps: sum of precision times gained recall.

        NaN where the truth is empty; chance is the prevalence.
        """
        if not self.positives:
            return math.nan
        gained = np.diff(self.tp, prepend=0)
        return float((gained * self.precision).sum() / self.positives)

    @property
    def precision(self) -> Array:
        """Precision at each threshold."""
        return np.asarray(self.tp / (self.tp + self.fp))

    @property
    def recall(self) -> Array:
        """Recall, the true positive rate, at each threshold; NaN where the truth is empty."""
        return _share(self.tp, self.positives)

    @property
    def false_positive_rate(self) -> Array:
        """False positive rate at each threshold; NaN where the truth has no background."""
        return _share(self.fp, self.negatives)

    def thinned(self, count: int = 400) -> Ranking:
        """Return the counts at no more than ``count`` thresholds, for a figure.

        They lie evenly along the ROC curve, whose ends stay.
        """
        if self.thresholds.size <= count or count < 2:
            return self
        way = self.tp / max(1, self.positives) + self.fp / max(1, self.negatives)
        at = np.searchsorted(way, np.linspace(way[0], way[-1], count))
        at = np.unique(np.minimum(at, way.size - 1))
        return Ranking(self.thresholds[at], self.tp[at], self.fp[at])


def ranking(scores: Any, truth: Any) -> Ranking:
    """Count true and false positives at every threshold.

    It takes one sort of the scores of each class and no index of samples, so that it needs a
    few times the memory of the scores; images of 8 or 16 bits are counted, not sorted.

    Parameters
    ----------
    scores : array_like or DataArray
        Finite numbers; larger means object. Turn the sign where objects are dark.
    truth : array_like or DataArray
        A mask of the same shape.

    Returns
    -------
    Ranking
        The curve; areas are properties of it.

    Raises
    ------
    ImageError
        If the shapes differ, a score is not finite, or the truth is no mask.

    Examples
    --------
    >>> found = ranking([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> found.roc_area, round(found.average_precision, 4)
    (0.75, 0.8333)
    """
    values, true = score_pair(scores, truth)
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        return _from_counts(values, true)
    inside, outside = np.sort(values[true]), np.sort(values[~true])
    thresholds = np.unique(np.concatenate([inside, outside]))[::-1]
    tp, fp = (part.size - np.searchsorted(part, thresholds) for part in (inside, outside))
    return Ranking(thresholds, tp, fp)


def _from_counts(values: Array, truth: Array) -> Ranking:
    low = int(np.iinfo(values.dtype).min)
    size = int(np.iinfo(values.dtype).max) - low + 1
    counts = [
        np.bincount(values[part].astype(np.int64) - low, minlength=size) for part in (truth, ~truth)
    ]
    at = np.flatnonzero(counts[0] + counts[1])[::-1]
    tp, fp = (np.cumsum(count[at]) for count in counts)
    return Ranking((at + low).astype(values.dtype), tp, fp)


def _share(counts: Array, whole: int) -> Array:
    return np.asarray(counts / whole) if whole else np.full(counts.shape, np.nan)


@dataclass(frozen=True)
class Reliability:
    """How often samples of a given probability are object.

    Attributes
    ----------
    edges : ndarray
        Of the bins of probability, from 0 to 1.
    counts : ndarray of int
        Samples in each bin.
    predicted : ndarray
        Mean probability in each bin; NaN in an empty one.
    observed : ndarray
        Part of the samples that is object; NaN in an empty one.

    Examples
    --------
    >>> found = reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2)
    >>> found.counts.tolist(), found.predicted.round(2).tolist(), found.observed.tolist()
    ([2, 2], [0.1, 0.9], [0.0, 0.5])
    """

    edges: Array
    counts: Array
    predicted: Array
    observed: Array

    @property
    def expected_error(self) -> float:
        r"""Expected calibration error :math:`\sum_b n_b |o_b - p_b| / N`; NaN without a sample."""
        held = self.counts > 0
        gap = np.abs(self.observed[held] - self.predicted[held])
        total = int(self.counts.sum())
        return float(self.counts[held] @ gap / total) if total else math.nan

    @property
    def largest_error(self) -> float:
        """Largest gap of any bin; NaN without a sample."""
        held = self.counts > 0
        gaps = np.abs(self.observed[held] - self.predicted[held])
        return float(gaps.max()) if gaps.size else math.nan


def reliability(probability: Any, truth: Any, *, bins: int = 15) -> Reliability:
    """Compare probabilities with how often they come true, in bins of equal width.

    Parameters
    ----------
    probability : array_like or DataArray
        Of being object, from 0 to 1.
    truth : array_like or DataArray
        A mask of the same shape.
    bins : int
        Number of bins; a probability on an edge is in the upper one, 1 in the last.

    Returns
    -------
    Reliability
        The bins; its ``expected_error`` is the ECE [1]_.

    Raises
    ------
    ImageError
        If the shapes differ, or a probability is not between 0 and 1.
    ParameterError
        If ``bins`` is no whole number from 1 on.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
       networks", Proc. ICML 70, 1321 (2017).

    Examples
    --------
    >>> found = reliability([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], bins=2)
    >>> round(found.expected_error, 3), found.observed.tolist()
    (0.25, [0.0, 0.5])
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ParameterError(f"must be a whole number from 1 on, not {bins!r}", where="bins")
    values, true = score_pair(probability, truth)
    values = as_scores(values, "the probability").astype(float, copy=False).ravel()
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ImageError(
            f"a probability is between 0 and 1; these go from {values.min():g} to {values.max():g}"
        )
    edges = np.linspace(0, 1, bins + 1)
    at = np.minimum(np.searchsorted(edges, values, side="right") - 1, bins - 1)
    counts = np.bincount(at, minlength=bins)
    sums = (np.bincount(at, weights=w, minlength=bins) for w in (values, true.ravel()))
    with np.errstate(invalid="ignore"):  # an empty bin has no mean
        predicted, observed = (part / counts for part in sums)
    return Reliability(edges, counts, predicted, observed)
