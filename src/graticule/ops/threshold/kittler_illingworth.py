"""The minimum error threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, class_sums, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the value that minimises the error of two normal distributions."""
    probability = histogram.probabilities
    values = histogram.offsets
    (below, above), (first, last) = class_sums(probability), class_sums(probability * values)
    (square, squares) = class_sums(probability * values**2)
    variance_in_bin = histogram.width**2 / 12  # of values within a bin
    low = np.maximum(square / below - (first / below) ** 2, 0) + variance_in_bin
    high = np.maximum(squares / above - (last / above) ** 2, 0) + variance_in_bin
    error = below * np.log(low / below**2) + above * np.log(high / above**2)
    return histogram.argmax(-error)


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def kittler_illingworth(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark with the least error for two normal distributions.

    The threshold minimises
    :math:`P_0 \ln(\sigma_0^2 / P_0^2) + P_1 \ln(\sigma_1^2 / P_1^2)`, with the fractions :math:`P`
    and the variances :math:`\sigma^2` of the values up to and above it [1]_; values count as spread
    over their bin, so that a class of one value has a variance too. It finds a small class beside
    a large one, which Otsu's method does not.
    %(binned)s

    See Also
    --------
    graticule.threshold.otsu : where both classes are as wide and as large.
    %(see_values)s

    References
    ----------
    .. [1] Kittler, J., Illingworth, J., "Minimum error thresholding", Pattern Recognition 19(1),
       41-47, 1986. :doi:`10.1016/0031-3203(86)90030-0`

    %(examples)s
    >>> gt.threshold.kittler_illingworth(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
