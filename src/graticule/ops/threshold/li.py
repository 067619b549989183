"""Li's minimum cross entropy threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import Keep, thresholding
from graticule.ops.threshold._means import li as _method

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def li(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark with the least cross entropy between image and mask.

    From the mean on, the threshold is moved to
    :math:`t \leftarrow (\mu_0 - \mu_1) / (\ln\mu_0 - \ln\mu_1)`, with the means of the values up
    to and above it, counted from the smallest value, until it stays [1]_ [2]_: to within half of
    the smallest difference between values, for integers half a step. For floats the means come
    from 65,536 bins and their sums: exact where no two values share a bin, and otherwise good to
    about a millionth of the range.

    NaN, infinite values and what is outside ``mask`` are left out of the histogram; NaN and what
    is outside are never in the result. The value of a constant image is its threshold: nothing
    in it is bright.

    Parameters
    ----------
    image : Image
        Any dims; one threshold for all of it.
    mask : Mask, optional
        Where to look; everywhere by default.
    keep : {"bright", "dark"}
        What is above the threshold, or what is up to it.

    Returns
    -------
    Mask
        True where the image is above the threshold; with ``keep="dark"`` where it is not.

    Raises
    ------
    ImageError
        If the values are complex, or none is finite.

    See Also
    --------
    skimage.filters.threshold_li : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Li, C. H., Lee, C. K., "Minimum cross entropy thresholding", Pattern Recognition 26(4),
       617-625, 1993. :doi:`10.1016/0031-3203(93)90115-D`
    .. [2] Li, C. H., Tam, P. K. S., "An iterative algorithm for minimum cross entropy
       thresholding", Pattern Recognition Letters 19(8), 771-776, 1998.
       :doi:`10.1016/S0167-8655(98)00057-9`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.li(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
