"""Objects against true objects: who matches whom, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.evaluate._inputs import label_pair
from graticule.evaluate.contingency import Contingency, contingency
from graticule.evaluate.empty import overlap, ratio

__all__ = ["InstanceScores", "Matches", "instance_scores", "match", "object_hits"]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""From 0.5 to 0.95, as the Data Science Bowl of 2018 took them."""
_DENSE = 1 << 20
"""Largest table of overlaps that is made in full."""


@dataclass(frozen=True)
class Matches:
    """Objects paired one to one.

    Attributes
    ----------
    threshold : float
        Smallest overlap of a pair.
    labels, truth : ndarray of int
        The numbers of each pair.
    iou : ndarray
        Intersection over union of each pair.
    found, true : int
        Number of objects in the answer and in the truth.

    Examples
    --------
    >>> found = match([[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]])
    >>> found.labels.tolist(), found.truth.tolist(), found.precision, found.recall
    ([1], [7], 0.5, 1.0)
    """

    threshold: float
    labels: Array
    truth: Array
    iou: Array
    found: int
    true: int

    @property
    def tp(self) -> int:
        """True objects that were found."""
        return int(self.iou.size)

    @property
    def fp(self) -> int:
        """Objects of the answer that match none."""
        return self.found - self.tp

    @property
    def fn(self) -> int:
        """True objects that were missed."""
        return self.true - self.tp

    @property
    def precision(self) -> float:
        """Part of the objects found that are true."""
        return ratio(self.tp, self.found, both_empty=self.true == 0)

    @property
    def recall(self) -> float:
        """Part of the true objects that are found."""
        return ratio(self.tp, self.true, both_empty=self.found == 0)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn)."""
        return overlap(2 * self.tp, self.found + self.true)

    @property
    def average_precision(self) -> float:
        """Tp / (tp + fp + fn): what the Data Science Bowl and StarDist call AP."""
        return overlap(self.tp, self.tp + self.fp + self.fn)

    @property
    def mean_iou(self) -> float:
        """Mean overlap of the pairs; NaN where there is none."""
        return float(self.iou.mean()) if self.tp else math.nan

    @property
    def panoptic_quality(self) -> float:
        """Sum of the overlaps of the pairs over tp + fp / 2 + fn / 2; see `match`."""
        return overlap(float(self.iou.sum()), (self.found + self.true) / 2)


def match(labels: Any, truth: Any, *, iou: float = 0.5) -> Matches:
    """Pair objects with true ones, each at most once, so that as many as can be are paired.

    A pair overlaps by ``iou`` or more (intersection over union). Of all ways to make the most
    pairs, the one with the largest sum of overlaps is taken. Above 0.5 no object has a choice;
    panoptic quality [1]_ is defined there.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Labels of one shape, 0 for background. An object is all samples of one number, whether
        they touch or not.
    iou : float
        Above 0, up to 1.

    Returns
    -------
    Matches
        The pairs; precision, AP, panoptic quality and the like are properties of it.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.
    ParameterError
        If ``iou`` is out of range.

    References
    ----------
    .. [1] A. Kirillov et al., "Panoptic segmentation", Proc. CVPR, 9404 (2019), arXiv:1801.00868.

    Examples
    --------
    >>> found = match([[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]])
    >>> found.tp, found.fp, found.fn, found.truth.tolist(), found.iou.round(3).tolist()
    (1, 1, 0, [7], [0.667])
    """
    return _matches(_overlaps(contingency(labels, truth)), iou)


@dataclass(frozen=True)
class InstanceScores:
    """Matches over a range of thresholds, rising.

    Attributes
    ----------
    matches : tuple of Matches
        One for each threshold.

    Examples
    --------
    >>> found = instance_scores([[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]], thresholds=(0.5, 0.9))
    >>> [each.tp for each in found.matches], found.count_error
    ([1, 0], 1)
    """

    matches: tuple[Matches, ...]

    @property
    def thresholds(self) -> Array:
        """The thresholds of overlap."""
        return np.array([found.threshold for found in self.matches])

    @property
    def average_precision(self) -> Array:
        """Tp / (tp + fp + fn) at each threshold."""
        return np.array([found.average_precision for found in self.matches])

    @property
    def mean_average_precision(self) -> float:
        """Mean of it over the thresholds."""
        return float(self.average_precision.mean())

    @property
    def count_error(self) -> int:
        """Objects found less true objects; the objects need not be the same ones."""
        return self.matches[0].found - self.matches[0].true

    @property
    def relative_count_error(self) -> float:
        """Count error over the number of true objects; NaN without one, 0 where both are empty."""
        true = self.matches[0].true
        return ratio(self.count_error, true) if true or self.count_error else 0.0

    def as_dict(self) -> dict[str, float | int]:
        """Return the numbers of the first threshold and the mean over all, by name."""
        first = self.matches[0]
        at = f"{first.threshold:g}"
        return {
            "objects_found": first.found,
            "objects_true": first.true,
            "count_error": self.count_error,
            "absolute_count_error": abs(self.count_error),
            "tp": first.tp,
            "fp": first.fp,
            "fn": first.fn,
            f"ap_{at}": first.average_precision,
            "ap_mean": self.mean_average_precision,
            "precision": first.precision,
            "recall": first.recall,
            "f1": first.f1,
            "panoptic_quality": first.panoptic_quality,
            "mean_iou": first.mean_iou,
        }


def instance_scores(
    labels: Any, truth: Any, *, thresholds: Sequence[float] = THRESHOLDS
) -> InstanceScores:
    """Match objects at several thresholds of overlap.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        As for `match`.
    thresholds : sequence of float
        Of intersection over union.

    Returns
    -------
    InstanceScores
        AP at each threshold, its mean, and the count error.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.
    ParameterError
        If there is no threshold, or one is out of range.

    Examples
    --------
    >>> found = instance_scores([[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]])
    >>> found.average_precision[:5].tolist(), round(found.mean_average_precision, 2)
    ([0.5, 0.5, 0.5, 0.5, 0.0], 0.2)
    """
    if len(thresholds) == 0:
        raise ParameterError("must name at least one threshold", where="thresholds")
    overlaps = _overlaps(contingency(labels, truth))
    return InstanceScores(tuple(_matches(overlaps, iou) for iou in sorted(thresholds)))


def object_hits(labels: Any, truth: Any, *, iou: float = 0.5) -> Array:
    """Return what each sample's object is: 1 matched, 2 made up, 3 missed, 0 background.

    The codes are those of `graticule.evaluate.pixels.hit_map`. Where an object that matches none
    lies over a true one that was missed, it is 2.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        As for `match`.
    iou : float
        As for `match`.

    Returns
    -------
    ndarray of uint8
        In the shape of both.

    Examples
    --------
    >>> object_hits([[1, 1, 0, 2, 2, 0]], [[7, 7, 7, 0, 0, 9]])
    array([[1, 1, 1, 2, 2, 3]], dtype=uint8)
    """
    found, true = label_pair(labels, truth)
    pairs = match(found, true, iou=iou)
    extra = (found > 0) & ~np.isin(found, pairs.labels)
    missed = (true > 0) & ~np.isin(true, pairs.truth)
    codes = np.where((found > 0) | (true > 0), 1, 0).astype(np.uint8)
    codes[missed] = 3
    codes[extra] = 2
    return codes


def _overlaps(table: Contingency) -> Matches:
    """Return all pairs of objects that overlap, not yet one to one."""
    rows, columns = table.rows, table.columns
    union = table.label_sizes[rows] + table.truth_sizes[columns] - table.counts
    labels, truth = table.labels[rows], table.truth[columns]
    inside = (labels != 0) & (truth != 0)
    iou = table.counts[inside] / union[inside]
    found, true = (int(np.count_nonzero(numbers)) for numbers in (table.labels, table.truth))
    return Matches(0.0, labels[inside], truth[inside], iou, found, true)


def _matches(all_pairs: Matches, threshold: Any) -> Matches:
    if isinstance(threshold, str) or not 0 < threshold <= 1:
        raise ParameterError(f"must be above 0 and at most 1, not {threshold!r}", where="iou")
    enough = all_pairs.iou >= threshold
    labels, truth, iou = (x[enough] for x in (all_pairs.labels, all_pairs.truth, all_pairs.iou))
    kept = _assign(labels, truth, iou)
    return Matches(threshold, labels[kept], truth[kept], iou[kept], all_pairs.found, all_pairs.true)


def _assign(labels: Array, truth: Array, iou: Array) -> Array:
    """Return which pairs are kept; each group of objects that hang together is solved alone."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = (np.unique(x, return_inverse=True)[1] for x in (labels, truth))
    if rows.size == 0:
        return np.zeros(0, np.int64)
    height, width = int(rows.max()) + 1, int(columns.max()) + 1
    size = height + width
    graph = coo_array((np.ones(rows.size), (rows, columns + height)), shape=(size, size))
    group = connected_components(graph, directed=False)[1][rows]
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    kept = [part if part.size == 1 else _best(part, rows, columns, iou) for part in parts]
    return np.sort(np.concatenate(kept))


def _best(part: Array, rows: Array, columns: Array, iou: Array) -> Array:
    """Return the pairs of a group: as many as can be, then the largest sum of overlaps."""
    from scipy.optimize import linear_sum_assignment

    row, column = (np.unique(x[part], return_inverse=True)[1] for x in (rows, columns))
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    if shape[0] * shape[1] > _DENSE:
        return part[_best_of_many(row, column, iou[part])]
    pair = np.full(shape, -1)
    pair[row, column] = part
    # one more pair outweighs any gain of overlap
    worth = np.zeros(pair.shape)
    worth[row, column] = iou[part] + part.size + 1
    chosen = pair[linear_sum_assignment(worth, maximize=True)]
    return chosen[chosen >= 0]


def _best_of_many(row: Array, column: Array, iou: Array) -> Array:
    """Return which pairs are kept, without a table of all rows by all columns."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    height, width = int(row.max()) + 1, int(column.max()) + 1
    alone = np.arange(height)
    # a row may stay alone, in a column of its own, at more than all overlaps are worth
    cost = np.concatenate([2 - iou, np.full(height, height + 3.0)])
    at = np.concatenate([row, alone]), np.concatenate([column, width + alone])
    table = coo_array((cost, at), shape=(height, width + height)).tocsr()
    chosen = min_weight_full_bipartite_matching(table)[1]
    return np.flatnonzero(chosen[row] == column)
