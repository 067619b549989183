"""Otsu's threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import Histogram, thresholding


def _otsu(histogram: Histogram) -> Any:
    counts = histogram.counts.astype(np.float64)
    values = histogram.centers
    if values.dtype.kind in "iu":  # differences are exact where the values may not be in floats
        values = values - values[0]
    values = values.astype(np.float64)
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    mean_below = np.cumsum(counts * values) / below
    mean_above = (np.cumsum((counts * values)[::-1]) / above[::-1])[::-1]
    between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return histogram.centers[np.argmax(between)]


_SCOPE = thresholding(_otsu)


@op(version=1, scope=_SCOPE, dtype="bool")
def otsu(image: Image) -> Mask:
    r"""Separate bright from dark where the two classes are furthest apart.

    The threshold :math:`t` maximises the variance between the classes,
    :math:`w_0(t)\, w_1(t)\, (\mu_0(t) - \mu_1(t))^2`, with the weights :math:`w` and means
    :math:`\mu` of the values up to and above :math:`t` [1]_; of equals the lowest is taken.
    Floats are counted in 256 bins between the smallest and the largest value, integers value
    by value (in 256 bins where they span more than a million).

    NaN and infinite values are left out of the count, and NaN is never in the mask. The mask of
    a constant image is empty: nothing in it stands out.

    Parameters
    ----------
    image : Image
        Any dims; one threshold for all of it.

    Returns
    -------
    Mask
        True where the image is above the threshold.

    Raises
    ------
    ImageError
        If the values are complex, or none is finite.

    See Also
    --------
    skimage.filters.threshold_otsu : the same threshold.

    References
    ----------
    .. [1] Otsu, N., "A threshold selection method from gray-level histograms", IEEE Trans. Syst.
       Man Cybern. 9(1), 62-66, 1979. :doi:`10.1109/TSMC.1979.4310076`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.otsu(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    mask: Mask = _SCOPE.whole(image)
    return mask
