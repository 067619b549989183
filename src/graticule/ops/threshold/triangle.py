"""The triangle threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
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


_SCOPE = thresholding(_criterion)


@op(version=2, scope=_SCOPE, dtype="bool", doc=DOC)
def triangle(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate the long tail of a histogram from its peak.

    A line is drawn from the peak of the histogram to the end of its longer tail; the threshold
    is the value whose count lies furthest below the line [1]_. It suits images where one phase
    is most of the picture and has a sharp peak. Floats are counted in 256 bins, integers
    value by value (in 256 bins where they span more than a million).

    %(page)s

    See Also
    --------
    skimage.filters.threshold_triangle : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Zack, G. W., Rogers, W. E., Latt, S. A., "Automatic measurement of sister chromatid
       exchange frequency", J. Histochem. Cytochem. 25(7), 741-753, 1977.
       :doi:`10.1177/25.7.70454`

    %(examples)s
    >>> gt.threshold.triangle(np.array([0, 0, 0, 0, 0, 1, 1, 5, 7]))
    array([False, False, False, False, False, False, False,  True,  True])
    """
    return _SCOPE.mask(image, mask, keep)
