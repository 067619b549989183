"""The maximum entropy threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, class_sums, thresholding


def _criterion(histogram: Histogram) -> Any:
    """Return the value that maximises the sum of the entropies of the classes."""
    probability = histogram.probabilities
    below, above = class_sums(probability)
    entropies = np.where(
        probability > 0, -probability * np.log(np.where(probability > 0, probability, 1)), 0
    )
    inner, outer = class_sums(entropies)
    entropy = inner / below + np.log(below) + outer / above + np.log(above)
    return histogram.argmax(entropy)


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def max_entropy(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes have the most entropy together.

    The threshold maximises :math:`H_0(t) + H_1(t)`, with the entropies
    :math:`H = -\sum (p_i / P) \ln(p_i / P)` of the values up to and above it [1]_.
    %(binned)s

    See Also
    --------
    graticule.threshold.yen : a like criterion of second order.
    %(see_values)s

    References
    ----------
    .. [1] Kapur, J. N., Sahoo, P. K., Wong, A. K. C., "A new method for gray-level picture
       thresholding using the entropy of the histogram", Computer Vision, Graphics, and Image
       Processing 29(3), 273-285, 1985. :doi:`10.1016/0734-189X(85)90125-2`

    %(examples)s
    >>> gt.threshold.max_entropy(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
