"""Two partitions of an image into segments: how much they agree, whatever the numbers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.evaluate.contingency import Contingency, contingency

__all__ = [
    "Variation",
    "adjusted_rand_index",
    "normalised_mutual_information",
    "variation_of_information",
]


@dataclass(frozen=True)
class Variation:
    """Variation of information, in bits: split plus merged.

    Attributes
    ----------
    split : float
        :math:`H(S|T)`: how much the segments cut true ones up.
    merged : float
        :math:`H(T|S)`: how much they hold several true ones together.

    Examples
    --------
    >>> variation_of_information([[1, 2, 3, 3]], [[1, 1, 3, 3]])
    Variation(split=0.5, merged=0.0)
    """

    split: float
    merged: float

    @property
    def total(self) -> float:
        """The sum of both, a metric between partitions."""
        return self.split + self.merged


def adjusted_rand_index(labels: Any, truth: Any, *, background: bool = True) -> float:
    r"""Return the adjusted Rand index.

    The part of the pairs of samples on which both agree whether they belong together, less what
    chance gives, over its largest value [1]_.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Labels of one shape.
    background : bool
        Whether label 0 of the truth is a segment as well; otherwise its samples are left out.

    Returns
    -------
    float
        1 for the same partition, about 0 for chance; 1 where neither holds more than one
        segment, or there is no sample.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.

    References
    ----------
    .. [1] L. Hubert and P. Arabie, J. Classif. 2, 193 (1985), :doi:`10.1007/BF01908075`.

    Examples
    --------
    >>> adjusted_rand_index([[1, 1, 2, 2]], [[5, 5, 3, 3]])
    1.0
    >>> round(adjusted_rand_index([[1, 1, 2, 2]], [[1, 2, 3, 3]]), 4)
    0.5714
    """
    table = _table(labels, truth, background)
    # sums of squares of counts; Python's integers, for they pass 2**63 in large volumes
    same = _squares(table.counts)
    of_labels, of_truth = _squares(table.label_sizes), _squares(table.truth_sizes)
    tp, fp, fn = same - table.total, of_labels - same, of_truth - same
    tn = table.total**2 - of_labels - of_truth + same
    if fp == 0 and fn == 0:
        return 1.0
    return float(2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)))


def normalised_mutual_information(labels: Any, truth: Any, *, background: bool = True) -> float:
    r"""Return :math:`2 I(S, T) / (H(S) + H(T))`, from 0 to 1.

    1 where neither holds more than one segment.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        As for `adjusted_rand_index`.
    background : bool
        As for `adjusted_rand_index`.

    Returns
    -------
    float
        1 where both are the same partition, 0 where one says nothing of the other.

    Examples
    --------
    >>> normalised_mutual_information([[1, 1, 2, 2]], [[1, 2, 1, 2]])
    0.0
    """
    table = _table(labels, truth, background)
    ours, true = _entropy(table.label_sizes), _entropy(table.truth_sizes)
    if ours + true == 0:
        return 1.0
    shared = ours + true - _entropy(table.counts)
    return float(min(1.0, max(0.0, 2 * shared / (ours + true))))


def variation_of_information(labels: Any, truth: Any, *, background: bool = True) -> Variation:
    r"""Return how many bits one partition leaves open of the other, both ways.

    :math:`VI = H(S|T) + H(T|S)`, a metric between partitions [1]_.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        As for `adjusted_rand_index`.
    background : bool
        As for `adjusted_rand_index`.

    Returns
    -------
    Variation
        Both parts, in bits; their sum is ``total``.

    References
    ----------
    .. [1] M. Meilă, J. Multivar. Anal. 98, 873 (2007), :doi:`10.1016/j.jmva.2006.11.013`.

    Examples
    --------
    >>> found = variation_of_information([[1, 2, 3, 3]], [[1, 1, 3, 3]])
    >>> found.split, found.merged, found.total
    (0.5, 0.0, 0.5)
    """
    table = _table(labels, truth, background)
    joint = _entropy(table.counts)
    split, merged = joint - _entropy(table.truth_sizes), joint - _entropy(table.label_sizes)
    return Variation(max(0.0, split), max(0.0, merged))


def _table(labels: Any, truth: Any, background: bool) -> Contingency:
    table = contingency(labels, truth)
    return table if background else table.without_background()


def _squares(counts: Array) -> int:
    return sum(int(count) ** 2 for count in counts.tolist())


def _entropy(counts: Array) -> float:
    total = counts.sum()
    if total == 0:
        return 0.0
    p = counts / total
    return float(-(p * np.log2(p)).sum())
