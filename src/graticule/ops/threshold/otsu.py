"""Otsu's threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._criteria import otsu as _method
from graticule.ops.threshold._histogram import Keep, thresholding

_SCOPE = thresholding(_method)


@op(version=2, scope=_SCOPE, dtype="bool")
def otsu(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes are furthest apart.

    The threshold :math:`t` maximises the variance between the classes,
    :math:`w_0(t)\, w_1(t)\, (\mu_0(t) - \mu_1(t))^2`, with the weights :math:`w` and means
    :math:`\mu` of the values up to and above :math:`t` [1]_; of equals the lowest is taken.
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
    skimage.filters.threshold_otsu : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

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
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
