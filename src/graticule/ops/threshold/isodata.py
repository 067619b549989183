"""The isodata threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the lowest value that lies midway between the means below and above it."""
    counts, values = histogram.counts.astype(np.float64), histogram.offsets
    number, total = np.cumsum(counts), np.cumsum(counts * values)
    lower = total[:-1] / number[:-1]
    higher = (total[-1] - total[:-1]) / (number[-1] - number[:-1])
    distance = (lower + higher) / 2 - values[:-1]
    return histogram.centers[np.argmax(distance < histogram.width)]


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def isodata(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark midway between the means of the two.

    The threshold is the lowest :math:`t` with :math:`t = (\mu_0(t) + \mu_1(t)) / 2` to within
    a bin, for the means :math:`\mu` of the values up to and above it [1]_.
    %(binned)s

    See Also
    --------
    skimage.filters.threshold_isodata : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Ridler, T. W., Calvard, S., "Picture thresholding using an iterative selection method",
       IEEE Trans. Syst. Man Cybern. 8(8), 630-632, 1978. :doi:`10.1109/TSMC.1978.4310039`

    %(examples)s
    >>> gt.threshold.isodata(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
