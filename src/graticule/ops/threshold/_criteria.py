"""Thresholds that are best by a criterion of two classes: Otsu, Yen, entropy, minimum error, ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.ops.threshold._histogram import Histogram


def otsu(histogram: Histogram) -> Any:
    """Return the value that maximises the variance between the classes.

    Where sparse counts of 16 bits leave many places equal to seven digits, the weights in single
    precision decide for the one that scikit-image takes.
    """
    counts, values = histogram.counts.astype(np.float64), histogram.offsets
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * values) / below
    mean_above = (np.cumsum((counts * values)[::-1]) / above[::-1])[::-1]
    weight = below[:-1].astype(np.float32) * above[1:].astype(np.float32)
    between = weight * (mean_below[:-1] - mean_above[1:]) ** 2
    return histogram.centers[np.argmax(between)]


def yen(histogram: Histogram) -> Any:
    """Return the value that maximises Yen's correlation of the classes.

    The criterion is flat around its maximum, so that the place found depends on rounding: it is
    summed in single precision, as in scikit-image, to give the same value.
    """
    counts = histogram.counts.astype(np.float32)
    part = counts / counts.sum()
    below = np.cumsum(part)
    square_below = np.cumsum(part**2)
    square_above = np.cumsum(part[::-1] ** 2)[::-1]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        correlation = (square_below[:-1] * square_above[1:]) ** -1
        criterion = np.log(correlation * (below[:-1] * (1.0 - below[:-1])) ** 2)
    return histogram.centers[np.argmax(np.where(np.isnan(criterion), -np.inf, criterion))]


def triangle(histogram: Histogram) -> Any:
    """Return the value whose count is furthest below the line from the peak to the longer tail."""
    counts, size = histogram.counts, histogram.counts.size
    peak = int(np.argmax(counts))
    # The line runs over the longer tail; a tail to the right is turned to lie on the left.
    turned = peak < size - 1 - peak
    if turned:
        counts, peak = counts[::-1], size - 1 - peak
    height = float(counts[peak])
    norm = np.hypot(height, peak)
    distance = height / norm * np.arange(peak) - peak / norm * counts[:peak]
    level = int(np.argmax(distance))
    return histogram.centers[size - 1 - level if turned else level]


def max_entropy(histogram: Histogram) -> Any:
    """Return the value that maximises the sum of the entropies of the classes."""
    part = histogram.counts / histogram.counts.sum()
    below, above = _inner(part)
    own = np.where(part > 0, -part * np.log(np.where(part > 0, part, 1)), 0)
    inner, outer = _inner(own)
    entropy = inner / below + np.log(below) + outer / above + np.log(above)
    return histogram.centers[_first_best(entropy)]


def kittler_illingworth(histogram: Histogram) -> Any:
    """Return the value that minimises the error of two normal distributions."""
    part = histogram.counts / histogram.counts.sum()
    values = histogram.offsets
    (below, above), (first, last) = _inner(part), _inner(part * values)
    (square, squares) = _inner(part * values**2)
    spread = histogram.width**2 / 12  # of values within a bin
    low = np.maximum(square / below - (first / below) ** 2, 0) + spread
    high = np.maximum(squares / above - (last / above) ** 2, 0) + spread
    error = below * np.log(low / below**2) + above * np.log(high / above**2)
    return histogram.centers[_first_best(-error)]


def moments(histogram: Histogram) -> Any:
    """Return the value that parts off the fraction which keeps the first three moments."""
    part = histogram.counts / histogram.counts.sum()
    values = histogram.offsets / histogram.offsets[-1]
    m1, m2, m3 = (float((part * values**power).sum()) for power in (1, 2, 3))
    spread = m2 - m1 * m1
    c0, c1 = (m1 * m3 - m2 * m2) / spread, (m1 * m2 - m3) / spread
    root = np.sqrt(max(c1 * c1 - 4 * c0, 0.0))
    dark, bright = (-c1 - root) / 2, (-c1 + root) / 2
    wanted = (bright - m1) / (bright - dark)
    apart = np.abs(np.cumsum(part)[:-1] - wanted)
    return histogram.centers[_first_best(-apart)]


def _inner(values: Array) -> tuple[Array, Array]:
    """Return the sums up to and above each bin but the last."""
    below = np.cumsum(values)
    return below[:-1], np.cumsum(values[::-1])[::-1][1:]


def _first_best(score: Array) -> int:
    """Return the first place of the largest score; what differs by rounding is equal."""
    most = float(score.max())
    return int(np.argmax(score >= most - 1e-12 * max(1.0, abs(most))))
