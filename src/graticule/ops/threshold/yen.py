"""Yen's threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the value that maximises Yen's correlation of the classes.

    The criterion is flat around its maximum, so that the place found depends on rounding: it is
    summed in single precision, as in scikit-image, to give the same value.
    """
    counts = histogram.counts.astype(np.float32)
    probability = counts / counts.sum()
    below = np.cumsum(probability)
    square_below = np.cumsum(probability**2)
    square_above = np.cumsum(probability[::-1] ** 2)[::-1]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        correlation = (square_below[:-1] * square_above[1:]) ** -1
        criterion = np.log(correlation * (below[:-1] * (1.0 - below[:-1])) ** 2)
    return histogram.centers[np.argmax(np.where(np.isnan(criterion), -np.inf, criterion))]


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def yen(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes are most correlated in themselves.

    The threshold maximises
    :math:`-\ln\left(\sum_{i \le t} p_i^2 \sum_{i > t} p_i^2\right) + 2 \ln\left(P (1 - P)\right)`
    with the frequencies :math:`p` and :math:`P = \sum_{i \le t} p_i` [1]_.
    %(binned)s

    See Also
    --------
    skimage.filters.threshold_yen : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Yen, J. C., Chang, F. J., Chang, S., "A new criterion for automatic multilevel
       thresholding", IEEE Trans. Image Process. 4(3), 370-378, 1995. :doi:`10.1109/83.366472`

    %(examples)s
    >>> gt.threshold.yen(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
