"""The minimum error threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._criteria import kittler_illingworth as _method
from graticule.ops.threshold._histogram import Keep, thresholding

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def kittler_illingworth(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark with the least error for two normal distributions.

    The threshold minimises
    :math:`P_0 \ln(\sigma_0^2 / P_0^2) + P_1 \ln(\sigma_1^2 / P_1^2)`, with the fractions :math:`P`
    and the variances :math:`\sigma^2` of the values up to and above it [1]_; values count as spread
    over their bin, so that a class of one value has a variance too. It finds a small class beside
    a large one, which Otsu's method does not.
    Floats are counted in 256 bins between the smallest and the largest value, integers value by
    value (in 256 bins where they span more than a million).

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
    graticule.threshold.otsu : where both classes are as wide and as large.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Kittler, J., Illingworth, J., "Minimum error thresholding", Pattern Recognition 19(1),
       41-47, 1986. :doi:`10.1016/0031-3203(86)90030-0`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.kittler_illingworth(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
