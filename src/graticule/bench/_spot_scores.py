"""Score maps against annotated spots: by pixels, and spot by spot, with intervals over blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval, blocks, bootstrap_sums

BLOCK, LEVELS = 64, 250
_TOUCH = np.ones((3, 3))
_RIGHT = 0.1
"""Part of an answer that must be annotated."""


@dataclass(frozen=True)
class SpotScores:
    """What a score map is worth, with intervals of 95 % over blocks of 64 x 64.

    Attributes
    ----------
    area : Interval
        Area under the precision-recall curve of pixels (average precision).
    recall : Interval
        Part of the spots that are met where there is one false answer in 10,000 pixels.
    """

    area: Interval
    recall: Interval
    _pixels: Array

    def recall_at(self, precision: float) -> Interval:
        """Return the largest recall of pixels where the precision is so high, or higher."""
        return bootstrap_sums(self._pixels, lambda row: _recall_at(row, precision))


def scored(score: Array, truth: Array, *, rate: float = 1e-4) -> SpotScores:
    """Judge a score map.

    Parameters
    ----------
    score : ndarray
        Larger means spot.
    truth : ndarray of bool
        The annotation; samples that touch at a corner are one spot.
    rate : float
        False answers for each pixel, at which spots are counted.
    """
    levels = np.unique(np.quantile(score, 1 - np.geomspace(1e-5, 0.5, LEVELS)))[::-1]
    pixels = np.concatenate([_by_level(score, truth, levels), _by_level(score, ~truth, levels)], 1)
    spots = _spots(score, truth, levels)
    return SpotScores(
        bootstrap_sums(pixels, _area),
        bootstrap_sums(spots, lambda row: _spot_recall(row, rate)),
        pixels,
    )


def _by_level(score: Array, kind: Array, levels: Array) -> Array:
    """Return for each block how many samples of a kind are at each level or above, and all."""
    counts = []
    for block in blocks(score.shape, BLOCK):
        values = np.sort(score[block][kind[block]])
        counts.append([*(values.size - np.searchsorted(values, levels)), values.size])
    return np.array(counts)


def _curve(row: Array) -> tuple[Array, Array]:
    """Return precision and recall at each level; the last is all samples."""
    inside, outside = np.split(row.astype(float), 2)
    return inside / np.maximum(inside + outside, 1), inside / max(inside[-1], 1)


def _area(row: Array) -> float:
    precision, recall = _curve(row)
    return float((np.diff(recall, prepend=0) * precision).sum())


def _recall_at(row: Array, wanted: float) -> float:
    precision, recall = _curve(row)
    return float(recall[precision >= wanted].max(initial=0.0))


def _spots(score: Array, truth: Array, levels: Array) -> Array:
    """Return for each block the spots met and the false answers at each level, spots and pixels.

    An answer is a part of the samples at a level or above. It is false if less than a tenth of it
    is annotated, so that one that covers everything meets nothing.
    """
    labels, count = ndimage.label(truth, _TOUCH)
    home, places = _homes(labels, count)
    met, false = np.zeros((2, len(levels), places))
    for number, level in enumerate(levels):
        parts, many = ndimage.label(score >= level, _TOUCH)
        right = ndimage.mean(truth, parts, np.arange(1, many + 1)) >= _RIGHT
        found = np.unique(labels[np.concatenate([[False], right])[parts]])
        met[number] = np.bincount(home[found[found > 0] - 1], minlength=places)
        false[number] = np.bincount(_homes(parts, many)[0][~right], minlength=places)
    whole = np.bincount(home, minlength=places)
    sizes = [np.prod([part.stop - part.start for part in b]) for b in blocks(truth.shape, BLOCK)]
    return np.concatenate([met.T, false.T, whole[:, None], np.array(sizes)[:, None]], axis=1)


def _homes(labels: Array, count: int) -> tuple[Array, int]:
    """Return the block in which each part has its first sample, and how many blocks there are."""
    which = np.zeros(labels.shape, int)
    cut = blocks(labels.shape, BLOCK)
    for number, block in enumerate(cut):
        which[block] = number
    values, first = np.unique(labels, return_index=True)
    return which.ravel()[first[values > 0]][:count], len(cut)


def _spot_recall(row: Array, rate: float) -> float:
    *counts, spots, size = row.astype(float)
    met, false = np.split(np.array(counts), 2)
    return float(met[false <= rate * size].max(initial=0.0) / max(spots, 1))
