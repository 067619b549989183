"""How often each pair of labels occurs: what partitions, matches and superpixels are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.evaluate._inputs import label_pair

__all__ = ["Contingency", "contingency"]

_DENSE = 1 << 16
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Contingency:
    """The joint counts of two partitions; only pairs that occur are held.

    Attributes
    ----------
    labels, truth : ndarray of int
        Label numbers of each partition that occur, rising; 0 is among them where it occurs.
    rows, columns : ndarray of int
        Position of each pair in ``labels`` and in ``truth``, in the order of the labels.
    counts : ndarray of int
        Samples of each pair.

    Examples
    --------
    >>> found = contingency([[0, 1, 1, 2]], [[0, 7, 7, 7]])
    >>> found.labels.tolist(), found.truth.tolist(), found.counts.tolist()
    ([0, 1, 2], [0, 7], [1, 2, 1])
    """

    labels: Array
    truth: Array
    rows: Array
    columns: Array
    counts: Array

    @property
    def total(self) -> int:
        """Number of samples."""
        return int(self.counts.sum())

    @property
    def label_sizes(self) -> Array:
        """Samples of each of ``labels``."""
        return _sums(self.rows, self.counts, self.labels.size)

    @property
    def truth_sizes(self) -> Array:
        """Samples of each of ``truth``."""
        return _sums(self.columns, self.counts, self.truth.size)

    def without_background(self) -> Contingency:
        """Return the counts of the samples whose truth is not 0."""
        return self._where(self.truth[self.columns] != 0)

    def objects(self) -> Contingency:
        """Return the counts of the samples that are in an object of both."""
        inside = (self.truth[self.columns] != 0) & (self.labels[self.rows] != 0)
        return self._where(inside)

    def _where(self, keep: Array) -> Contingency:
        rows, columns = self.rows[keep], self.columns[keep]
        return _contingency(self.labels[rows], self.truth[columns], self.counts[keep])


def contingency(labels: Any, truth: Any) -> Contingency:
    """Count how often each label meets each label of the truth.

    Parameters
    ----------
    labels, truth : array_like or DataArray
        Labels of one shape; 0 counts as a label like any other.

    Returns
    -------
    Contingency
        The pairs that occur with their counts.

    Raises
    ------
    ImageError
        If the shapes differ, or labels are negative, bools or no whole numbers.

    Examples
    --------
    >>> found = contingency([[0, 1, 1]], [[0, 2, 0]])
    >>> found.counts.tolist(), found.label_sizes.tolist(), found.truth_sizes.tolist()
    ([1, 1, 1], [1, 2], [2, 1])
    """
    first, second = (_flat(array) for array in label_pair(labels, truth))
    return _contingency(*_count_pairs(first, second))


def _flat(labels: Array) -> Array:
    """Return labels in a row as int32; larger numbers than that holds are refused."""
    if labels.size and labels.max() > _LARGEST:
        raise ImageError(
            f"labels must be at most {_LARGEST:,}; the largest is {labels.max():,}",
            hint="number them anew, as skimage.segmentation.relabel_sequential does",
        )
    return np.ascontiguousarray(labels).reshape(-1).astype(np.int32, copy=False)


def _count_pairs(first: Array, second: Array) -> tuple[Array, Array, Array]:
    from graticule.evaluate._kernels import count_dense, count_sparse

    if first.size == 0:
        return (np.zeros(0, np.int64),) * 3
    high, width = int(first.max()) + 1, int(second.max()) + 1
    least = 1 << 18
    if high * width <= _DENSE:
        tables = map_ranges(
            lambda a, b: count_dense(first[a:b], second[a:b], high, width), first.size, least=least
        )
        table = np.sum(tables, axis=0)
        rows, columns = np.nonzero(table)
        return rows, columns, table[rows, columns]
    changes = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    if np.count_nonzero(changes) > first.size // 4:
        return _count_by_sorting(first, second)
    parts = map_ranges(lambda a, b: count_sparse(first[a:b], second[a:b]), first.size, least=least)
    keys = np.concatenate([keys for keys, _ in parts])
    pairs, inverse = np.unique(keys, return_inverse=True)
    counts = _sums(inverse, np.concatenate([counts for _, counts in parts]), pairs.size)
    return pairs >> 32, pairs & 0xFFFFFFFF, counts


def _count_by_sorting(first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Return the pairs and their counts by sorting: the way for labels that are like noise."""
    keys = first.astype(np.int64) << 32
    keys |= second
    keys.sort()
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    pairs = keys[starts]
    return pairs >> 32, pairs & 0xFFFFFFFF, np.diff(starts, append=keys.size)


def _contingency(first: Array, second: Array, counts: Array) -> Contingency:
    labels, rows = np.unique(first, return_inverse=True)
    truth, columns = np.unique(second, return_inverse=True)
    return Contingency(labels, truth, rows, columns, counts)


def _sums(at: Array, counts: Array, size: int) -> Array:
    """Return sums by position; exact, for counts below 2**53."""
    return np.bincount(at, weights=counts, minlength=size).astype(np.int64)
