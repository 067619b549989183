"""Li's minimum cross entropy threshold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding

_MOST_ROUNDS = 10_000
_EVEN = 200
"""So many values of a fine bin are as good as evenly spread."""


def _criterion(histogram: Histogram) -> float | int:
    """Return the fixed point of the minimum cross entropy iteration, started from the mean."""
    histogram = histogram.finer or histogram
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
    return histogram.above_lowest(following)


def doubtful(histogram: Histogram, **_: Any) -> int | None:
    """Return a fine bin of few values in which the iteration may end, or pass through, or None.

    The next level rises with the level, so the iteration goes one way, and ends at the first
    level between two values whose next one lies between them, too. Where it is in a bin whose
    values are not known, either may be.
    """
    if histogram.alike is None:
        return None
    counts, values, width = histogram.fine_counts, histogram.fine_values, histogram.fine_width
    bins = np.floor(values / width)
    few = (counts > 1) & (counts < _EVEN)
    alike = histogram.is_parted(bins) | (histogram.alike & ~few)
    start = bins * width
    low, high = np.where(alike, values, start), np.where(alike, values, start + width)
    number, total = np.cumsum(counts), np.cumsum(counts * values)
    with np.errstate(divide="ignore", invalid="ignore"):
        back, fore = total / number, (total[-1] - total) / (number[-1] - number)
        after = (back - fore) / (np.log(back) - np.log(fore))  # the level that follows each bin
    after[-1] = np.inf
    unsure = ~alike & few
    mean = total[-1] / number[-1]
    at = int(np.searchsorted(low, mean, side="right")) - 1
    inside = not alike[at] and mean < high[at]
    rises = after[at - 1] >= high[at] if inside and at else not inside and after[at] > mean
    falls = after[at] < low[at] if inside else after[at] < mean
    if not rises and not falls:
        return int(start[at] / width + 0.5) if inside and unsure[at] else None
    if rises:
        ends = np.flatnonzero(after[at:-1] < high[at + 1 :])
        end = at + 1 + int(ends[0]) if ends.size else at
        open_ = bool(ends.size) and after[end - 1] >= low[end]
    else:
        ends = np.flatnonzero(after[: at + (not inside)] >= low[: at + (not inside)])
        end = int(ends[-1]) if ends.size else at
        open_ = bool(ends.size) and after[end] < high[end]
    return int(start[end] / width + 0.5) if open_ and unsure[end] else None


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
                return self._within_bin(place, level / self.width - whole)
        return float(self.number[split]), float(self.total[split])

    def _within_bin(self, place: int, fraction: float) -> tuple[float, float]:
        number = (1 - fraction) * self.number[place] + fraction * self.number[place + 1]
        total = (1 - fraction) * self.total[place] + fraction * self.total[place + 1]
        return float(number), float(total)


_SCOPE = replace(thresholding(_criterion, doubtful), memory=18)


@op(version=2, scope=_SCOPE, dtype="bool", doc=DOC)
def li(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark with the least cross entropy between image and mask.

    From the mean on, the threshold is moved to
    :math:`t \leftarrow (\mu_0 - \mu_1) / (\ln\mu_0 - \ln\mu_1)`, with the means of the values up
    to and above it, counted from the smallest value, until it stays [1]_ [2]_: to within half of
    the smallest difference between values, for integers half a step. For floats the means come
    from 65,536 bins and their sums, and from the values themselves where they are few in the bin
    it may end in: otherwise it is good to about a millionth of the range.

    %(page)s

    See Also
    --------
    skimage.filters.threshold_li : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Li, C. H., Lee, C. K., "Minimum cross entropy thresholding", Pattern Recognition 26(4),
       617-625, 1993. :doi:`10.1016/0031-3203(93)90115-D`
    .. [2] Li, C. H., Tam, P. K. S., "An iterative algorithm for minimum cross entropy
       thresholding", Pattern Recognition Letters 19(8), 771-776, 1998.
       :doi:`10.1016/S0167-8655(98)00057-9`

    %(examples)s
    >>> gt.threshold.li(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
