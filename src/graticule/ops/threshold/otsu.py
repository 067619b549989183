"""Otsu's threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
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


_SCOPE = thresholding(_criterion)


@op(version=2, scope=_SCOPE, dtype="bool", doc=DOC)
def otsu(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes are furthest apart.

    The threshold :math:`t` maximises the variance between the classes,
    :math:`w_0(t)\, w_1(t)\, (\mu_0(t) - \mu_1(t))^2`, with the weights :math:`w` and means
    :math:`\mu` of the values up to and above :math:`t` [1]_; of equals the lowest is taken.
    %(binned)s

    See Also
    --------
    skimage.filters.threshold_otsu : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Otsu, N., "A threshold selection method from gray-level histograms", IEEE Trans. Syst.
       Man Cybern. 9(1), 62-66, 1979. :doi:`10.1109/TSMC.1979.4310076`

    %(examples)s
    >>> gt.threshold.otsu(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
