"""Thresholds that follow from means of the values: mean, isodata, Li."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.ops.threshold._histogram import Histogram

_MOST_ROUNDS = 10_000
_EXACT = 2**50  # whole numbers below this leave a float room for parts of one


def mean(histogram: Histogram) -> float | int:
    """Return the mean of the values."""
    count = int(histogram.fine_counts.sum())
    above = float((histogram.fine_counts * histogram.fine_values).sum())
    if (
        isinstance(histogram.low, int) and abs(histogram.low) < _EXACT
    ):  # whole numbers, whose quotient is rounded once
        return (histogram.low * count + int(above)) / count
    return _above_lowest(histogram, above / count)


def _above_lowest(histogram: Histogram, distance: float) -> float | int:
    """Return the value at a distance from the lowest.

    Of integers too large for a float it is the next below, which parts them in the same way.
    """
    if isinstance(histogram.low, int) and abs(histogram.low) >= _EXACT:
        return histogram.low + int(distance)
    return float(histogram.low + distance)


def isodata(histogram: Histogram) -> Any:
    """Return the lowest value that lies midway between the means below and above it."""
    counts, values = histogram.counts.astype(np.float64), histogram.offsets
    number, total = np.cumsum(counts), np.cumsum(counts * values)
    lower = total[:-1] / number[:-1]
    higher = (total[-1] - total[:-1]) / (number[-1] - number[:-1])
    distance = (lower + higher) / 2 - values[:-1]
    return histogram.centers[np.argmax(distance < histogram.width)]


def li(histogram: Histogram) -> float | int:
    """Return the fixed point of the minimum cross entropy iteration, started from the mean."""
    below = _Below(histogram)
    tolerance = histogram.gap / 2
    following, current = below.total[-1] / below.number[-1], -np.inf
    for _ in range(_MOST_ROUNDS):
        if not abs(following - current) > tolerance:
            break
        current = following
        number, total = below(current)
        back = total / number if number else 0.0
        fore = (below.total[-1] - total) / (below.number[-1] - number)
        if back == 0:
            break
        following = (back - fore) / (np.log(back) - np.log(fore))
    return _above_lowest(histogram, following)


class _Below:
    """How many values are up to a level, and their sum.

    Where the values within a fine bin are not known they are taken as evenly spread, so that a
    bin that the level lies in counts for a part.
    """

    def __init__(self, histogram: Histogram) -> None:
        counts, values = histogram.fine_counts, histogram.fine_values
        self.number = np.concatenate([[0], np.cumsum(counts)]).astype(np.float64)
        self.total = np.concatenate([[0.0], np.cumsum(counts * values)])
        self.values, self.alike, self.width = values, histogram.alike, histogram.fine_width
        self.bins = np.floor(values / self.width) if self.width else values

    def __call__(self, level: float) -> tuple[float, float]:
        """Return number and sum of the values up to a level above the smallest value."""
        split = int(np.searchsorted(self.values, level, side="right"))
        if self.alike is not None:
            whole = np.floor(level / self.width)
            place = int(np.searchsorted(self.bins, whole))
            if place < self.bins.size and self.bins[place] == whole and not self.alike[place]:
                return self._in_part(place, level / self.width - whole)
        return float(self.number[split]), float(self.total[split])

    def _in_part(self, place: int, part: float) -> tuple[float, float]:
        number = (1 - part) * self.number[place] + part * self.number[place + 1]
        total = (1 - part) * self.total[place] + part * self.total[place + 1]
        return float(number), float(total)
