"""A mask against its truth, sample by sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.evaluate._inputs import mask_pair
from graticule.evaluate.empty import overlap, ratio

__all__ = ["Confusion", "confusion", "count_confusion", "hit_map"]

SKEWED = 0.9
"""From this share of one class on, accuracy says nothing of use."""


@dataclass(frozen=True)
class Confusion:
    """How many samples are right and wrong; what follows from it.

    What each measure is where truth or answer are empty: `graticule.evaluate.empty`. The counts
    of two images add up with ``+``.

    Attributes
    ----------
    tp, fp, fn, tn : int
        True and false positives, false and true negatives.

    Examples
    --------
    >>> found = Confusion(tp=8, fp=2, fn=4, tn=86)
    >>> found.precision, round(found.recall, 3), round(found.dice, 3), found.accuracy
    (0.8, 0.667, 0.727, 0.94)
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(
            self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn
        )

    @property
    def total(self) -> int:
        """Number of samples."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def _both_empty(self) -> bool:
        return self.tp + self.fp + self.fn == 0

    @property
    def _both_full(self) -> bool:
        return self.tn + self.fp + self.fn == 0

    @property
    def prevalence(self) -> float:
        """Part of the samples that is object in the truth."""
        return ratio(self.tp + self.fn, self.total)

    @property
    def precision(self) -> float:
        """Part of the answer that is true, tp / (tp + fp)."""
        return ratio(self.tp, self.tp + self.fp, both_empty=self._both_empty)

    @property
    def recall(self) -> float:
        """Part of the truth that is found, tp / (tp + fn); also called sensitivity."""
        return ratio(self.tp, self.tp + self.fn, both_empty=self._both_empty)

    @property
    def specificity(self) -> float:
        """Part of the true background that is background, tn / (tn + fp)."""
        return ratio(self.tn, self.tn + self.fp, both_empty=self._both_full)

    @property
    def accuracy(self) -> float:
        """Part of all samples that is right; see `accuracy_warning`."""
        return ratio(self.tp + self.tn, self.total)

    @property
    def accuracy_warning(self) -> str:
        """Why the accuracy says nothing here; empty where it may say something.

        Where one class has 0.9 of the samples or more, the answer that never looks at the image
        is as accurate; and an accuracy not above the share of the larger class is no better than
        that answer.
        """
        majority = max(self.prevalence, 1 - self.prevalence) if self.total else 0.0
        common = "object" if self.prevalence > 0.5 else "background"
        blind = f"calling everything {common} has accuracy {majority:.4g}"
        if majority >= SKEWED:
            return f"{majority:.1%} of the samples are {common}: {blind}"
        return f"no better than blind: {blind}" if self.accuracy <= majority else ""

    @property
    def dice(self) -> float:
        """Dice's coefficient, 2 tp / (2 tp + fp + fn); the same as F1."""
        return overlap(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def jaccard(self) -> float:
        """Jaccard's index, intersection over union, tp / (tp + fp + fn)."""
        return overlap(self.tp, self.tp + self.fp + self.fn)

    def f(self, beta: float = 1.0) -> float:
        """Return F, in which recall weighs ``beta`` times as much as precision."""
        square = beta**2
        part = (1 + square) * self.tp
        return overlap(part, part + square * self.fn + self.fp)

    @property
    def matthews(self) -> float:
        """Matthews' correlation of answer and truth, from -1 to 1; 0 is chance."""
        right, wrong = self.tp * self.tn, self.fp * self.fn
        margins = (self.tp + self.fp, self.tp + self.fn, self.tn + self.fp, self.tn + self.fn)
        if all(margins):
            return float((right - wrong) / math.sqrt(math.prod(margins)))
        if self.total == 0 or self._both_empty or self._both_full:
            return 1.0
        return -1.0 if self.total in (self.fp, self.fn) else 0.0

    def as_dict(self) -> dict[str, float | int | str]:
        """Return all of it by name, counts first."""
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "tn": self.tn,
            **{name: getattr(self, name) for name in MEASURES},
            "accuracy_warning": self.accuracy_warning,
        }


MEASURES = (
    "precision", "recall", "specificity", "dice", "jaccard", "matthews", "accuracy", "prevalence",
)  # fmt: skip
"""The measures of a mask, in the order of tables."""


def confusion(mask: Any, truth: Any) -> Confusion:
    """Count the samples of a mask that are right and wrong.

    Parameters
    ----------
    mask, truth : array_like or DataArray
        Of one shape: bools, or numbers of which one value is 0 and there is at most one other.

    Returns
    -------
    Confusion
        The counts; precision, recall, Dice and the like are properties of it.

    Raises
    ------
    ImageError
        If the shapes differ, or one is no mask.

    Examples
    --------
    >>> found = confusion([[1, 1, 0, 0]], [[1, 0, 0, 0]])
    >>> (found.tp, found.fp, found.fn, found.tn), found.precision, found.recall
    ((1, 1, 0, 2), 0.5, 1.0)
    """
    answer, true = mask_pair(mask, truth)
    return count_confusion(answer, true)


def count_confusion(answer: Array, truth: Array) -> Confusion:
    """Return the counts of two bool arrays of one shape.

    Parameters
    ----------
    answer, truth : ndarray of bool
        Of one shape.

    Returns
    -------
    Confusion
        Samples of each of the four kinds.

    Examples
    --------
    >>> count_confusion(np.array([True, True, False]), np.array([True, False, False]))
    Confusion(tp=1, fp=1, fn=0, tn=1)
    """
    found, wanted = int(np.count_nonzero(answer)), int(np.count_nonzero(truth))
    both = int(np.count_nonzero(answer & truth))
    return Confusion(both, found - both, wanted - both, answer.size - found - wanted + both)


def hit_map(mask: Any, truth: Any) -> Array:
    """Return what each sample is: 0 true negative, 1 true positive, 2 false positive, 3 missed.

    Parameters
    ----------
    mask, truth : array_like or DataArray
        As for `confusion`.

    Returns
    -------
    ndarray of uint8
        In the shape of both.

    Examples
    --------
    >>> hit_map([1, 1, 0, 0], [1, 0, 1, 0])
    array([1, 2, 3, 0], dtype=uint8)
    """
    answer, true = mask_pair(mask, truth)
    # found alone is 2, missed 3, both 1
    return np.asarray(np.where(answer, np.where(true, 1, 2), np.where(true, 3, 0)), np.uint8)
