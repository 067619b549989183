"""Halfway between two modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the value halfway between the modes."""
    if np.count_nonzero(histogram.counts) == 2:
        return histogram.centers[0]
    first, second, _ = histogram.two_modes()
    return histogram.centers[(first + second) // 2]


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def intermodes(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark halfway between two modes.

    The histogram is smoothed by means of three until it has two maxima; the threshold lies in the
    middle between them [1]_. Of two values, the lower is the threshold.
    %(binned)s
    ImageError
        If 10,000 rounds of smoothing leave no two maxima.

    See Also
    --------
    graticule.threshold.minimum : the lowest place between the same modes.
    %(see_values)s

    References
    ----------
    .. [1] Prewitt, J. M. S., Mendelsohn, M. L., "The analysis of cell images", Annals of the New
       York Academy of Sciences 128(3), 1035-1053, 1966. :doi:`10.1111/j.1749-6632.1965.tb11715.x`

    %(examples)s
    >>> image = np.array([0, 2, 3, 3, 3, 4, 9, 10, 10, 10, 11, 13])
    >>> gt.threshold.intermodes(image).sum()
    np.int64(6)
    """
    return _SCOPE.mask(image, mask, keep)
