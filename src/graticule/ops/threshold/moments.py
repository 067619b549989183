"""The moment-preserving threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the value that parts off the fraction which keeps the first three moments."""
    probability = histogram.probabilities
    values = histogram.offsets / histogram.offsets[-1]
    m1, m2, m3 = (float((probability * values**power).sum()) for power in (1, 2, 3))
    variance = m2 - m1 * m1
    c0, c1 = (m1 * m3 - m2 * m2) / variance, (m1 * m2 - m3) / variance
    root = np.sqrt(max(c1 * c1 - 4 * c0, 0.0))
    dark, bright = (-c1 - root) / 2, (-c1 + root) / 2
    wanted = (bright - m1) / (bright - dark)
    apart = np.abs(np.cumsum(probability)[:-1] - wanted)
    return histogram.argmax(-apart)


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def moments(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark so that two values keep the moments of the image.

    There is one image of two values with the first three moments of this one; the threshold parts
    off the fraction that is dark in it, as nearly as the values allow [1]_.
    %(binned)s

    See Also
    --------
    graticule.threshold.otsu : the largest variance between the classes.
    %(see_values)s

    References
    ----------
    .. [1] Tsai, W.-H., "Moment-preserving thresholding: a new approach", Computer Vision, Graphics,
       and Image Processing 29(3), 377-393, 1985. :doi:`10.1016/0734-189X(85)90133-1`

    %(examples)s
    >>> gt.threshold.moments(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
